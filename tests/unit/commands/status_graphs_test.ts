import assert from "node:assert/strict";
import fc from "fast-check";
import { meter, sparkline } from "../../../src/commands/status_graphs.ts";

Deno.test("sparkline() has a bar for each two values, the higher of them", () => {
  assert.equal(sparkline([0, 7, 0, 0, 1, 2], 6), "█▁▃");
});

Deno.test("sparkline() puts few values at the right end, and leaves gaps", () => {
  assert.equal(sparkline([4, 8], 6), "  █");
  assert.equal(sparkline([null, null, 8, null], 4), " █");
  assert.equal(sparkline([], 4), "  ");
});

Deno.test("sparkline() lets the least of something stand out from nothing", () => {
  assert.equal(sparkline([0, 0, 0.001, 0, 1_000, 0], 6), "▁▂█");
  assert.equal(sparkline([0, 0], 2), "▁");
});

Deno.test("sparkline() is as wide as half its slots, whatever the values", () => {
  const value = fc.option(fc.double({ min: 0, noNaN: true }));
  fc.assert(fc.property(fc.array(value, { maxLength: 60 }), (values) => {
    assert.match(sparkline(values, 60), /^[ ▁▂▃▄▅▆▇█]{30}$/);
  }));
});

Deno.test("meter() shows a sliver of what is left, and of what is gone", () => {
  const shown = (share: number) => {
    const { full, empty } = meter(share, 10);
    assert.equal(full.length + empty.length, 10);
    return full.length;
  };
  assert.deepEqual([-1, 0, 0.001, 0.5, 0.999, 1, 2].map(shown), [
    ...[0, 0, 1, 5, 9, 10, 10],
  ]);
});
