import assert from "node:assert/strict";
import fc from "fast-check";
import {
  DURATION_BOUNDS,
  Histogram,
  quantile,
} from "../../../src/observations/histogram.ts";

Deno.test("Histogram.observe() counts a value in the first bucket whose bound it does not exceed", () => {
  const histogram = new Histogram([1, 2, 5]);
  for (const value of [0, 1, 1.5, 2, 2.01, 5, 5.01, Infinity]) {
    histogram.observe(value);
  }
  assert.deepEqual([...histogram.counts], [2, 2, 2, 2]);
  assert.equal(histogram.sum, Infinity);
});

Deno.test("Histogram.observe() loses no value, whatever it is", () => {
  const values = fc.array(fc.double({ min: 0, noNaN: true }));
  fc.assert(fc.property(values, (values) => {
    const histogram = new Histogram();
    for (const value of values) histogram.observe(value);
    let total = 0;
    for (const count of histogram.counts) total += count;
    assert.equal(total, values.length);
  }));
});

Deno.test("the bounds of durations ascend, from a quarter of a millisecond to a minute", () => {
  const sorted = DURATION_BOUNDS.toSorted((a, b) => a - b);
  assert.deepEqual(DURATION_BOUNDS, sorted);
  assert.deepEqual([DURATION_BOUNDS[0], DURATION_BOUNDS.at(-1)], [0.00025, 60]);
});

Deno.test("quantile() is null without a value", () => {
  assert.equal(quantile(0.5, new Histogram()), null);
});

Deno.test("quantile() lies within the bucket of the value that it stands for", () => {
  const histogram = new Histogram([1, 2, 4]);
  for (let i = 0; i < 10; i++) histogram.observe(0.5);
  for (let i = 0; i < 10; i++) histogram.observe(3);
  assert.equal(quantile(0.25, histogram), 0.5);
  assert.equal(quantile(0.5, histogram), 1);
  assert.equal(quantile(0.75, histogram), 3);
  assert.equal(quantile(1, histogram), 4);
});

Deno.test("quantile() is the greatest bound for values above all of them", () => {
  const histogram = new Histogram([1, 2]);
  histogram.observe(100);
  assert.equal(quantile(0.5, histogram), 2);
});

Deno.test("quantile() never falls as the part that it stands for rises", () => {
  const values = fc.array(fc.double({ min: 0, max: 100, noNaN: true }), {
    minLength: 1,
  });
  fc.assert(fc.property(values, (values) => {
    const histogram = new Histogram();
    for (const value of values) histogram.observe(value);
    let before = 0;
    for (let q = 0; q <= 1; q += 0.05) {
      const now = quantile(q, histogram)!;
      assert.ok(now >= before, `${q}`);
      before = now;
    }
  }));
});
