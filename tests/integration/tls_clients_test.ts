import assert from "node:assert/strict";
import type { SecureVersion } from "node:tls";
import { type Attempt, attempt } from "../support/attempt.ts";
import { hasOpenssl, Openssl } from "../support/openssl.ts";
import { temporaryDirectory } from "../support/files.ts";
import { createAuthority, type Issued } from "../support/pki.ts";
import type { KeyAlgorithm, SignatureAlgorithm } from "../support/pki_keys.ts";
import { Scene } from "../support/scene.ts";
import { client, root } from "../support/sidecar.ts";
import { soon } from "../support/waiting.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nin";
const REQUEST = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const VERSIONS = ["TLSv1.2", "TLSv1.3"] satisfies SecureVersion[];

function assertIn({ answer }: Attempt): void {
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nin$/);
}

const KEYS: [KeyAlgorithm, SignatureAlgorithm[]][] = [
  ["RSA-2048", ["RSA-SHA256", "RSA-SHA384", "RSA-SHA512", "PSS-SHA256"]],
  ["P-256", ["ECDSA-SHA256"]],
  ["P-384", ["ECDSA-SHA384", "ECDSA-SHA512"]],
  ["P-521", ["ECDSA-SHA384", "ECDSA-SHA512"]],
  ["Ed25519", ["Ed25519"]],
];

for (const version of VERSIONS) {
  for (const [keyAlgorithm, signatures] of KEYS) {
    for (const signatureAlgorithm of signatures) {
      Deno.test(`a ${version} client with a ${keyAlgorithm} key gets in through an authority of such a key that signs by ${signatureAlgorithm}`, async () => {
        await using scene = await Scene.set(OK);
        const middle = root.issueAuthority({ keyAlgorithm });
        const identity = middle.issue({ keyAlgorithm, signatureAlgorithm });
        const { port } = scene.sidecar;
        const seen = await soon(attempt({ port, identity, version }), "answer");
        assertIn(seen);
        assert.equal(seen.protocol, version);
        await scene.sidecar.entry({
          "http.response.status_code": 200,
          "tls.protocol.version": version.replace("TLSv", ""),
        });
      });
    }
  }
}

/** The leaf, and what comes with it in that order. */
function presenting(leaf: Issued, ...others: readonly Issued[]): Issued {
  const chain = [leaf, ...others].map(({ certPem }) => certPem);
  return { ...leaf, chainPem: chain.join("") };
}

const upper = root.issueAuthority({ commonName: "Upper" });
const lower = upper.issueAuthority({ commonName: "Lower" });
const leaf = lower.issue();
const strangers = Array.from(
  { length: 12 },
  (_, number) => createAuthority({ commonName: `Stranger ${number}` }),
);

const oldRoot = createAuthority({ commonName: "Old Root" });
const byRoot = root.issueAuthority({ commonName: "Cross" });
const byOldRoot = oldRoot.issueAuthority({
  commonName: "Cross",
  key: byRoot.key,
});

const CHAINS: Record<string, Issued> = {
  "under two intermediates": leaf,
  "that sends its root, too": presenting(leaf, lower, upper, root),
  "that sends its chain upside down": presenting(leaf, upper, lower),
  "that sends its leaf twice": presenting(client, client),
  "that sends a stranger's certificate": presenting(client, leaf),
  "whose intermediate an old root signed, too": presenting(
    byRoot.issue(),
    byOldRoot,
    oldRoot,
    byRoot,
  ),
  "that sends its chain among those of strangers": presenting(
    leaf,
    ...strangers,
    upper,
    lower,
  ),
};

for (const version of VERSIONS) {
  for (const [name, identity] of Object.entries(CHAINS)) {
    Deno.test(`a ${version} client ${name} gets in`, async () => {
      await using scene = await Scene.set(OK);
      const { port } = scene.sidecar;
      assertIn(await soon(attempt({ port, identity, version }), "answer"));
    });
  }
}

const HTTP2_OFF = { HTTP2: "false" };

const OFFERS: [
  offered: string[] | undefined,
  agreed: string | undefined,
  settings?: Record<string, string>,
][] = [
  [undefined, undefined],
  [["http/1.1"], "http/1.1"],
  [["http/1.0"], "http/1.0"],
  [["http/1.0", "http/1.1"], "http/1.1"],
  [undefined, undefined, HTTP2_OFF],
  [["h2", "http/1.1"], "http/1.1", HTTP2_OFF],
];

