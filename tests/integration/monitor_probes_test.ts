import assert from "node:assert/strict";
import { startSidecar } from "../../src/app.ts";
import { parseConfig } from "../../src/config/config.ts";
import type { LogFields } from "../../src/log.ts";
import { MaterialStore } from "../../src/material/store.ts";
import { Application, type Script } from "../support/application.ts";
import { materialOf } from "../support/material.ts";
import { fieldValues, get, ok } from "../support/messages.ts";
import { root, server, TestSidecar } from "../support/sidecar.ts";
import { eventually, soon } from "../support/waiting.ts";

const DAY = 24 * 60 * 60 * 1000;

const LIVE = ["/live", "/livez"];
const READY = ["/ready", "/readyz"];

/** What a probe is answered. */
async function probe(
  url: string,
  init: RequestInit = {},
): Promise<{ status: number; text: string }> {
  const response = await soon(fetch(url, init), "the probe's answer");
  return { status: response.status, text: await response.text() };
}

async function statusOf(sidecar: TestSidecar, path: string): Promise<number> {
  return (await probe(sidecar.monitorUrl + path)).status;
}

/** A sidecar with a monitor port that asks this application whether it is ready. */
async function asking(
  application: Application,
  settings: Readonly<Record<string, string>> = {},
): Promise<TestSidecar> {
  return await TestSidecar.start({
    monitor: true,
    upstream: application.url,
    settings: {
      UPSTREAM_READINESS_URL: `${application.url}/health`,
      ...settings,
    },
  });
}

Deno.test("a sidecar that starts is alive and not ready, and says what is missing", async () => {
  const settings: Record<string, string> = {
    TLS_LISTEN_HOST: "127.0.0.1",
    TLS_LISTEN_PORT: "0",
    MONITOR_HOST: "127.0.0.1",
    UPSTREAM_READINESS_URL: "none",
  };
  const loading = Promise.withResolvers<MaterialStore>();
  const open = Promise.withResolvers<LogFields>();
  const starting = startSidecar(
    parseConfig({ args: [], lookup: (name) => settings[name] }),
    {
      log: {
        debug() {},
        info(message, fields) {
          if (message === "monitor port open") open.resolve(fields!);
        },
        warning() {},
        error() {},
      },
      accessLog: { line() {} },
      store: loading.promise,
      monitorPort: 0,
    },
  );
  const { port } = await soon(open.promise, "the monitor port");
  const url = `http://127.0.0.1:${port}`;
  for (const path of LIVE) assert.equal((await probe(url + path)).status, 200);
  for (const path of READY) {
    assert.deepEqual(await probe(url + path), {
      status: 503,
      text: "[-] serving: starting\n[-] certificate: not loaded yet\n" +
        "not ready\n",
    });
  }
  const { certificates, trustGeneration } = await (await fetch(
    `${url}/status.json`,
  )).json();
  assert.deepEqual([certificates, trustGeneration], [[], 0]);
  loading.resolve(
    new MaterialStore(await materialOf({ server, authorities: [root] })),
  );
  const sidecar = await starting;
  assert.equal((await probe(`${url}/ready`)).status, 200);
  await sidecar.shutdown();
});

Deno.test("a start that fails closes the monitor port", async () => {
  const settings: Record<string, string> = {
    TLS_LISTEN_PORT: "0",
    MONITOR_HOST: "127.0.0.1",
  };
  let port: unknown;
  await assert.rejects(startSidecar(
    parseConfig({ args: [], lookup: (name) => settings[name] }),
    {
      log: {
        debug() {},
        info: (message, fields) => {
          if (message === "monitor port open") port = fields?.["port"];
        },
        warning() {},
        error() {},
      },
      accessLog: { line() {} },
      store: Promise.reject(new Error("no material")),
      monitorPort: 0,
    },
  ));
  await assert.rejects(
    Deno.connect({ hostname: "127.0.0.1", port: Number(port) }),
    Deno.errors.ConnectionRefused,
  );
});

