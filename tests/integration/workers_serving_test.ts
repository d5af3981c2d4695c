import assert from "node:assert/strict";
import { attempt } from "../support/attempt.ts";
import { createAuthority } from "../support/pki.ts";
import type { RawClient } from "../support/raw_client.ts";
import { Scrape } from "../support/scrape.ts";
import { eventually, soon } from "../support/waiting.ts";
import { kept, TrustScene } from "./trust_scene.ts";
import {
  answerId,
  http2Ids,
  idFrom,
  Spread,
  workerOf,
} from "./workers_scene.ts";

const TWO = { WORKERS: "2" };

Deno.test("two workers serve HTTP/1.1 and HTTP/2 on one port", async () => {
  await using scene = await TrustScene.set(answerId, { settings: TWO });
  using spread = await Spread.over(scene.sidecar);
  const workers = new Set(spread.byWorker.keys());
  for (const [worker, client] of spread.byWorker) {
    assert.equal(workerOf(await idFrom(client)), worker);
  }
  const ids = await http2Ids(scene.sidecar);
  assert.deepEqual(new Set(ids.map(workerOf)), workers);
  const { fields } = await scene.sidecar.event("serving");
  assert.deepEqual([fields["workers"], fields["port"]], [
    2,
    scene.sidecar.port,
  ]);
});

Deno.test("metrics, status and access log tell exactly what was sent to all workers, as soon as it was answered", async () => {
  await using scene = await TrustScene.set(answerId, {
    settings: { ...TWO, ENABLE_METRICS: "true" },
    monitor: true,
  });
  const { sidecar } = scene;
  using spread = await Spread.over(sidecar);
  const ids = [...spread.ids];
  for (const client of spread.clients) ids.push(await idFrom(client));
  const scrape = await Scrape.of(sidecar.monitorUrl);
  const answered = (scrape: Scrape, protocol: string) =>
    scrape.value("mtls_sidecar_requests_total", {
      protocol,
      code_class: "2xx",
    });
  const { length } = spread.clients;
  assert.equal(answered(scrape, "http/1.1"), 2 * length);
  const h2 = await http2Ids(sidecar);
  const again = await Scrape.of(sidecar.monitorUrl);
  assert.equal(answered(again, "h2"), h2.length);
  assert.equal(answered(again, "http/1.1"), 2 * length);
  ids.push(...h2);

  const response = await fetch(`${sidecar.monitorUrl}/status.json`);
  const { connections, workers } = await response.json();
  assert.equal(connections.total, length + h2.length);
  assert.equal(connections.open["http/1.1"], length);
  assert.deepEqual(workers, { wanted: 2, running: 2, silent: 0, replaced: 0 });

  await eventually(
    () => sidecar.entries.length >= ids.length,
    "the access log",
  );
  assert.deepEqual(
    sidecar.entries.map((entry) => entry["request_id"]).toSorted(),
    ids.toSorted(),
  );
});

Deno.test("refusals of all workers stand in the log with their worker, and are counted", async () => {
  await using scene = await TrustScene.set(answerId, {
    settings: { ...TWO, ENABLE_METRICS: "true" },
    monitor: true,
  });
  const { sidecar } = scene;
  const identity = createAuthority().issue();
  const refusals = () =>
    sidecar.events.filter(({ message }) => message === "connection refused");
  const workers = () =>
    new Set(refusals().map(({ fields }) => fields["worker"]));
  let sent = 0;
  while (workers().size < 2 && sent < 40) {
    await soon(attempt({ port: sidecar.port, identity }), "its end");
    sent++;
    await eventually(() => refusals().length === sent, "the refusal");
  }
  assert.deepEqual(workers(), new Set([0, 1]));
  const { sidecar: { connections } } = sidecar;
  assert.deepEqual([connections.admitted, connections.handshaking], [0, 0]);
  const scrape = await Scrape.of(sidecar.monitorUrl);
  const refused = scrape.family("mtls_sidecar_handshake_failures_total");
  assert.equal(
    refused.metrics.reduce((sum, { value }) => sum + Number(value), 0),
    sent,
  );
});

Deno.test("each worker lets in its share of the connections of one address, and all of them no more than the limit", async () => {
  await using scene = await TrustScene.set(answerId, {
    settings: { ...TWO, MAX_CONNECTIONS_PER_ADDRESS: "3" },
  });
  const identity = kept.issue();
  const clients: RawClient[] = [];
  using _ = { [Symbol.dispose]: () => clients.forEach((one) => one.close()) };
  let tried = 0;
  // The next one may come to a worker that has its share while another has room.
  while (clients.length < 3 && tried < 60) {
    tried++;
    const client = await scene.sidecar.connect({ identity })
      .catch(() => undefined);
    if (client === undefined) continue;
    if (await idFrom(client).then(() => true, () => false)) {
      clients.push(client);
    } else client.close();
  }
  assert.equal(clients.length, 3);
  for (let more = 0; more < 10; more++) {
    const { port } = scene.sidecar;
    const { answer } = await soon(attempt({ port, identity }), "its end");
    assert.equal(answer, "");
  }
  const codes = new Set(scene.refusals);
  assert.deepEqual(codes, new Set(["TOO_MANY_CONNECTIONS"]));
});

for (
  const [title, settings] of [
    ["WORKERS=1", { WORKERS: "1" }],
    ["WORKERS=auto on one processor", { WORKERS: "auto" }],
  ] as const
) {
  Deno.test(`${title} starts no worker`, async () => {
    await using scene = await TrustScene.set(answerId, {
      settings,
      monitor: true,
      spawn: () => assert.fail("a worker was started"),
    });
    await idFrom(await scene.connect(kept.issue()));
    const response = await fetch(`${scene.sidecar.monitorUrl}/status.json`);
    const { workers } = await response.json();
    assert.deepEqual([workers.wanted, workers.running], [1, 1]);
  });
}
