import assert from "node:assert/strict";
import {
  ConnectionCounts,
  HandshakeCounts,
} from "../../../src/observations/connection_counts.ts";
import { Journal } from "../../../src/observations/journal.ts";
import { Tally } from "../../../src/tally.ts";

const REFUSED = {
  code: "LEAF_EXPIRED",
  detail: "expired",
  address: "192.0.2.1",
} as const;

function fixture() {
  const clock = { now: 1000 };
  const tally = new Tally();
  return { clock, tally, journal: new Journal(tally, () => clock.now) };
}

Deno.test("Journal keeps reloads with their time, the newest first, and counts them", () => {
  const { journal, tally, clock } = fixture();
  journal.reloaded({ what: "a", outcome: "ok", detail: "b" });
  clock.now = 2000;
  journal.reloaded({ what: "c", outcome: "PEM_INVALID", detail: "d" });
  assert.deepEqual(journal.reloads, [
    { at: 2000, what: "c", outcome: "PEM_INVALID", detail: "d" },
    { at: 1000, what: "a", outcome: "ok", detail: "b" },
  ]);
  assert.equal(tally.get("reloads", "ok"), 1);
  assert.equal(tally.get("reloads", "PEM_INVALID"), 1);
});

Deno.test("Journal.loadedAt is when a load last succeeded, the first one included", () => {
  const { journal, clock } = fixture();
  assert.equal(journal.loadedAt, 1000);
  clock.now = 2000;
  journal.reloaded({ what: "a", outcome: "PEM_INVALID", detail: "" });
  assert.equal(journal.loadedAt, 1000);
  journal.reloaded({ what: "a", outcome: "ok", detail: "" });
  assert.equal(journal.loadedAt, 2000);
});

Deno.test("Journal keeps the last twenty refusals, and counts all", () => {
  const { journal } = fixture();
  for (let i = 0; i < 25; i++) journal.refuse({ ...REFUSED, detail: `${i}` });
  assert.equal(journal.refused, 25);
  assert.equal(journal.refusals.length, 20);
  assert.equal(journal.refusals[0]?.detail, "24");
  assert.equal(journal.refusals.at(-1)?.detail, "5");
});

Deno.test("Journal keeps a copy of a certificate, and none that is too large", () => {
  const { journal } = fixture();
  const leaf = new Uint8Array([1, 2, 3]);
  journal.refuse({ ...REFUSED, leaf });
  // What it came in is used again.
  leaf.fill(0);
  journal.refuse({ ...REFUSED, leaf: new Uint8Array(16 * 1024 + 1) });
  const [large, small] = journal.refusals;
  assert.deepEqual(small?.leaf, new Uint8Array([1, 2, 3]));
  assert.equal(large?.leaf, undefined);
});

Deno.test("ConnectionCounts tell what is open, and what was", () => {
  const counts = new ConnectionCounts();
  counts.opened("h2");
  counts.opened("h2");
  counts.opened("tunnel");
  counts.closed("h2");
  assert.deepEqual(counts.open, { "http/1.1": 0, "h2": 1, "tunnel": 1 });
  assert.deepEqual(counts.total, { "http/1.1": 0, "h2": 2, "tunnel": 1 });
});

Deno.test("HandshakeCounts keep the time of those that were completed, in seconds", () => {
  let now = 0;
  const counts = new HandshakeCounts(() => now);
  const begun = counts.begin();
  now = 250;
  counts.complete(begun, true);
  counts.complete(begun, false);
  counts.fail();
  assert.deepEqual(
    [counts.completed, counts.resumed, counts.failed, counts.duration.sum],
    [2, 1, 1, 0.5],
  );
});
