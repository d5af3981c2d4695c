import assert from "node:assert/strict";
import { systemClock, wait } from "../../../src/material/clock.ts";
import { Debounce } from "../../../src/material/debounce.ts";
import { FakeClock } from "./fake_clock.ts";
import { settled } from "./scripted_source.ts";

Deno.test("systemClock runs what is due, and not what was cancelled", async () => {
  const before = Date.now();
  const ran: string[] = [];
  const cancel = systemClock.after(0, () => ran.push("cancelled"));
  cancel();
  await new Promise<void>((resolve) => systemClock.after(1, resolve));
  assert.deepEqual(ran, []);
  assert.ok(systemClock.now() >= before);
});

Deno.test("wait() resolves when the time has come, and not before", async () => {
  const clock = new FakeClock();
  const { signal } = new AbortController();
  let done = false;
  wait(100, { clock, signal }).then(() => done = true);
  clock.advance(99);
  await settled();
  assert.equal(done, false);
  clock.advance(1);
  await settled();
  assert.equal(done, true);
});

Deno.test("wait() resolves at an abort and leaves no timer, also at one long past", async () => {
  const clock = new FakeClock();
  const controller = new AbortController();
  const { signal } = controller;
  const waiting = wait(100, { clock, signal });
  controller.abort();
  await waiting;
  await wait(100, { clock, signal });
  assert.deepEqual(clock.pending, []);
});

function touches(): { clock: FakeClock; debounce: Debounce; runs: number[] } {
  const clock = new FakeClock();
  const runs: number[] = [];
  const debounce = new Debounce(() => runs.push(clock.now()), {
    clock,
    quietMs: 150,
    maxMs: 2000,
  });
  return { clock, debounce, runs };
}

Deno.test("Debounce runs once, a quiet while after the last touch", () => {
  const { clock, debounce, runs } = touches();
  debounce.touch();
  clock.advance(100);
  debounce.touch();
  clock.advance(149);
  assert.deepEqual(runs, []);
  clock.advance(1);
  assert.deepEqual(runs, [250]);
  assert.deepEqual(clock.pending, []);
});

Deno.test("Debounce is not put off beyond its maximum, and begins anew after it", () => {
  const { clock, debounce, runs } = touches();
  for (let at = 0; at < 3000; at += 100) {
    debounce.touch();
    clock.advance(100);
  }
  assert.deepEqual(runs, [2000]);
  clock.advance(1000);
  assert.deepEqual(runs, [2000, 3050]);
});

Deno.test("Debounce.cancel() forgets the touches so far and no others", () => {
  const { clock, debounce, runs } = touches();
  debounce.touch();
  debounce.cancel();
  assert.deepEqual(clock.pending, []);
  debounce.touch();
  clock.advance(150);
  assert.deepEqual(runs, [150]);
});