Deno.test("a sidecar that serves is alive and, with its application ready, ready", async () => {
  await using application = await Application.answering(ok("yes"));
  await using sidecar = await asking(application);
  for (const path of [...LIVE, ...READY]) {
    assert.equal(await statusOf(sidecar, path), 200, path);
  }
  const { status, text } = await probe(`${sidecar.monitorUrl}/ready?verbose`);
  assert.equal(status, 200);
  assert.match(
    text,
    /^\[\+\] serving: serving\n\[\+\] certificate: valid until \S+\n\[\+\] source: the files can be followed\n\[\+\] application: it answered 200\nready\n$/,
  );
});

Deno.test("an answer is JSON where that is asked for", async () => {
  await using application = await Application.answering(
    "HTTP/1.1 500 E\r\nContent-Length: 0\r\n\r\n",
  );
  await using sidecar = await asking(application);
  const headers = { accept: "application/json" };
  const live = await probe(`${sidecar.monitorUrl}/livez`, { headers });
  assert.deepEqual(JSON.parse(live.text), { live: true });
  const { status, text } = await probe(`${sidecar.monitorUrl}/readyz`, {
    headers,
  });
  const { ready, conditions } = JSON.parse(text);
  assert.deepEqual([status, ready], [503, false]);
  assert.deepEqual(conditions.at(-1), {
    name: "application",
    ok: false,
    detail: "it answered 500",
  });
  assert.deepEqual(conditions.map(({ ok }: { ok: boolean }) => ok), [
    true,
    true,
    true,
    false,
  ]);
});

/** What an application does that is not ready, and what is said of it. */
const NOT_READY: readonly [what: string, script: Script, detail: string][] = [
  [
    "answers a redirect",
    (connection) =>
      connection.write(
        "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
      ),
    "it answered 302",
  ],
  ["is slow", async (connection) => {
    await connection.rest();
  }, "no answer within 1 s"],
  [
    "sends a head that never ends",
    async (connection) => {
      await connection.write("HTTP/1.1 200 OK\r\nA: ");
      await connection.rest();
    },
    "no answer within 1 s",
  ],
  [
    "closes without a word",
    (connection) => connection.end(),
    "UPSTREAM_CLOSED",
  ],
  [
    "speaks something else",
    (connection) => connection.write("220 mail.test ESMTP\r\n\r\n"),
    "UPSTREAM_RESPONSE_INVALID",
  ],
];

for (const [what, script, detail] of NOT_READY) {
  Deno.test(`with an application that ${what} a sidecar is alive and not ready`, async () => {
    await using application = await Application.start(script);
    await using sidecar = await asking(application);
    const { status, text } = await probe(`${sidecar.monitorUrl}/ready`);
    assert.equal(status, 503);
    assert.equal(text, `[-] application: ${detail}\nnot ready\n`);
    assert.equal(await statusOf(sidecar, "/live"), 200);
  });
}

Deno.test("with an application that is dead a sidecar is alive and not ready, but where that is left out", async () => {
  for (const [url, status] of [["http://127.0.0.1:1/", 503], ["none", 200]]) {
    await using sidecar = await TestSidecar.start({
      monitor: true,
      settings: { UPSTREAM_READINESS_URL: String(url) },
    });
    assert.equal(await statusOf(sidecar, "/ready"), status);
    assert.equal(await statusOf(sidecar, "/live"), 200);
  }
});

Deno.test("an interim response of the application is no answer yet", async () => {
  await using application = await Application.answering(
    "HTTP/1.1 103 Early Hints\r\n\r\n" + ok(),
  );
  await using sidecar = await asking(application);
  assert.equal(await statusOf(sidecar, "/ready"), 200);
});

Deno.test("a sidecar whose certificate ends while it serves is alive and no longer ready", async () => {
  const now = Date.now();
  const own = root.issue({
    commonName: "sidecar",
    notBefore: now - DAY,
    notAfter: now + 2_000,
  });
  await using sidecar = await TestSidecar.start({
    monitor: true,
    store: new MaterialStore(
      await materialOf({ server: own, authorities: [root] }),
    ),
  });
  assert.equal(await statusOf(sidecar, "/ready"), 200);
  await eventually(
    async () => await statusOf(sidecar, "/ready") === 503,
    "the certificate's end",
  );
  const { text } = await probe(`${sidecar.monitorUrl}/ready`);
  assert.match(text, /^\[-\] certificate: expired 20\S+\nnot ready\n$/);
  assert.equal(await statusOf(sidecar, "/live"), 200);
});

