import assert from "node:assert/strict";
import fc from "fast-check";
import {
  barPlot,
  linePlot,
  type Plot,
  roundTop,
} from "../../../../src/monitor/page/plot.ts";

function plot(series: Plot["series"], slots = 4): Plot {
  const values = series[0]?.values ?? [];
  return {
    id: "p",
    title: "Things a second",
    description: "12 things",
    series,
    top: 10,
    tips: values.map((_, at) => `tip ${at}`),
    slots,
  };
}

/** The data of each path but the grid's. */
function paths(svg: { toString(): string }): string[] {
  const all = [
    ...svg.toString().matchAll(/<path class="([^"]+)" d="([^"]*)"/g),
  ];
  return all.filter(([, name]) => name !== "grid").map(([, , d]) => d ?? "");
}

Deno.test("roundTop() is a round number that holds the value, and at most twice it", () => {
  assert.deepEqual([0, -1, NaN, 1, 1.2, 37, 81, 2_700].map(roundTop), [
    ...[1, 1, 1, 1, 1.5, 40, 100, 3_000],
  ]);
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 1e9, noNaN: true }), (value) => {
      const top = roundTop(value);
      assert.ok(top >= value && top <= 2 * value, `${value} ${top}`);
    }),
  );
});

Deno.test("barPlot() stacks its series, and draws nothing for nothing", () => {
  const [low, high] = paths(barPlot(plot([
    { className: "a", values: [5, 0, null, 10] },
    { className: "b", values: [5, 10, null, 0] },
  ])));
  assert.equal(low, "M1 100V50h8V100zM31 100V0h8V100z");
  assert.equal(high, "M1 50V0h8V50zM11 100V0h8V100z");
});

Deno.test("barPlot() puts few values at the right end, where now is", () => {
  const [bars] = paths(barPlot(plot([{ className: "a", values: [10] }])));
  assert.equal(bars, "M31 100V0h8V100z");
});

Deno.test("linePlot() breaks its line where there is no value", () => {
  const [line] = paths(
    linePlot(plot([{ className: "a", values: [10, 5, null, 0] }])),
  );
  assert.equal(line, "M5 0h.01L15 50h.01M35 100h.01");
});

Deno.test("a plot draws nothing beyond its edges, whatever the values", () => {
  const value = fc.option(fc.double({ min: 0, max: 1e12, noNaN: true }));
  fc.assert(fc.property(fc.array(value, { maxLength: 4 }), (values) => {
    for (const draw of [barPlot, linePlot]) {
      const [d = ""] = paths(draw(plot([{ className: "a", values }])));
      assert.doesNotMatch(d, /NaN|Infinity|e[+-]/);
      for (const [, y] of d.matchAll(/[ V](-?[\d.]+)/g)) {
        assert.ok(Number(y) >= 0 && Number(y) <= 100, d);
      }
    }
  }));
});

Deno.test("a plot has a name, a description, and a tip for each value", () => {
  const svg = barPlot({
    ...plot([{ className: "a", values: [1, 2] }]),
    description: `<script>"&`,
  }).toString();
  assert.match(svg, /role="img" aria-labelledby="p-title p-desc"/);
  assert.match(svg, /<title id="p-title">Things a second<\/title>/);
  assert.match(svg, /<desc id="p-desc">&lt;script&gt;&quot;&amp;<\/desc>/);
  assert.equal(svg.match(/<rect class="slot"/g)?.length, 2);
  assert.match(svg, /<title>tip 1<\/title>/);
});
