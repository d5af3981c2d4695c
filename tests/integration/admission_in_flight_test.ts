import assert from "node:assert/strict";
import type { SecureVersion } from "node:tls";
import { MaterialStore } from "../../src/material/store.ts";
import { Application } from "../support/application.ts";
import { attempt } from "../support/attempt.ts";
import { materialOf } from "../support/material.ts";
import { type Authority, createAuthority } from "../support/pki.ts";
import { Relay } from "../support/relay.ts";
import { client, root, server, TestSidecar } from "../support/sidecar.ts";
import { soon } from "../support/waiting.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nin";

const other = createAuthority({ commonName: "Another Root" });

/** What a handshake comes to that begins while `before` is trusted, and ends while `after` is. */
async function inFlight(
  { before, after, version }: {
    before: Authority[];
    after: Authority[];
    version: SecureVersion;
  },
): Promise<{ answer: string; refusals: unknown[]; reached: number }> {
  await using application = await Application.answering(OK);
  const store = new MaterialStore(
    await materialOf({ server, authorities: before }),
  );
  await using sidecar = await TestSidecar.start({
    upstream: application.url,
    store,
  });
  await using relay = new Relay(sidecar.port);
  const attempted = attempt({ port: relay.port, identity: client, version });
  await soon(relay.holding, "the client to answer the server's hello");
  assert.equal(sidecar.sidecar.connections.handshaking, 1);
  store.swap(await materialOf({ server, authorities: after }));
  relay.release();
  const { answer } = await soon(attempted, "the end of the connection");
  await sidecar.idle();
  const refusals = sidecar.events
    .filter(({ message }) => message === "connection refused")
    .map(({ fields }) => fields.code);
  return { answer, refusals, reached: application.connections.length };
}

for (const version of ["TLSv1.2", "TLSv1.3"] satisfies SecureVersion[]) {
  Deno.test(`a ${version} handshake is cut that began before its CA was removed`, async () => {
    assert.deepEqual(
      await inFlight({ before: [root, other], after: [other], version }),
      { answer: "", refusals: ["PATH_NOT_FOUND"], reached: 0 },
    );
  });

  Deno.test(`a ${version} handshake goes on that began before another CA was removed`, async () => {
    const { answer, refusals } = await inFlight({
      before: [root, other],
      after: [root],
      version,
    });
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
    assert.deepEqual(refusals, []);
  });

  Deno.test(`a ${version} handshake goes on that began before a CA was added`, async () => {
    const { answer, refusals } = await inFlight({
      before: [root],
      after: [root, other],
      version,
    });
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
    assert.deepEqual(refusals, []);
  });
}

Deno.test("a swap serves the new certificate, and trusts the new CA, on the next connection", async () => {
  await using application = await Application.answering(OK);
  const store = new MaterialStore(
    await materialOf({ server, authorities: [root] }),
  );
  const upstream = application.url;
  await using sidecar = await TestSidecar.start({ upstream, store });
  const { port } = sidecar;
  const identity = other.issue();
  assert.equal((await soon(attempt({ port, identity }), "refusal")).answer, "");

  const own = other.issue({ ips: ["127.0.0.1"] });
  store.swap(await materialOf({ server: own, authorities: [root, other] }));
  using connected = await sidecar.connect({
    caCerts: [other.certPem],
    identity,
  });
  await connected.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.equal((await connected.response()).status, 200);
});
