import assert from "node:assert/strict";
import { parse } from "yaml";
import { exposed, problemsOf } from "./promql.ts";

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const FILE = new URL("../../deploy/prometheus/alerts.yaml", import.meta.url);
// Strict: a key given twice is an error, as it is for Prometheus.
const file: { groups: { name: string; rules: Rule[] }[] } = parse(
  await Deno.readTextFile(FILE),
  { strict: true, uniqueKeys: true },
);
const rules = file.groups.flatMap((group) => group.rules);

function rule(name: string): Rule {
  const found = rules.find(({ alert }) => alert === name);
  assert.ok(found, name);
  return found;
}

Deno.test("problemsOf() finds what is wrong with an expression", async () => {
  const families = await exposed();
  const found = (expression: string) => problemsOf(expression, families);
  assert.deepEqual(found("mtls_sidecar_disk_differs == 1"), []);
  assert.deepEqual(found("mtls_sidecar_disk_differ"), [
    "no metric mtls_sidecar_disk_differ",
    "no metric at all",
  ]);
  assert.deepEqual(found("mtls_sidecar_disk_differs_bucket").length, 2);
  assert.ok(found("sum(mtls_sidecar_disk_differs").length > 0);
  assert.deepEqual(
    found("sum by (cause) (mtls_sidecar_upstream_errors_total)"),
    ["no label cause"],
  );
  assert.deepEqual(
    found('mtls_sidecar_upstream_errors_total{code="UPSTREAM_DOWN"}'),
    ["no code UPSTREAM_DOWN"],
  );
});

Deno.test("alerts.yaml asks only for metrics, labels and values that a sidecar exposes", async () => {
  const families = await exposed();
  assert.ok(rules.length >= 6);
  for (const { alert, expr } of rules) {
    assert.deepEqual(problemsOf(expr, families), [], alert);
  }
});

Deno.test("alerts.yaml has rules as Prometheus reads them, each with words for whoever is woken", () => {
  const keys = ["alert", "annotations", "expr", "for", "labels"];
  assert.deepEqual(Object.keys(file), ["groups"]);
  assert.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length);
  for (const rule of rules) {
    const { alert, labels, annotations } = rule;
    assert.deepEqual(
      Object.keys(rule).filter((key) => !keys.includes(key)),
      [],
    );
    assert.match(alert, /^MtlsSidecar[A-Za-z]+$/);
    assert.match(rule.for ?? "1m", /^\d+[smh]$/, alert);
    assert.match(labels["severity"] ?? "", /^(warning|critical)$/, alert);
    assert.match(annotations["summary"] ?? "", /\$labels\.instance/, alert);
    assert.ok(annotations["description"], alert);
  }
});

Deno.test("alerts.yaml tells of all that an operator should not find out from users", () => {
  const bounds = ["Soon", "Now"].map((when) =>
    rule(`MtlsSidecarCertificateEnds${when}`).expr
  );
  assert.match(bounds[0]!, /< 3 \* 86400$/);
  assert.match(bounds[1]!, /< 12 \* 3600$/);
  assert.equal(rule("MtlsSidecarDiskDiffers").for, "10m");
  rule("MtlsSidecarReloadFailing");
  rule("MtlsSidecarHandshakesRefused");
  rule("MtlsSidecarClientsDenied");
  rule("MtlsSidecarApplicationDown");
});