Deno.test("a sidecar that drains is alive and not ready, and its monitor port goes with it", async () => {
  await using application = await Application.start(async (connection) => {
    await connection.head();
    await connection.rest();
  });
  await using sidecar = await TestSidecar.start({
    monitor: true,
    upstream: application.url,
    settings: { SHUTDOWN_TIMEOUT_SECS: "1" },
  });
  const { monitorUrl } = sidecar;
  using client = await sidecar.connect();
  await client.send(get());
  await sidecar.event("client admitted");
  const stopped = sidecar.shutdown();
  assert.deepEqual(await probe(`${monitorUrl}/ready`), {
    status: 503,
    text: "[-] serving: draining\nnot ready\n",
  });
  assert.equal((await probe(`${monitorUrl}/live`)).status, 200);
  await stopped;
  await assert.rejects(fetch(`${monitorUrl}/live`));
});

Deno.test("the application is asked on a connection of its own, with the probe's header less what is not its", async () => {
  const asked: string[] = [];
  await using application = await Application.start(async (connection) => {
    asked.push((await connection.head())!);
    await connection.write(ok());
  });
  await using sidecar = await asking(application);
  await probe(`${sidecar.monitorUrl}/ready?verbose`, {
    headers: {
      "authorization": "Bearer t",
      "x-probe": "kubelet",
      "user-agent": "kube-probe/1.33",
      "x-forwarded-for": "192.0.2.1",
      "x-client-cn": "root",
      "x-forwarded-client-cert": "Hash=0",
      "client-cert": ":AA==:",
      "signature": "a=:AA==:",
    },
  });
  assert.equal(asked.length, 1);
  const [head = ""] = asked;
  assert.match(head, /^GET \/health HTTP\/1\.1\r\n/);
  assert.deepEqual(fieldValues(head, "host"), [
    application.url.replace("http://", ""),
  ]);
  assert.deepEqual(fieldValues(head, "authorization"), ["Bearer t"]);
  assert.deepEqual(fieldValues(head, "x-probe"), ["kubelet"]);
  assert.deepEqual(fieldValues(head, "user-agent"), ["kube-probe/1.33"]);
  assert.deepEqual(fieldValues(head, "connection"), ["close"]);
  assert.doesNotMatch(
    head,
    /x-forwarded-for|x-client-cn|x-forwarded-client-cert|client-cert|signature/i,
  );
});

Deno.test("probes at the same time with equal headers share one call", async () => {
  const answer = Promise.withResolvers<void>();
  const heads: string[] = [];
  const both = Promise.withResolvers<void>();
  await using application = await Application.start(async (connection) => {
    heads.push((await connection.head())!);
    if (heads.length === 2) both.resolve();
    await answer.promise;
    await connection.write(ok());
  });
  await using sidecar = await asking(application, {
    READINESS_TIMEOUT_SECS: "20",
  });
  const headers = (name: string) => ({ headers: { "x-probe": name } });
  const url = `${sidecar.monitorUrl}/ready`;
  const probes = ["a", "a", "b", "a"].map((name) => probe(url, headers(name)));
  await soon(both.promise, "the second call");
  answer.resolve();
  for (const { status } of await Promise.all(probes)) {
    assert.equal(status, 200);
  }
  // What came late was asked for anew, but never one call a probe.
  const names = heads.map((head) => fieldValues(head, "x-probe")[0]);
  assert.deepEqual(names.toSorted(), ["a", "b"]);
});

Deno.test("probes are logged at debug alone, and without their query", async () => {
  await using sidecar = await TestSidecar.start({ monitor: true });
  await statusOf(sidecar, "/live?token=1");
  const events = sidecar.events.filter(({ fields }) =>
    JSON.stringify(fields).includes("/live")
  );
  assert.deepEqual(events, [{
    level: "debug",
    message: "asked at the monitor port",
    fields: { path: "/live", status: 200 },
  }]);
  assert.deepEqual(sidecar.entries, []);
});
