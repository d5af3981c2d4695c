import assert from "node:assert/strict";
import { Deadlines } from "../../src/deadlines.ts";
import { ManualClock } from "../support/manual_clock.ts";

const SWEEP_MS = 250;

function fixture(): { clock: ManualClock; deadlines: Deadlines } {
  const clock = new ManualClock();
  return { clock, deadlines: new Deadlines(clock) };
}

Deno.test("Deadline is never early, and at most two sweeps late", () => {
  for (const ms of [1, 249, 250, 251, 1000, 10_000]) {
    const { clock, deadlines } = fixture();
    let expired = -1;
    const deadline = deadlines.add(() => expired = clock.now());
    deadline.arm(ms);
    while (expired < 0) clock.advance(SWEEP_MS);
    // It may have been armed at any time in the sweep before the first one.
    assert.ok(expired - SWEEP_MS >= ms, `${ms} ms: ${expired}`);
    assert.ok(expired <= ms + 2 * SWEEP_MS, `${ms} ms: ${expired}`);
  }
});

Deno.test("Deadline expires once", () => {
  const { clock, deadlines } = fixture();
  let count = 0;
  const deadline = deadlines.add(() => count++);
  deadline.arm(100);
  clock.advance(1000);
  clock.advance(1000);
  assert.equal(count, 1);
});

Deno.test("Deadline.arm() again puts it off, and disarm() forgets it", () => {
  const { clock, deadlines } = fixture();
  let count = 0;
  const deadline = deadlines.add(() => count++);
  deadline.arm(1000);
  for (let sweep = 0; sweep < 10; sweep++) {
    clock.advance(SWEEP_MS);
    deadline.arm(1000);
  }
  assert.equal(count, 0, "what moves on is not stopped");
  deadline.disarm();
  clock.advance(100_000);
  assert.equal(count, 0);
  deadline.arm(1000);
  clock.advance(1000 + SWEEP_MS);
  assert.equal(count, 1);
});

Deno.test("Deadline is not armed when it is made", () => {
  const { clock, deadlines } = fixture();
  deadlines.add(() => assert.fail("it expired"));
  clock.advance(100_000);
});

Deno.test("Deadline may be armed, removed or joined by another while it expires", () => {
  const { clock, deadlines } = fixture();
  const expired: string[] = [];
  const again = deadlines.add(() => {
    expired.push("again");
    if (expired.length < 3) again.arm(SWEEP_MS);
  });
  const removed = deadlines.add(() => assert.fail("it was removed"));
  const remover = deadlines.add(() => {
    expired.push("remover");
    deadlines.remove(removed);
    deadlines.remove(remover);
    deadlines.add(() => assert.fail("it was never armed"));
  });
  again.arm(0);
  remover.arm(0);
  clock.advance(SWEEP_MS);
  assert.deepEqual(expired, ["again", "remover"]);
  removed.arm(0);
  clock.advance(2 * SWEEP_MS);
  assert.deepEqual(expired, ["again", "remover", "again"]);
});

Deno.test("Deadlines runs one timer while it has deadlines, and none without", () => {
  const { clock, deadlines } = fixture();
  assert.equal(clock.running, 0);
  const first = deadlines.add(() => {});
  const second = deadlines.add(() => {});
  assert.equal(clock.running, 1);
  deadlines.remove(first);
  deadlines.remove(first);
  assert.equal(clock.running, 1);
  deadlines.remove(second);
  assert.equal(clock.running, 0);
  deadlines.add(() => {});
  assert.equal(clock.running, 1);
});

Deno.test("Deadlines takes the time anew when it was without deadlines", () => {
  const { clock, deadlines } = fixture();
  clock.advance(100_000);
  let expired = false;
  const deadline = deadlines.add(() => expired = true);
  assert.equal(deadlines.now, 100_000);
  deadline.arm(1000);
  clock.advance(SWEEP_MS);
  assert.equal(expired, false);
});

Deno.test("Deadlines runs by the system's clock unless given another", async () => {
  const deadlines = new Deadlines();
  const { promise, resolve } = Promise.withResolvers<void>();
  const before = performance.now();
  const deadline = deadlines.add(resolve);
  deadline.arm(10);
  await promise;
  deadlines.remove(deadline);
  assert.ok(performance.now() - before >= 10);
});