for (const [offered, agreed, settings = {}] of OFFERS) {
  const off = settings === HTTP2_OFF ? "with HTTP2=false " : "";
  Deno.test(`${off}a client that offers ${offered?.join(" and ") ?? "no protocol"} by ALPN gets ${agreed ?? "none"}, and its answer`, async () => {
    await using scene = await Scene.set(OK, settings);
    const { port } = scene.sidecar;
    const seen = await soon(
      attempt({ port, identity: client, ...(offered && { alpn: offered }) }),
      "answer",
    );
    assertIn(seen);
    assert.equal(seen.alpn, agreed);
  });
}

for (const offered of [["h2"], ["h2", "http/1.1"], ["http/1.1", "h2"]]) {
  Deno.test(`a client that offers ${offered.join(" and ")} by ALPN gets h2, and the server's settings first`, async () => {
    await using scene = await Scene.set(OK);
    const { port } = scene.sidecar;
    const seen = await soon(
      attempt({ port, identity: client, alpn: offered }),
      "answer",
    );
    assert.equal(seen.alpn, "h2");
    // What the client sent is HTTP/1.1, and so it gets nothing but frames: SETTINGS, then GOAWAY.
    assert.equal(seen.answer.slice(3, 9), "\x04\0\0\0\0\0");
    assert.equal(scene.application.connections.length, 0);
  });
}

Deno.test("with HTTP2=false a client that offers h2 alone is refused (RFC 7301 §3.2)", async () => {
  await using scene = await Scene.set(OK, HTTP2_OFF);
  const { port } = scene.sidecar;
  const seen = await attempt({ port, identity: client, alpn: ["h2"] });
  assert.deepEqual(seen, { protocol: undefined, alpn: undefined, answer: "" });
  const { fields } = await scene.sidecar.event("connection refused");
  assert.equal(fields.code, "HANDSHAKE_FAILED");
  assert.equal(scene.application.connections.length, 0);
});

Deno.test({
  name:
    "with HTTP2=false a client that offers h2 alone is told so by a no_application_protocol alert (RFC 7301 §3.2)",
  ignore: !hasOpenssl,
  async fn() {
    await using scene = await Scene.set(OK, HTTP2_OFF);
    await using openssl = await Openssl.create(client);
    const { port } = scene.sidecar;
    const { output } = await openssl.run(
      { port, input: "" },
      ...["-alpn", "h2"],
    );
    assert.match(output, /SSL alert number 120/);
  },
});

Deno.test({
  name: "a client that speaks TLS 1.1 at most is refused",
  ignore: !hasOpenssl,
  async fn() {
    await using scene = await Scene.set(OK);
    await using openssl = await Openssl.create(client);
    const { port } = scene.sidecar;
    const { output } = await openssl.run(
      { port, input: REQUEST },
      ...["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"],
    );
    assert.doesNotMatch(output, /200 OK/);
    const { fields } = await scene.sidecar.event("connection refused");
    assert.equal(fields.code, "HANDSHAKE_FAILED");
    assert.equal(scene.application.connections.length, 0);
  },
});

const hasCurl = await new Deno.Command("curl", {
  args: ["--version"],
  stdout: "null",
  stderr: "null",
}).output().then(({ success }) => success, () => false);

for (const version of ["--http1.1", "--http1.0", "--http2"]) {
  Deno.test({
    name: `curl ${version} gets in, and knows the sidecar by its certificate`,
    ignore: !hasCurl,
    async fn() {
      await using scene = await Scene.set(OK);
      await using directory = await temporaryDirectory({
        "client.crt": leaf.chainPem,
        "client.key": leaf.keyPem,
        "root.crt": root.certPem,
      });
      const { stdout, code } = await new Deno.Command("curl", {
        args: [
          ...[version, "--silent", "--show-error", "--max-time", "20"],
          ...["--cert", "client.crt", "--key", "client.key"],
          ...["--cacert", "root.crt", "--write-out", " %{http_code}"],
          `https://127.0.0.1:${scene.sidecar.port}/`,
        ],
        cwd: directory.path,
      }).output();
      assert.equal(code, 0);
      assert.equal(new TextDecoder().decode(stdout), "in 200");
    },
  });
}

for (const version of ["-tls1_2", "-tls1_3"]) {
  Deno.test({
    name: `openssl s_client ${version} gets in with intermediates`,
    ignore: !hasOpenssl,
    async fn() {
      await using scene = await Scene.set(OK);
      await using openssl = await Openssl.create(leaf);
      const { port } = scene.sidecar;
      const { output } = await openssl.run({ port, input: REQUEST }, version);
      assert.match(output, /HTTP\/1\.1 200 OK\r\n/);
    },
  });
}
