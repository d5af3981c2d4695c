import assert from "node:assert/strict";
import type { StatusReport } from "../../src/monitor/status_report.ts";
import { Application } from "../support/application.ts";
import { temporaryDirectory } from "../support/files.ts";
import { get, ok } from "../support/messages.ts";
import { createAuthority } from "../support/pki.ts";
import { client, root, server, TestSidecar } from "../support/sidecar.ts";

async function statusOf(
  sidecar: TestSidecar,
  headers: Record<string, string> = {},
): Promise<StatusReport> {
  const response = await fetch(`${sidecar.monitorUrl}/status.json`, {
    headers,
  });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "application/json");
  return await response.json();
}

const stranger = createAuthority({ commonName: "Elsewhere" })
  .issue({ commonName: "<script>alert(1)</script>" });

/** A sidecar that has turned away a stranger, and a client that no rule allows. */
async function refusing(
  settings: Readonly<Record<string, string>> = {},
): Promise<TestSidecar> {
  const sidecar = await TestSidecar.start({
    monitor: true,
    settings: { ALLOW_CN: "somebody-else", UNVERIFIED: "401", ...settings },
  });
  for (const identity of [stranger, client]) {
    const connection = await sidecar.connect({ identity });
    await connection.send(get());
    await connection.rest();
    connection.close();
    await sidecar.idle();
  }
  return sidecar;
}

Deno.test("/status.json tells what is served and in force", async () => {
  await using sidecar = await TestSidecar.start({
    monitor: true,
    settings: { ALLOW_DNS: "*.acme.test", ACCESS_MODE: "audit" },
  });
  const report = await statusOf(sidecar);
  assert.deepEqual([report.phase, report.ready], ["serving", true]);
  assert.equal(report.trustGeneration, 1);
  assert.deepEqual(report.source, { healthy: true });
  assert.equal(report.differs, null);
  const [own, ca] = report.certificates;
  assert.equal(report.certificates.length, 2);
  assert.deepEqual([own?.role, own?.name, own?.issuer, own?.names], [
    "server",
    "CN=sidecar",
    "CN=Test Root",
    ["localhost", "127.0.0.1"],
  ]);
  assert.deepEqual([ca?.role, ca?.name], ["ca", "CN=Test Root"]);
  assert.match(own?.fingerprint ?? "", /^[0-9a-f]{64}$/);
  assert.ok(Date.parse(own!.notAfter) > Date.now());
  assert.deepEqual(report.access, {
    mode: "audit",
    refuse: "403",
    unverified: "close",
    rules: [{ by: "dns", rule: "*.acme.test" }],
    peers: null,
  });
  assert.equal(report.traffic.stepSecs, 15);
  assert.deepEqual(report.traffic.samples, []);
});

Deno.test("/status.json tells connections and what is in hand", async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  await using application = await Application.start(async (connection) => {
    await connection.head();
    asked.resolve();
    await answer.promise;
    await connection.write(ok());
  });
  await using sidecar = await TestSidecar.start({
    monitor: true,
    upstream: application.url,
  });
  using connection = await sidecar.connect();
  await connection.send(get());
  await asked.promise;
  const during = await statusOf(sidecar);
  assert.equal(during.traffic.inFlight, 1);
  assert.deepEqual(during.connections, {
    open: { "http/1.1": 1, "h2": 0, "tunnel": 0 },
    total: 1,
    handshaking: 0,
    resumed: 0,
  });
  answer.resolve();
  await connection.response();
  connection.close();
  await sidecar.idle();
  const after = await statusOf(sidecar);
  assert.equal(after.connections.open["http/1.1"], 0);
  assert.equal(after.connections.total, 1);
});

Deno.test("/status.json tells who was refused, and what would let them in, to callers of this host", async () => {
  await using sidecar = await refusing();
  const [latest, first, ...others] = (await statusOf(sidecar)).refusals;
  assert.equal(others.length, 0);
  assert.equal(latest?.code, "ACCESS_NOT_ALLOWED");
  assert.equal(latest?.address, "127.0.0.1");
  assert.equal(latest?.subject, "CN=test-client");
  assert.equal(latest?.issuer, "CN=Test Root");
  assert.match(latest?.spki ?? "", /^[0-9a-f]{64}$/);
  assert.match(latest?.advice ?? "", /ALLOW_SPKI/);
  assert.equal(first?.subject, "CN=\\<script\\>alert(1)\\</script\\>");
  assert.equal(first?.issuer, "CN=Elsewhere");
});

Deno.test("/status.json does not tell who was refused to who comes through a proxy or by a name", async () => {
  await using sidecar = await refusing();
  const { refusals } = await statusOf(sidecar, {
    "x-forwarded-for": "192.0.2.1",
  });
  assert.equal(refusals.length, 2);
  for (const refusal of refusals) {
    assert.deepEqual(Object.keys(refusal).toSorted(), [
      "advice",
      "at",
      "code",
      "detail",
    ]);
  }
});

Deno.test("STATUS_DETAIL=all tells it to everyone", async () => {
  await using sidecar = await refusing({ STATUS_DETAIL: "all" });
  const { refusals } = await statusOf(sidecar, {
    "x-forwarded-for": "192.0.2.1",
  });
  assert.equal(refusals[0]?.subject, "CN=test-client");
});

Deno.test("/status.json tells reloads with their outcome, and that the disk differs", async () => {
  await using directory = await temporaryDirectory({});
  const certs = `${directory.path}/certs`, ca = `${directory.path}/ca`;
  await Deno.mkdir(certs);
  await Deno.mkdir(ca);
  await Deno.writeTextFile(`${certs}/tls.crt`, server.chainPem);
  await Deno.writeTextFile(`${certs}/tls.key`, server.keyPem);
  await Deno.writeTextFile(`${ca}/ca.crt`, root.certPem);
  await using sidecar = await TestSidecar.start({
    monitor: true,
    directory: directory.path,
    settings: { ENABLE_METRICS: "true" },
  });
  const rejected = sidecar.nextEvent("reload rejected, the old material stays");
  await Deno.writeTextFile(`${ca}/ca.crt`, "nonsense");
  await rejected;
  const broken = await statusOf(sidecar);
  const [failure] = broken.reloads;
  assert.equal(failure?.what, "TLS material");
  assert.notEqual(failure?.outcome, "ok");
  assert.equal(broken.differs?.code, failure?.outcome);
  assert.equal(broken.ready, true);
  const other = createAuthority({ commonName: "Other Root" });
  const reloaded = sidecar.nextEvent("material reloaded");
  await Deno.writeTextFile(`${ca}/ca.crt`, root.certPem + other.certPem);
  await reloaded;
  const mended = await statusOf(sidecar);
  assert.deepEqual([mended.reloads[0]?.outcome, mended.differs], ["ok", null]);
  assert.equal(mended.certificates.length, 3);
});

Deno.test("STATUS_PAGE=false leaves nothing of it", async () => {
  await using sidecar = await TestSidecar.start({
    monitor: true,
    settings: { STATUS_PAGE: "false" },
  });
  for (const path of ["/status", "/status.json", "/status/", "/status/x"]) {
    const response = await fetch(sidecar.monitorUrl + path);
    assert.equal(response.status, 404, path);
    await response.body?.cancel();
  }
});
