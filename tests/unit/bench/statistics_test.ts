import assert from "node:assert/strict";
import { median, pairedRatio, quantile } from "../../../bench/statistics.ts";

Deno.test("median() is the middle value, or the mean of the two in the middle", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.throws(() => median([]), RangeError);
});

Deno.test("quantile() goes from the least value to the greatest", () => {
  const values = [50, 10, 30, 20, 40];
  assert.deepEqual([0, 0.25, 0.625, 1].map((at) => quantile(values, at)), [
    10,
    20,
    35,
    50,
  ]);
});

Deno.test("pairedRatio() is not moved by a round in which everything was slow", () => {
  assert.equal(pairedRatio([2, 20, 2], [1, 10, 1]), 2);
  assert.equal(pairedRatio([2, 2, 2], [1, 10, 1]), 2);
});
