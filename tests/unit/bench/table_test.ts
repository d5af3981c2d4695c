import assert from "node:assert/strict";
import { SIDECAR } from "../../../bench/contenders/sidecar.ts";
import { chart } from "../../../bench/report/chart.ts";
import {
  digestLines,
  digestTable,
  scenarioTable,
} from "../../../bench/report/table.ts";
import { outcome } from "./outcome.ts";

Deno.test("scenarioTable() shows medians with their spread, and the median of the rounds' ratios", () => {
  assert.equal(
    scenarioTable(outcome()),
    `
|              | CPU, µs          | to nginx | requests/s          |
| ------------ | ---------------- | -------- | ------------------- |
| mtls-sidecar | 33.0 (30.0–66.0) | 1.10     | 30303 (15152–33333) |
| nginx        | 30.0 (20.0–60.0) | 1.00     | 33333 (16667–50000) |
| a<b&c        | 40.0 (40.0–40.0) | 1.33     | 25000 (25000–25000) |
`.trim(),
  );
});

Deno.test("digestTable() has a line for each figure that stands for its scenario", () => {
  assert.equal(
    digestTable(digestLines([outcome()])),
    `
| median | mtls-sidecar | to nginx | nginx | a<b&c |
| ------ | ------------ | -------- | ----- | ----- |
| CPU    | 33.0         | 1.10     | 30.0  | 40.0  |
`.trim(),
  );
});

Deno.test("digestLines() says nothing of a scenario that was not run, and no ratio without nginx", () => {
  assert.deepEqual(digestLines([outcome([])]), []);
  const alone = outcome().rows.filter(({ contender }) => contender === SIDECAR);
  assert.deepEqual(
    digestLines([outcome(alone)]).map(({ ratio }) => ratio),
    [""],
  );
});

Deno.test("chart() gives each contender a bar to scale, this program's in a colour of its own", () => {
  const svg = chart(digestLines([outcome()]), SIDECAR);
  const bars = [...svg.matchAll(/<rect class="(\w+)" .*? width="(\d+)"/g)]
    .map(([, kind, width]) => [kind, Number(width)]);
  assert.deepEqual(bars, [["own", 413], ["other", 375], ["other", 500]]);
  assert.match(svg, />a&lt;b&amp;c<\/text>/);
  assert.match(svg, /prefers-color-scheme: dark/);
});

Deno.test("scenarioTable() shows ratios to the reference that the scenario names", () => {
  const { scenario, rows, remarks } = outcome();
  const table = scenarioTable({
    scenario: { ...scenario, reference: "a<b&c" },
    rows,
    remarks,
  });
  assert.match(table, /^\| +\| CPU, µs +\| to a<b&c \|/);
  assert.match(table, /^\| a<b&c .* \| 1\.00 +\|/m);
  assert.match(table, /^\| mtls-sidecar .* \| 0\.82 +\|/m);
});
