import assert from "node:assert/strict";
import { Confirmation } from "../../../src/material/confirmation.ts";
import { FakeClock } from "./fake_clock.ts";

function bench() {
  const clock = new FakeClock();
  const ripe: number[] = [];
  const confirmation = new Confirmation({
    clock,
    afterMs: 100,
    onRipe: () => ripe.push(clock.now()),
  });
  return { clock, ripe, confirmation };
}

Deno.test("Confirmation.confirms() files that are the same after the time, and calls for that look", () => {
  const { clock, ripe, confirmation } = bench();
  assert.equal(confirmation.confirms({ a: "1" }), false);
  clock.advance(99);
  assert.equal(confirmation.confirms({ a: "1" }), false, "too soon");
  assert.deepEqual(ripe, []);
  clock.advance(1);
  assert.deepEqual(ripe, [100]);
  assert.equal(confirmation.confirms({ a: "1" }), true);
});

Deno.test("Confirmation.confirms() begins anew with other files, and with those that were there before", () => {
  const { clock, ripe, confirmation } = bench();
  confirmation.confirms({ a: "1" });
  clock.advance(50);
  assert.equal(confirmation.confirms({ a: "1", b: "1" }), false);
  clock.advance(99);
  assert.equal(confirmation.confirms({ a: "1" }), false);
  clock.advance(99);
  assert.deepEqual(ripe, []);
  clock.advance(1);
  assert.equal(confirmation.confirms({ a: "1" }), true);
});

Deno.test("Confirmation.forget() ends the wait and leaves no timer", () => {
  const { clock, ripe, confirmation } = bench();
  confirmation.confirms({ a: "1" });
  confirmation.forget();
  assert.deepEqual(clock.pending, []);
  clock.advance(1000);
  assert.equal(confirmation.confirms({ a: "1" }), false);
  confirmation.forget();
  assert.deepEqual(ripe, []);
});
