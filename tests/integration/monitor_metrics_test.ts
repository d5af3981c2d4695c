import assert from "node:assert/strict";
import { Application } from "../support/application.ts";
import { get, ok, post } from "../support/messages.ts";
import { createAuthority } from "../support/pki.ts";
import { Scrape, type ScrapedFamily } from "../support/scrape.ts";
import { client, TestSidecar } from "../support/sidecar.ts";

/** Every name that dashboards and alerts may rest on, with its labels. */
const FAMILIES: readonly [name: string, type: string, labels: string][] = [
  ["mtls_sidecar_requests_total", "COUNTER", "code_class,protocol"],
  ["mtls_sidecar_request_duration_seconds", "HISTOGRAM", ""],
  ["mtls_sidecar_upstream_duration_seconds", "HISTOGRAM", ""],
  ["mtls_sidecar_requests_in_flight", "GAUGE", ""],
  ["mtls_sidecar_connections_open", "GAUGE", "protocol"],
  ["mtls_sidecar_connections_total", "COUNTER", "protocol"],
  ["mtls_sidecar_handshakes_total", "COUNTER", "result"],
  ["mtls_sidecar_handshake_failures_total", "COUNTER", "reason"],
  ["mtls_sidecar_handshake_duration_seconds", "HISTOGRAM", ""],
  ["mtls_sidecar_sessions_resumed_total", "COUNTER", ""],
  ["mtls_sidecar_access_denied_total", "COUNTER", "reason"],
  ["mtls_sidecar_access_would_deny_total", "COUNTER", "reason"],
  ["mtls_sidecar_upstream_errors_total", "COUNTER", "code"],
  ["mtls_sidecar_bytes_total", "COUNTER", "direction"],
  ["mtls_sidecar_reloads_total", "COUNTER", "result"],
  ["mtls_sidecar_reload_last_success_timestamp_seconds", "GAUGE", ""],
  ["mtls_sidecar_disk_differs", "GAUGE", ""],
  ["mtls_sidecar_source_healthy", "GAUGE", ""],
  [
    "mtls_sidecar_certificate_not_after_timestamp_seconds",
    "GAUGE",
    "id,role",
  ],
  ["mtls_sidecar_trust_generation", "GAUGE", ""],
  ["mtls_sidecar_connections_retired_total", "COUNTER", "reason"],
  ["mtls_sidecar_limits_hit_total", "COUNTER", "limit"],
  ["mtls_sidecar_workers", "GAUGE", ""],
  ["mtls_sidecar_workers_wanted", "GAUGE", ""],
  ["mtls_sidecar_workers_silent", "GAUGE", ""],
  ["mtls_sidecar_workers_replaced_total", "COUNTER", ""],
  ["mtls_sidecar_application_ready", "GAUGE", ""],
  ["mtls_sidecar_build_info", "GAUGE", "runtime,version"],
  ["mtls_sidecar_event_loop_delay_seconds", "HISTOGRAM", ""],
  ["mtls_sidecar_heap_bytes", "GAUGE", ""],
  ["process_cpu_seconds_total", "COUNTER", ""],
  ["process_resident_memory_bytes", "GAUGE", ""],
  ["process_start_time_seconds", "GAUGE", ""],
  ["process_open_fds", "GAUGE", ""],
  ["tls_reloads_total", "COUNTER", ""],
  ["mtls_failures_total", "COUNTER", ""],
  ["requests_total", "COUNTER", ""],
];

function labelsOf({ metrics }: ScrapedFamily): string {
  const names = metrics.flatMap(({ labels = {} }) => Object.keys(labels));
  return [...new Set(names)].toSorted().join();
}

async function measured(
  application: Application | undefined,
  settings: Readonly<Record<string, string>> = {},
): Promise<TestSidecar> {
  return await TestSidecar.start({
    monitor: true,
    ...(application && { upstream: application.url }),
    settings: { ENABLE_METRICS: "true", ...settings },
  });
}

Deno.test("/metrics has every family from the start, under its name and type, and no other", async () => {
  await using sidecar = await measured(undefined);
  const { families } = await Scrape.of(sidecar.monitorUrl);
  assert.deepEqual(
    families.map((family) => [family.name, family.type, labelsOf(family)])
      .toSorted(),
    FAMILIES.toSorted(),
  );
});

Deno.test("docs/monitoring.md lists every family, with its type", async () => {
  const text = await Deno.readTextFile(
    new URL("../../docs/monitoring.md", import.meta.url),
  );
  const rows = text.matchAll(/^\| `(\w+)` +\| (counter|gauge|histogram) +\|/gm);
  assert.deepEqual(
    Array.from(rows, ([, name, type]) => [name, type?.toUpperCase()])
      .toSorted(),
    FAMILIES.map(([name, type]) => [name, type]).toSorted(),
  );
});

Deno.test("/metrics follows the naming rules of Prometheus", async () => {
  await using sidecar = await measured(undefined);
  for (const family of (await Scrape.of(sidecar.monitorUrl)).families) {
    const { name, type, help } = family;
    assert.match(name, /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/);
    assert.equal(name.endsWith("_total"), type === "COUNTER", name);
    if (type === "HISTOGRAM") assert.match(name, /_(seconds|bytes)$/);
    // What is measured is said in a base unit, and never scaled.
    assert.doesNotMatch(name, /_(ms|millis\w*|minutes|kb|mb|percent)(_|$)/);
    assert.doesNotMatch(name, /_(count|sum|bucket)$/);
    assert.match(help, /^[A-Z1].*[^.]$/);
    for (const { labels = {} } of family.metrics) {
      for (const [label, value] of Object.entries(labels)) {
        assert.match(label, /^[a-z][a-z0-9_]*$/);
        assert.match(value, /^[\w./ -]+$/, `${name} ${label}`);
      }
    }
  }
});

