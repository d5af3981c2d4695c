import assert from "node:assert/strict";
import type { SecureVersion } from "node:tls";
import { attempt } from "../support/attempt.ts";
import { hasOpenssl, Openssl } from "../support/openssl.ts";
import { createAuthority } from "../support/pki.ts";
import { Scene } from "../support/scene.ts";
import { client } from "../support/sidecar.ts";
import { soon } from "../support/waiting.ts";
import { REFUSED, REFUSED_OF_OPENSSL } from "./admission_refusals.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nin";
const REQUEST = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const VERSIONS = ["TLSv1.2", "TLSv1.3"] satisfies SecureVersion[];

for (const version of VERSIONS) {
  for (const [name, identity, code] of REFUSED) {
    Deno.test(`a ${version} client ${name} is cut before a byte reaches the application`, async () => {
      await using scene = await Scene.set(OK);
      const { application, sidecar } = scene;
      const { port } = sidecar;
      const { answer } = await soon(
        attempt({ port, identity, version }),
        "the server to close",
      );
      assert.equal(answer, "");
      const { level, fields } = await sidecar.event("connection refused");
      assert.equal(level, "info");
      assert.equal(fields.code, code);
      assert.equal(fields.client, "127.0.0.1");
      await sidecar.idle();
      assert.equal(application.connections.length, 0);

      const good = await soon(attempt({ port, identity: client }), "an answer");
      assert.match(good.answer, /^HTTP\/1\.1 200 /, "the next one gets in");
    });
  }
}

for (const version of ["-tls1_2", "-tls1_3"]) {
  for (const [name, identity, code] of REFUSED_OF_OPENSSL) {
    Deno.test({
      name:
        `an openssl s_client ${version} ${name} is cut before a byte reaches the application`,
      ignore: !hasOpenssl,
      async fn() {
        await using scene = await Scene.set(OK);
        const { application, sidecar } = scene;
        await using openssl = await Openssl.create(identity);
        const { port } = sidecar;
        const { output } = await openssl.run({ port, input: REQUEST }, version);
        assert.doesNotMatch(output, /200 OK/);
        const { fields } = await sidecar.event("connection refused");
        assert.equal(fields.code, code);
        await sidecar.idle();
        assert.equal(application.connections.length, 0);
      },
    });
  }
}

Deno.test("a refusal is logged without anything of the certificate", async () => {
  await using scene = await Scene.set(OK);
  const { port } = scene.sidecar;
  const identity = createAuthority({ commonName: "Another Root" })
    .issue({ commonName: "mallory-the-secret" });
  await attempt({ port, identity });
  await scene.sidecar.event("connection refused");
  const log = JSON.stringify(scene.sidecar.events);
  assert.doesNotMatch(log, /mallory|BEGIN|Another Root/);
});
