import assert from "node:assert/strict";
import type { SecureVersion } from "node:tls";
import { attempt } from "../support/attempt.ts";
import { nullValue } from "../support/der_writer.ts";
import { hasOpenssl, Openssl } from "../support/openssl.ts";
import { createAuthority, type Issued, PURPOSE } from "../support/pki.ts";
import { extension, generalName } from "../support/pki_extensions.ts";
import { Scene } from "../support/scene.ts";
import { client, root } from "../support/sidecar.ts";
import { soon } from "../support/waiting.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nin";
const REQUEST = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const MINUTE = 60_000;
const VERSIONS = ["TLSv1.2", "TLSv1.3"] satisfies SecureVersion[];

const other = createAuthority({ commonName: "Another Root" });
const namesake = createAuthority({ commonName: "Test Root" });
const noCertSign = root.issueAuthority({ keyUsage: ["cRLSign"] });
const short = root.issueAuthority({ commonName: "Short", pathLength: 0 });
const constrained = root.issueAuthority({
  nameConstraints: { permitted: [generalName("dns", "example.org")] },
});
const expiredMiddle = root.issueAuthority({ notAfter: Date.now() - MINUTE });
const middle = root.issueAuthority({ commonName: "Middle" });
const leaf = middle.issue();
const selfSigned = createAuthority({ ca: false, keyUsage: [] });

const UNKNOWN_CRITICAL = extension("1.3.6.1.4.1.99999.1", nullValue(), {
  critical: true,
});

const strangers = Array.from(
  { length: 16 },
  (_, number) => createAuthority({ commonName: `Stranger ${number}` }),
);
function pemOf({ certPem }: Issued): string {
  return certPem;
}

/** By what they are; the code is the log's. */
const REFUSED: [name: string, identity: Issued | undefined, code: string][] = [
  ["without a certificate", undefined, "HANDSHAKE_FAILED"],
  ["of another CA", other.issue(), "UNAUTHORIZED"],
  ["of a CA with a trusted CA's name", namesake.issue(), "UNAUTHORIZED"],
  ["that signed its own certificate", selfSigned, "UNAUTHORIZED"],
  [
    "whose certificate has expired",
    root.issue({ notAfter: Date.now() - MINUTE }),
    "UNAUTHORIZED",
  ],
  [
    "whose certificate is not valid yet",
    root.issue({ notBefore: Date.now() + 10 * MINUTE }),
    "UNAUTHORIZED",
  ],
  [
    "with a server's certificate",
    root.issue({ eku: [PURPOSE.serverAuth] }),
    "UNAUTHORIZED",
  ],
  [
    "with a certificate of version 1",
    root.issue({ version: 1 }),
    "UNAUTHORIZED",
  ],
  ["with a CA of the bundle", root, "LEAF_IS_CA"],
  ["with an intermediate CA's certificate", middle, "UNAUTHORIZED"],
  [
    "that leaves its intermediate out",
    { ...leaf, chainPem: leaf.certPem },
    "UNAUTHORIZED",
  ],
  [
    "of an intermediate without keyCertSign",
    noCertSign.issue(),
    "PATH_REFUSED",
  ],
  [
    "under one intermediate too many",
    short.issueAuthority({ commonName: "Below" }).issue(),
    "UNAUTHORIZED",
  ],
  [
    "that its intermediate's name constraints exclude",
    constrained.issue({ dnsNames: ["example.com"] }),
    "UNAUTHORIZED",
  ],
  [
    "that sends 16 strangers' certificates before its intermediate",
    { ...leaf, chainPem: [leaf, ...strangers, middle].map(pemOf).join("") },
    "PATH_NOT_FOUND",
  ],
  [
    "of an intermediate that has expired",
    expiredMiddle.issue(),
    "UNAUTHORIZED",
  ],
];

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

/** With certificates that the runtime's own client does not take. */
const REFUSED_OF_OPENSSL: [name: string, identity: Issued, code: string][] = [
  [
    "with an unknown critical extension",
    root.issue({ extraExtensions: [UNKNOWN_CRITICAL] }),
    "HANDSHAKE_FAILED",
  ],
  [
    "of an intermediate with an unknown critical extension",
    root.issueAuthority({ extraExtensions: [UNKNOWN_CRITICAL] }).issue(),
    "UNAUTHORIZED",
  ],
];

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
  const identity = other.issue({ commonName: "mallory-the-secret" });
  await attempt({ port, identity });
  await scene.sidecar.event("connection refused");
  const log = JSON.stringify(scene.sidecar.events);
  assert.doesNotMatch(log, /mallory|BEGIN|Another Root/);
});
