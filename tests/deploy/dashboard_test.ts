import assert from "node:assert/strict";
import dashboard from "../../deploy/grafana/dashboard.json" with {
  type: "json",
};
import { exposed, problemsOf } from "./promql.ts";

const { panels, templating } = dashboard;

/** A panel's expression, with a time in place of Grafana's own variable. */
function expressions(panel: (typeof panels)[number]): string[] {
  return panel.targets.map(({ expr }) =>
    expr.replaceAll("$__rate_interval", "1m")
  );
}

Deno.test("dashboard.json asks only for metrics, labels and values that a sidecar exposes", async () => {
  const families = await exposed();
  assert.ok(panels.length > 10);
  for (const panel of panels) {
    for (const expression of expressions(panel)) {
      assert.deepEqual(problemsOf(expression, families), [], panel.title);
    }
  }
});

Deno.test("dashboard.json shows every family that a sidecar exposes under its own prefix", async () => {
  const text = JSON.stringify(dashboard);
  const left = [...(await exposed()).keys()].filter((name) =>
    name.startsWith("mtls_sidecar_") && !text.includes(name)
  );
  // When a reload went well is told by how the next one goes; the heap is a part
  // of the memory that is shown.
  assert.deepEqual(left.toSorted(), [
    "mtls_sidecar_heap_bytes",
    "mtls_sidecar_reload_last_success_timestamp_seconds",
  ]);
});

Deno.test("dashboard.json works with any data source and any choice of instances", () => {
  assert.deepEqual(templating.list.map(({ name }) => name), [
    "datasource",
    "instance",
  ]);
  for (const panel of panels) {
    assert.equal(panel.datasource.uid, "${datasource}");
    for (const { expr, datasource } of panel.targets) {
      assert.equal(datasource.uid, "${datasource}");
      assert.match(expr, /instance=~"\$instance"/, panel.title);
    }
  }
});

Deno.test("dashboard.json has panels that do not overlap, in a grid of 24 columns", () => {
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  const taken = new Map<string, string>();
  for (const { title, gridPos: { x, y, w, h } } of panels) {
    assert.ok(x + w <= 24, title);
    for (let row = y; row < y + h; row++) {
      for (let column = x; column < x + w; column++) {
        const place = `${row} ${column}`;
        assert.equal(taken.get(place), undefined, title);
        taken.set(place, title);
      }
    }
  }
});
