import assert from "node:assert/strict";
import { inspect } from "node:util";
import { readOwnCertificate } from "../../../src/material/own_certificate.ts";
import { readPrivateKey } from "../../../src/material/private_key.ts";
import { Revocation } from "../../../src/material/revocation.ts";
import { TlsMaterial } from "../../../src/material/tls_material.ts";
import { createAuthority } from "../../support/pki.ts";

const root = createAuthority();
const leaf = root.issue();
const revocation = new Revocation([], { onExpired: "refuse", now: Date.now() });

function material(): TlsMaterial {
  const octets = (text: string) => new TextEncoder().encode(text);
  const key = readPrivateKey(octets(leaf.keyPem), "tls.key");
  const { certificate, chain } = readOwnCertificate(
    octets(leaf.certPem + root.certPem),
    "tls.crt",
    { key, now: Date.now() },
  );
  return new TlsMaterial({
    key,
    certificate,
    chain,
    anchors: chain,
    revocation,
    files: {
      certificate: "tls.crt",
      privateKey: "tls.key",
      certificateAuthorities: ["ca.crt"],
    },
    notes: ["note"],
    warnings: ["warning"],
    digests: {},
    changesAt: Infinity,
  });
}

Deno.test("TlsMaterial gives the key to who asks for it by name", () => {
  assert.equal(material().privateKeyPem, leaf.keyPem);
});

Deno.test("TlsMaterial does not show the key when it is printed, copied or serialised", () => {
  const value = material();
  const body = leaf.keyPem.split("\n")[1];
  assert.ok(body && body.length > 40);
  const shown: Record<string, string> = {
    "JSON.stringify": JSON.stringify(value),
    "Deno.inspect": Deno.inspect(value, {
      depth: 20,
      showHidden: true,
      strAbbreviateSize: 1e6,
    }),
    "util.inspect": inspect(value, {
      depth: 20,
      showHidden: true,
      maxStringLength: null,
    }),
    "String": String(value),
    "spread": JSON.stringify({ ...value }),
    "structuredClone": JSON.stringify(structuredClone(value)),
    "own names": Object.getOwnPropertyNames(value).join(),
  };
  for (const [way, text] of Object.entries(shown)) {
    assert.ok(!text.includes(body), `${way} shows the key`);
    assert.ok(!text.includes("PRIVATE KEY-----"), `${way} shows the key`);
  }
});

Deno.test("TlsMaterial is frozen, its lists and paths too", () => {
  const value = material();
  for (
    const part of [
      value,
      value.chain,
      value.anchors,
      value.files,
      value.files.certificateAuthorities,
      value.notes,
      value.warnings,
    ]
  ) {
    assert.ok(Object.isFrozen(part));
  }
  assert.throws(() => Object.assign(value, { anchorsPem: "" }), TypeError);
});

Deno.test("TlsMaterial does not change with the arrays that it was made of", () => {
  const anchors = [...material().anchors];
  const { certificate, files } = material();
  const key = readPrivateKey(new TextEncoder().encode(leaf.keyPem), "tls.key");
  const value = new TlsMaterial({
    key,
    certificate,
    chain: [],
    anchors,
    revocation,
    files,
    notes: [],
    warnings: [],
    digests: {},
    changesAt: Infinity,
  });
  anchors.pop();
  assert.equal(value.anchors.length, 1);
  assert.equal(value.anchorsPem, root.certPem);
});
