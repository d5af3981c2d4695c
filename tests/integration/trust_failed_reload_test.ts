import assert from "node:assert/strict";
import { get, ok } from "../support/messages.ts";
import { createAuthority, type Issued } from "../support/pki.ts";
import { createCrl } from "../support/pki_crl.ts";
import { root, server } from "../support/sidecar.ts";
import { bundle, kept, removed, TrustScene } from "./trust_scene.ts";

/** Another certificate of the sidecar, which `next` alone vouches for. */
const next = createAuthority({ commonName: "Next Root" });
const renewed = next.issue({ commonName: "renewed", ips: ["127.0.0.1"] });

/** Whether a new client is served that knows the sidecar by `authority`. */
async function isServed(
  scene: TrustScene,
  { authority, identity = kept.issue() }: {
    authority: Issued;
    identity?: Issued;
  },
): Promise<boolean> {
  try {
    using client = await scene.sidecar.connect({
      identity,
      caCerts: [authority.certPem],
    });
    await client.send(get());
    return await client.until("in") !== undefined;
  } catch {
    return false;
  }
}

const FAULTS: [
  name: string,
  files: Readonly<Record<string, string>>,
  code: string,
  file: RegExp,
][] = [
  [
    "a certificate that is cut in the middle",
    { "certs/tls.crt": renewed.chainPem.slice(0, 300) },
    "PEM_INVALID",
    /tls\.crt/,
  ],
  [
    "a certificate without its key",
    { "certs/tls.crt": renewed.chainPem },
    "KEY_MISMATCH",
    /tls\.crt/,
  ],
  [
    "a key without its certificate",
    { "certs/tls.key": renewed.keyPem },
    "KEY_MISMATCH",
    /tls\.crt/,
  ],
  ["an empty CA bundle", { "ca/ca.crt": "" }, "PEM_INVALID", /ca\.crt/],
  [
    "a CRL in the name of a CA that did not sign it",
    { "ca/crl.pem": createCrl({ key: next.key, subject: kept.subject }).pem },
    "CRL_INVALID",
    /crl\.pem/,
  ],
];

for (const [name, files, code, file] of FAULTS) {
  Deno.test(`${name} keeps everything as it was, is logged with file and code, and heals with the next good write`, async () => {
    await using scene = await TrustScene.set(ok("in"));
    const client = await scene.served(kept.issue());
    const { level, fields } = await scene.reject(files);
    assert.deepEqual([level, fields["code"]], ["warning", code]);
    assert.match(String(fields["error"]), file);
    assert.ok(!String(fields["error"]).includes("-----"));
    await client.send(get());
    assert.equal((await client.response()).content, "in");
    assert.ok(await isServed(scene, { authority: root }));

    await scene.reload({
      "certs/tls.crt": renewed.chainPem,
      "certs/tls.key": renewed.keyPem,
      "ca/ca.crt": bundle([kept]),
      "ca/crl.pem": createCrl(kept).pem,
    });
    assert.ok(await isServed(scene, { authority: next }));
    assert.equal(
      await isServed(scene, { authority: next, identity: removed.issue() }),
      false,
    );
  });
}

Deno.test("a bundle is not taken while the certificate written with it is broken: all or nothing", async () => {
  await using scene = await TrustScene.set(ok("in"));
  const client = await scene.served(removed.issue());
  await scene.reject({
    "ca/ca.crt": bundle([kept]),
    "certs/tls.crt": "broken",
  });
  await client.send(get());
  assert.equal((await client.response()).content, "in");
  await scene.reload({ "certs/tls.crt": server.chainPem });
  assert.equal((await client.rest()).text, "");
});

Deno.test("the first handshake with a new certificate comes less than 500 ms after its file", async () => {
  await using scene = await TrustScene.set(ok("in"));
  await scene.sidecar.event("following the files");
  const lasted: number[] = [];
  const issuers = [next, root];
  for (let round = 0; round < 6; round++) {
    const authority = issuers[round % 2]!;
    const issued = round % 2 === 0 ? renewed : server;
    await scene.put({ "certs/tls.crt": issued.chainPem });
    await scene.put({ "certs/tls.key": issued.keyPem });
    const since = performance.now();
    while (!await isServed(scene, { authority })) {
      assert.ok(performance.now() - since < 20_000, "it never came");
    }
    lasted.push(performance.now() - since);
  }
  // A machine busy with other tests may be late, but not six times.
  assert.ok(Math.min(...lasted) < 500, `${lasted} ms`);
});
