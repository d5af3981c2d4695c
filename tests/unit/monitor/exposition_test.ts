import assert from "node:assert/strict";
import { expose } from "../../../src/monitor/exposition.ts";
import type { MetricFamily } from "../../../src/monitor/metric_family.ts";
import { Histogram } from "../../../src/observations/histogram.ts";

const histogram = new Histogram([0.5, 1]);
for (const value of [0.1, 0.7, 0.7, 3]) histogram.observe(value);

const FAMILIES: readonly MetricFamily[] = [
  {
    name: "a_total",
    help: "What is a",
    type: "counter",
    samples: [
      { labels: { reason: 'b\\"\n' }, value: 2 },
      { labels: { reason: "c" }, value: 0 },
    ],
  },
  {
    name: "d",
    help: "What is d",
    type: "gauge",
    samples: [{ value: -1.5 }, { labels: { role: "e" }, value: 3 }],
  },
  { name: "f_seconds", help: "What is f", type: "histogram", histogram },
];

Deno.test("expose() writes Prometheus's text format", () => {
  const { contentType, text } = expose(FAMILIES, "text/plain");
  assert.equal(contentType, "text/plain; version=0.0.4; charset=utf-8");
  assert.equal(
    text,
    [
      "# HELP a_total What is a",
      "# TYPE a_total counter",
      'a_total{reason="b\\\\\\"\\n"} 2',
      'a_total{reason="c"} 0',
      "# HELP d What is d",
      "# TYPE d gauge",
      "d -1.5",
      'd{role="e"} 3',
      "# HELP f_seconds What is f",
      "# TYPE f_seconds histogram",
      'f_seconds_bucket{le="0.5"} 1',
      'f_seconds_bucket{le="1.0"} 3',
      'f_seconds_bucket{le="+Inf"} 4',
      "f_seconds_sum 4.5",
      "f_seconds_count 4",
      "",
    ].join("\n"),
  );
});

Deno.test("expose() writes OpenMetrics, whose counters are named without _total, and which ends with EOF", () => {
  const { contentType, text } = expose(
    FAMILIES,
    "application/openmetrics-text",
  );
  assert.equal(
    contentType,
    "application/openmetrics-text; version=1.0.0; charset=utf-8",
  );
  assert.match(text, /^# HELP a What is a\n# TYPE a counter\na_total\{/);
  assert.match(
    text,
    /\n# TYPE f_seconds histogram\nf_seconds_bucket\{le="0.5"/,
  );
  assert.ok(text.endsWith("\nf_seconds_count 4\n# EOF\n"));
  assert.doesNotMatch(text, /\n\n/);
});

Deno.test("expose() writes numbers as both formats have them, and escapes help", () => {
  const family: MetricFamily = {
    name: "g",
    help: 'a\\b "c"\nd',
    type: "gauge",
    samples: [Infinity, -Infinity, NaN, 1e21, 0.1].map((value) => ({ value })),
  };
  const lines = "g +Inf\ng -Inf\ng NaN\ng 1e+21\ng 0.1\n";
  assert.equal(
    expose([family], "text/plain").text,
    `# HELP g a\\\\b "c"\\nd\n# TYPE g gauge\n${lines}`,
  );
  assert.equal(
    expose([family], "application/openmetrics-text").text,
    `# HELP g a\\\\b \\"c\\"\\nd\n# TYPE g gauge\n${lines}# EOF\n`,
  );
});

Deno.test("expose() keeps nothing from one scrape to the next", () => {
  const first = expose(FAMILIES, "text/plain");
  expose(FAMILIES, "application/openmetrics-text");
  assert.deepEqual(expose(FAMILIES, "text/plain"), first);
});
