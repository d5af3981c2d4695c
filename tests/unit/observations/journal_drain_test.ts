import assert from "node:assert/strict";
import { Journal } from "../../../src/observations/journal.ts";
import { Tally } from "../../../src/tally.ts";

/** A journal, and how clients are refused at a time, which is their detail too. */
function fixture() {
  let now = 0;
  const journal = new Journal(new Tally(), () => now);
  return {
    journal,
    refuseAt(...times: readonly number[]): void {
      for (now of times) {
        journal.refuse({
          code: "LEAF_EXPIRED",
          detail: `${now}`,
          address: "192.0.2.1",
        });
      }
    },
  };
}

function timesOf({ refusals }: Journal): number[] {
  return refusals.map(({ at }) => at);
}

Deno.test("Journal merges refusals of several by their time, the newest first", () => {
  const [here, one, other] = [fixture(), fixture(), fixture()];
  here.refuseAt(20);
  one.refuseAt(10, 40);
  other.refuseAt(5, 30);
  here.journal.absorbRefusals(one.journal.drainRefusals());
  here.journal.absorbRefusals(other.journal.drainRefusals());
  assert.deepEqual(timesOf(here.journal), [40, 30, 20, 10, 5]);
  assert.equal(here.journal.refused, 5);
});

Deno.test("Journal gives away each refusal once, and goes on to keep new ones", () => {
  const [here, there] = [fixture(), fixture()];
  there.refuseAt(1, 2);
  const drained = there.journal.drainRefusals();
  there.refuseAt(3);
  here.journal.absorbRefusals(drained);
  assert.deepEqual(timesOf(here.journal), [2, 1]);
  assert.deepEqual(timesOf(there.journal), [3]);
  assert.equal(there.journal.refused, 1);
  for (let i = 0; i < 2; i++) {
    here.journal.absorbRefusals(there.journal.drainRefusals());
  }
  assert.deepEqual(timesOf(here.journal), [3, 2, 1]);
  assert.equal(here.journal.refused, 3);
});

Deno.test("Journal keeps the last twenty refusals of all, and counts those that it does not keep", () => {
  const [here, there] = [fixture(), fixture()];
  const even = Array.from({ length: 30 }, (_, i) => 2 * i);
  here.refuseAt(...even);
  there.refuseAt(...even.map((time) => time + 1));
  here.journal.absorbRefusals(there.journal.drainRefusals());
  assert.deepEqual(
    timesOf(here.journal),
    Array.from({ length: 20 }, (_, i) => 59 - i),
  );
  assert.equal(here.journal.refused, 60);
});