Deno.test("/metrics counts requests, their octets, and what became of them", async () => {
  const answers = [
    ok("yes"),
    "HTTP/1.1 404 N\r\nContent-Length: 0\r\n\r\n",
    "220 mail.test ESMTP\r\n\r\n",
  ];
  await using application = await Application.start(async (connection) => {
    while (await connection.head() !== undefined) {
      await connection.write(answers.shift()!);
    }
    connection.end();
  });
  await using sidecar = await measured(application);
  const connection = await sidecar.connect();
  for (const request of [get(), get(), get(), "nonsense\r\n\r\n"]) {
    await connection.send(request);
    await connection.response();
  }
  await connection.rest();
  connection.close();
  await sidecar.idle();
  const scrape = await Scrape.of(sidecar.monitorUrl);
  const requests = (code_class: string) =>
    scrape.value("mtls_sidecar_requests_total", {
      protocol: "http/1.1",
      code_class,
    });
  assert.deepEqual(
    ["2xx", "3xx", "4xx", "5xx", "none"].map(requests),
    [1, 0, 2, 1, 0],
  );
  assert.equal(scrape.value("requests_total"), 4);
  assert.equal(
    scrape.value("mtls_sidecar_upstream_errors_total", {
      code: "UPSTREAM_RESPONSE_INVALID",
    }),
    1,
  );
  // What was no request took no time that means anything.
  const [duration] =
    scrape.family("mtls_sidecar_request_duration_seconds").metrics;
  assert.equal(duration?.count, "3");
  assert.ok(Number(duration?.sum) > 0);
  const [upstream] =
    scrape.family("mtls_sidecar_upstream_duration_seconds").metrics;
  assert.equal(upstream?.count, "2");
  const bytes = (direction: string) =>
    scrape.value("mtls_sidecar_bytes_total", { direction });
  assert.deepEqual([bytes("received"), bytes("sent")], [0, 3]);
  const connections = (name: string) =>
    scrape.value(`mtls_sidecar_connections_${name}`, { protocol: "http/1.1" });
  assert.deepEqual([connections("open"), connections("total")], [0, 1]);
  assert.equal(
    scrape.value("mtls_sidecar_handshakes_total", { result: "ok" }),
    1,
  );
});

Deno.test("/metrics tells what is in hand, and octets that came up", async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  await using application = await Application.start(async (connection) => {
    await connection.until("content");
    asked.resolve();
    await answer.promise;
    await connection.write(ok());
  });
  await using sidecar = await measured(application);
  using connection = await sidecar.connect();
  await connection.send(post("content"));
  await asked.promise;
  const before = await Scrape.of(sidecar.monitorUrl);
  assert.equal(before.value("mtls_sidecar_requests_in_flight"), 1);
  assert.equal(
    before.value("mtls_sidecar_connections_open", { protocol: "http/1.1" }),
    1,
  );
  answer.resolve();
  await connection.response();
  await sidecar.entry();
  const after = await Scrape.of(sidecar.monitorUrl);
  assert.equal(after.value("mtls_sidecar_requests_in_flight"), 0);
  assert.equal(
    after.value("mtls_sidecar_bytes_total", { direction: "received" }),
    7,
  );
});

Deno.test("/metrics counts refusals by reason, and says nothing of who it was", async () => {
  const stranger = createAuthority({ commonName: "Elsewhere" })
    .issue({ commonName: "mallory" });
  await using sidecar = await measured(undefined, {
    ALLOW_CN: "somebody-else",
    UNVERIFIED: "401",
  });
  for (const identity of [client, stranger]) {
    const connection = await sidecar.connect({ identity });
    await connection.send(get());
    await connection.rest();
    connection.close();
  }
  await sidecar.idle();
  const response = await fetch(`${sidecar.monitorUrl}/metrics`);
  const text = await response.text();
  assert.doesNotMatch(text, /mallory|test-client|Elsewhere|Test Root|127\.0/);
  const scrape = new Scrape(text);
  assert.equal(
    scrape.value("mtls_sidecar_access_denied_total", {
      reason: "ACCESS_NOT_ALLOWED",
    }),
    1,
  );
  const failures = scrape.family("mtls_sidecar_handshake_failures_total")
    .metrics.filter(({ value }) => value !== "0");
  assert.equal(failures.length, 1);
  assert.equal(scrape.value("mtls_failures_total"), 1);
});

Deno.test("/metrics is OpenMetrics for who asks for that", async () => {
  await using sidecar = await measured(undefined);
  const ask = async (accept: string) => {
    const response = await fetch(`${sidecar.monitorUrl}/metrics`, {
      headers: { accept },
    });
    return {
      type: response.headers.get("content-type"),
      text: await response.text(),
    };
  };
  // As Prometheus asks.
  const open = await ask(
    "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1",
  );
  assert.equal(
    open.type,
    "application/openmetrics-text; version=1.0.0; charset=utf-8",
  );
  assert.match(open.text, /\n# EOF\n$/);
  assert.match(open.text, /^# TYPE mtls_sidecar_requests counter\n/m);
  assert.match(open.text, /^mtls_sidecar_requests_total\{/m);
  assert.match(open.text, /_bucket\{le="1\.0"\} /);
  const plain = await ask("*/*");
  assert.equal(plain.type, "text/plain; version=0.0.4; charset=utf-8");
  assert.doesNotMatch(plain.text, /# EOF/);
});

Deno.test("/metrics is there where ENABLE_METRICS says so", async () => {
  await using sidecar = await TestSidecar.start({ monitor: true });
  const response = await fetch(`${sidecar.monitorUrl}/metrics`);
  assert.equal(response.status, 404);
  await response.body?.cancel();
});
