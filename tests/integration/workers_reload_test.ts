import assert from "node:assert/strict";
import type { TLSSocket } from "node:tls";
import { statusOf } from "../support/followed_scene.ts";
import { fieldValues, ok } from "../support/messages.ts";
import { createAuthority } from "../support/pki.ts";
import { RawClient } from "../support/raw_client.ts";
import { Receiver } from "../support/receiver.ts";
import { root as serverRoot } from "../support/sidecar.ts";
import { app, root, TlsServer } from "../support/tls_server.ts";
import { peersFile, RELOADED } from "./peers_scene.ts";
import {
  judge,
  KEY,
  keyFile,
  NEXT_KEY,
  numberOf,
  verifier,
} from "./seal_scene.ts";
import { kept, TrustScene } from "./trust_scene.ts";
import { answerId, idFrom, Spread, workerOf } from "./workers_scene.ts";

const TWO = { WORKERS: "2" };
const next = createAuthority({ commonName: "Next Root" });
const renewed = next.issue({ commonName: "renewed", ips: ["127.0.0.1"] });

Deno.test("every new connection is shown the new certificate once the reload was told, and none is lost meanwhile", async () => {
  await using scene = await TrustScene.set(answerId, { settings: TWO });
  using spread = await Spread.over(scene.sidecar);
  const identity = kept.issue();
  const { port } = scene.sidecar;
  let told = false;
  let meanwhile = 0;
  const connecting = (async () => {
    while (!told) {
      // Whichever it is shown.
      const caCerts = [next.certPem, serverRoot.certPem];
      using client = await RawClient.connect({ port, identity, caCerts });
      await idFrom(client);
      meanwhile++;
    }
  })();
  await scene.reload({
    "certs/tls.crt": renewed.chainPem,
    "certs/tls.key": renewed.keyPem,
  });
  told = true;
  await connecting;
  assert.ok(meanwhile > 0);
  const workers = new Set<string>();
  for (let i = 0; i < 24; i++) {
    using client = await RawClient.connect({
      port,
      identity,
      caCerts: [next.certPem],
    });
    workers.add(workerOf(await idFrom(client)));
  }
  assert.equal(workers.size, 2);
  for (const client of spread.clients) await idFrom(client);
});

Deno.test("files that cannot be used change nothing in any worker", async () => {
  await using scene = await TrustScene.set(answerId, { settings: TWO });
  using spread = await Spread.over(scene.sidecar);
  const { fields } = await scene.reject({ "certs/tls.key": renewed.keyPem });
  assert.equal(fields["code"], "KEY_MISMATCH");
  for (const client of spread.clients) await idFrom(client);
  using again = await Spread.over(scene.sidecar);
  assert.deepEqual(
    new Set(again.byWorker.keys()),
    new Set(spread.byWorker.keys()),
  );
});

Deno.test("pinned peers follow their file in all workers", async () => {
  const lost = kept.issue();
  const stays = kept.issue();
  const file = (...keys: readonly (typeof lost)[]) =>
    peersFile([{ id: "client", keys }]);
  await using scene = await TrustScene.set(answerId, {
    settings: TWO,
    files: { peers: file(lost, stays) },
    paths: { PEERS_FILE: "peers" },
  });
  using going = await Spread.over(scene.sidecar, { identity: lost });
  using staying = await Spread.over(scene.sidecar, { identity: stays });
  const { fields } = await scene.reload({ peers: file(stays) }, RELOADED);
  assert.equal(fields["retired"], going.clients.length);
  for (const client of going.clients) {
    assert.equal((await client.rest()).text, "");
  }
  for (const client of staying.clients) await idFrom(client);
  for (let i = 0; i < 10; i++) {
    assert.equal(await statusOf(await scene.connect(lost)), 403);
  }
});

Deno.test("two workers seal with the same keys, and never with the same number, before and after the keys rotate", async () => {
  const receiver = new Receiver();
  await using scene = await TrustScene.set(async (connection) => {
    await receiver.script(connection);
  }, {
    settings: { ...TWO, INJECT_CLIENT_HEADERS: "true" },
    files: { keys: keyFile(KEY) },
    paths: { SEAL_KEY_FILE: "keys" },
  });
  const { sidecar } = scene;
  const workers = () =>
    new Set(receiver.requests.map((request) => numberOf(request) >> 56n));
  const clients: RawClient[] = [];
  while (workers().size < 2 && clients.length < 40) {
    const client = await scene.connect(kept.issue());
    assert.equal(await statusOf(client), 200);
    clients.push(client);
  }
  assert.deepEqual(workers(), new Set([0n, 1n]));
  const before = receiver.requests.length;
  await scene.reload({ keys: keyFile(NEXT_KEY) }, "seal keys reloaded");
  for (const client of clients) assert.equal(await statusOf(client), 200);

  const numbers = receiver.requests.map(numberOf);
  assert.equal(new Set(numbers).size, numbers.length);
  const verdicts = (keys: Uint8Array[], requests: typeof receiver.requests) => {
    const by = verifier({ keys });
    return new Set(requests.map((request) => judge(by, request)));
  };
  const OK = new Set(["ok"]);
  assert.deepEqual(verdicts([KEY], receiver.requests.slice(0, before)), OK);
  assert.deepEqual(verdicts([NEXT_KEY], receiver.requests.slice(before)), OK);
  assert.equal(
    sidecar.events.filter(({ level }) => level === "error").length,
    0,
  );
});

Deno.test("the certificate that an application is shown follows its files in all workers", async () => {
  const first = root.issue({ commonName: "first" });
  const second = root.issue({ commonName: "second" });
  const sockets: TLSSocket[] = [];
  await using application = await TlsServer.start((socket) => {
    sockets.push(socket);
    socket.on("data", (octets: Uint8Array) => {
      const head = new TextDecoder().decode(octets);
      const [id] = fieldValues(head, "x-request-id");
      socket.write(ok(`${id} ${socket.getPeerCertificate().subject.CN}`));
    });
  }, { requestCert: true, ca: root.certPem, cert: app.chainPem });
  await using scene = await TrustScene.set(answerId, {
    settings: TWO,
    upstream: `https://localhost:${application.port}`,
    files: {
      "app.ca": root.certPem,
      "app.crt": first.chainPem,
      "app.key": first.keyPem,
    },
    paths: {
      UPSTREAM_CA_FILE: "app.ca",
      UPSTREAM_CERT_FILE: "app.crt",
      UPSTREAM_KEY_FILE: "app.key",
    },
  });
  using spread = await Spread.over(scene.sidecar);
  const shown = async () => {
    const names: (string | undefined)[] = [];
    for (const client of spread.byWorker.values()) {
      names.push((await idFrom(client)).split(" ")[1]);
    }
    return names;
  };
  assert.deepEqual(await shown(), ["first", "first"]);
  const reloaded = scene.sidecar.nextEvent(
    "TLS towards the application reloaded",
  );
  await scene.put({ "app.key": second.keyPem, "app.crt": second.chainPem });
  await reloaded;
  assert.deepEqual(await shown(), ["second", "second"]);
  // Each worker has connections to the application of its own.
  assert.equal(sockets.length, 4);
});
