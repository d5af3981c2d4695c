import assert from "node:assert/strict";
import { generateKeyPairSync, X509Certificate } from "node:crypto";
import type tls from "node:tls";
import * as der from "../support/der_writer.ts";
import { createAuthority, type Issued, toPem } from "../support/pki.ts";
import { signatureScheme } from "../support/pki_keys.ts";
import {
  client,
  connect,
  createServer,
  InjectedServer,
  receive,
  root,
  server,
} from "./injected_server.ts";
import { hasOpenssl, OpensslClient } from "./openssl_client.ts";

async function answer(options: tls.TlsOptions): Promise<string> {
  using injected = new InjectedServer(
    createServer((socket) => socket.end("in"), options),
  );
  return String(await receive(connect(injected.port), { length: 2 }));
}

Deno.test("setSecureContext() takes garbage, and every handshake after it fails", async () => {
  const tlsServer = createServer((socket) => socket.end("in"));
  using injected = new InjectedServer(tlsServer);
  assert.equal(
    String(await receive(connect(injected.port), { length: 2 })),
    "in",
  );
  assert.doesNotThrow(
    () =>
      tlsServer.setSecureContext({
        cert: "garbage",
        key: "garbage",
        ca: "garbage",
      }),
    "reconsider src/material: the runtime checks material itself now",
  );
  assert.equal(
    String(await receive(connect(injected.port), { length: 2 })),
    "",
  );
});

const IGNORED: tls.TlsOptions[] = [
  { crl: revokingTheClient() },
  { ciphers: "NO-SUCH-CIPHER" },
  { sigalgs: "no-such-algorithm" },
  { ecdhCurve: "no-such-curve" },
];

for (const options of IGNORED) {
  Deno.test(`createServer() ignores ${Object.keys(options).join()} silently`, async () => {
    assert.equal(
      await answer(options),
      "in",
      "reconsider the settings: this option has come to do something",
    );
  });
}

Deno.test("createServer() takes a key on a curve that it cannot serve, and every handshake fails", async () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "secp256k1" });
  const own = root.issue({ key: privateKey, dnsNames: ["localhost"] });
  const why = "reconsider the curves that src/material/private_key.ts refuses";
  assert.equal(await answer({ cert: own.certPem, key: own.keyPem }), "", why);
});

for (
  const keyAlgorithm of [
    "RSA-2048",
    "P-256",
    "P-384",
    "P-521",
    "Ed25519",
  ] as const
) {
  Deno.test({
    name: `an injected tls.Server serves an ${keyAlgorithm} key from PKCS#8`,
    ignore: !hasOpenssl,
    async fn() {
      const own = root.issue({ keyAlgorithm });
      using injected = new InjectedServer(createServer(
        (socket) => socket.on("data", () => socket.end("in\n")),
        { cert: own.certPem, key: own.keyPem },
      ));
      await using openssl = await OpensslClient.create();
      for (const version of ["-tls1_2", "-tls1_3"]) {
        const output = await openssl.run(injected.port, version);
        assert.match(
          output,
          /Verify return code: 0 \(ok\)/,
          "reconsider the keys that src/material/private_key.ts takes",
        );
      }
    },
  });
}

Deno.test({
  name: "the whole ca bundle is sent as the server's chain",
  ignore: !hasOpenssl,
  async fn() {
    const ca = root.certPem + createAuthority().certPem +
      createAuthority().certPem;
    using injected = new InjectedServer(
      createServer((socket) => socket.on("data", () => socket.end("in\n")), {
        ca,
      }),
    );
    await using openssl = await OpensslClient.create();
    const sent = (await openssl.run(injected.port, "-showcerts", "-tls1_3"))
      .match(/^ ?\d+ s:/gm) ?? [];
    assert.equal(
      sent.length,
      4,
      "reconsider src/material/message_size.ts: the CA pool no longer travels with each handshake",
    );
  },
});

Deno.test("the runtime's client refuses a Certificate message of over 65536 octets", async () => {
  const pool = Array.from(
    { length: 190 },
    (_, index) => createAuthority({ commonName: `CA ${index}`, key: root.key }),
  );
  const few = [root, ...pool.slice(0, 120)];
  const many = [root, ...pool];
  const octets = (list: readonly Issued[]) =>
    [server, ...list].reduce((sum, { der }) => sum + der.length + 5, 8);
  const pem = (list: readonly Issued[]) =>
    list.map(({ certPem }) => certPem).join("");
  assert.ok(octets(few) < 65_536 && octets(many) > 65_536);
  assert.equal(await answer({ ca: pem(few) }), "in");
  assert.equal(
    await answer({ ca: pem(many) }),
    "",
    "reconsider the limits in src/material/message_size.ts",
  );
});

/** A CRL of the canary root that names the canary client (RFC 5280 §5.1), as PEM. */
function revokingTheClient(): string {
  const { identifier, sign } = signatureScheme(root.key);
  const { serialNumber } = new X509Certificate(client.certPem);
  const thisUpdate = der.time(Date.now() - 60_000);
  const tbs = der.sequence(
    der.integer(1),
    identifier,
    root.subject,
    thisUpdate,
    der.time(Date.now() + 3_600_000),
    der.sequence(
      der.sequence(
        der.integer(Uint8Array.fromHex(serialNumber.padStart(32, "0"))),
        thisUpdate,
      ),
    ),
  );
  return toPem(
    der.sequence(tbs, identifier, der.bitString(sign(tbs))),
    "X509 CRL",
  );
}
