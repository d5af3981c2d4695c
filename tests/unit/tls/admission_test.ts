import assert from "node:assert/strict";
import { type CertificateOptions, PURPOSE } from "../../support/pki.ts";
import { nullValue } from "../../support/der_writer.ts";
import { extension, generalName } from "../../support/pki_extensions.ts";
import { NOW, other, root, VALID } from "../material/material_fixture.ts";
import { Client, Guarded, issue, sha256 } from "./admission_fixture.ts";

const UNKNOWN_CRITICAL = extension("1.3.6.1.4.1.99999.1", nullValue(), {
  critical: true,
});

Deno.test("judge() admits a client of a trusted CA and says who it is", async () => {
  const leaf = issue({ commonName: "alice" });
  const guarded = await Guarded.create(root);
  const verdict = guarded.judge(new Client(leaf));
  assert.ok(verdict.admitted);
  assert.equal(verdict.standing.client.commonName, "alice");
  assert.equal(verdict.standing.client.subject, "CN=alice");
  assert.equal(verdict.standing.client.fingerprint, sha256(leaf));
});

Deno.test("judge() says who an admitted client's issuers are, between the leaf and the CA", async () => {
  const guarded = await Guarded.create(root);
  const upper = root.issueAuthority({ ...VALID, commonName: "Upper" });
  const lower = upper.issueAuthority({ ...VALID, commonName: "Lower" });
  const chainOf = (client: Client) => {
    const verdict = guarded.judge(client);
    assert.ok(verdict.admitted);
    return verdict.standing.chain;
  };
  const presented = [root.der, other.der, upper.der, lower.der];
  assert.deepEqual(
    chainOf(new Client(lower.issue(VALID).der, presented)),
    [lower.der, upper.der],
  );
  assert.deepEqual(chainOf(new Client(issue(), presented)), []);
});

Deno.test("judge() refuses whom the runtime did not verify, remembered or not", async () => {
  const guarded = await Guarded.create(root);
  const leaf = issue();
  const refused = new Client(leaf, [], { authorized: false });
  assert.equal(guarded.verdict(refused), "UNAUTHORIZED");
  assert.equal(guarded.verdict(new Client(leaf)), "admitted");
  assert.equal(guarded.verdict(refused), "UNAUTHORIZED");
});

Deno.test("judge() says what is wrong with a client that the runtime did not verify either", async () => {
  const guarded = await Guarded.create(root);
  const verdictOn = (leaf: Uint8Array | undefined) =>
    guarded.verdict(new Client(leaf, [], { authorized: false }));
  assert.equal(verdictOn(undefined), "LEAF_MISSING");
  assert.equal(verdictOn(issue({ notAfter: NOW - 1000 })), "LEAF_EXPIRED");
  assert.equal(verdictOn(other.issue(VALID).der), "PATH_NOT_FOUND");
});

Deno.test("judge() goes by what is trusted now, not by what was when the handshake began", async () => {
  const guarded = await Guarded.create(root, other);
  const mine = new Client(issue());
  const others = new Client(other.issue(VALID).der);
  assert.equal(guarded.verdict(others), "admitted");
  await guarded.swap(root);
  assert.equal(guarded.verdict(mine), "admitted");
  assert.equal(guarded.verdict(others), "PATH_NOT_FOUND");
});

Deno.test("judge() refuses a client without a certificate", async () => {
  const guarded = await Guarded.create(root);
  assert.equal(guarded.verdict(new Client(undefined)), "LEAF_MISSING");
  assert.equal(guarded.verdict(new Client(new Uint8Array())), "LEAF_MISSING");
});

Deno.test("judge() refuses a leaf that is not one whole certificate", async () => {
  const guarded = await Guarded.create(root);
  const leaf = issue();
  const malformed = {
    junk: Uint8Array.of(1, 2, 3),
    truncated: leaf.subarray(0, -1),
    "followed by an octet": new Uint8Array([...leaf, 0]),
  };
  for (const [name, octets] of Object.entries(malformed)) {
    assert.equal(guarded.verdict(new Client(octets)), "LEAF_MALFORMED", name);
  }
});

Deno.test("judge() refuses a CA of the bundle as a client, also where the bundle got it a moment ago", async () => {
  const guarded = await Guarded.create(root);
  assert.equal(guarded.verdict(new Client(root.der)), "LEAF_IS_CA");
  assert.equal(guarded.verdict(new Client(other.der)), "LEAF_IS_CA");
  const client = root.issueAuthority({ ...VALID, keyUsage: [] });
  await guarded.swap(root, client);
  assert.equal(guarded.verdict(new Client(client.der)), "LEAF_IS_CA");
});

const REFUSED_LEAVES: [name: string, CertificateOptions, code: string][] = [
  ["of version 1", { version: 1 }, "LEAF_VERSION"],
  ["of version 2", { version: 2 }, "LEAF_VERSION"],
  ["that is a CA by its basicConstraints", { ca: true }, "LEAF_IS_CA"],
  ["of tomorrow", { notBefore: NOW + 1000 }, "LEAF_NOT_YET_VALID"],
  ["of yesterday", { notAfter: NOW - 1000 }, "LEAF_EXPIRED"],
  ["for servers alone", { eku: [PURPOSE.serverAuth] }, "LEAF_KEY_USAGE"],
  [
    "whose key may sign no handshake",
    { keyUsage: ["keyEncipherment"] },
    "LEAF_KEY_USAGE",
  ],
  [
    "with a critical extension that nobody here knows",
    { extraExtensions: [UNKNOWN_CRITICAL] },
    "PATH_REFUSED",
  ],
];

for (const [name, options, code] of REFUSED_LEAVES) {
  Deno.test(`judge() refuses a leaf ${name}`, async () => {
    const guarded = await Guarded.create(root);
    const client = new Client(issue(options));
    assert.equal(guarded.verdict(client), code);
    assert.equal(guarded.verdict(client), code, "the second time");
  });
}

const ADMITTED_LEAVES: [name: string, CertificateOptions][] = [
  ["without extended key usage", { eku: [] }],
  ["for any purpose", { eku: [PURPOSE.any] }],
  ["without key usage", { keyUsage: [] }],
  ["without basicConstraints", { ca: null }],
  ["that begins now", { notBefore: NOW }],
  ["that ends now", { notAfter: NOW }],
];

for (const [name, options] of ADMITTED_LEAVES) {
  Deno.test(`judge() admits a leaf ${name}`, async () => {
    const guarded = await Guarded.create(root);
    assert.equal(guarded.verdict(new Client(issue(options))), "admitted");
  });
}

Deno.test("judge() refuses a client of a CA that is not trusted", async () => {
  const guarded = await Guarded.create(root);
  const client = new Client(other.issue(VALID).der, [other.der]);
  assert.equal(guarded.verdict(client), "PATH_NOT_FOUND");
});

const REFUSED_INTERMEDIATES: [name: string, CertificateOptions][] = [
  ["without keyCertSign", { keyUsage: ["cRLSign"] }],
  ["that is no CA", { ca: false }],
  ["that is expired", { notAfter: NOW - 1000 }],
  ["of version 1", { version: 1 }],
  ["for servers alone", { eku: [PURPOSE.serverAuth] }],
  ["with an unknown critical extension", {
    extraExtensions: [UNKNOWN_CRITICAL],
  }],
  ["that excludes the leaf's name", {
    nameConstraints: { excluded: [generalName("dns", "example.org")] },
  }],
];

for (const [name, options] of REFUSED_INTERMEDIATES) {
  Deno.test(`judge() refuses a path through an intermediate ${name}`, async () => {
    const guarded = await Guarded.create(root);
    const middle = root.issueAuthority({ ...VALID, ...options });
    const leaf = middle.issue({ ...VALID, dnsNames: ["a.example.org"] });
    const client = new Client(leaf.der, [middle.der]);
    assert.equal(guarded.verdict(client), "PATH_REFUSED");
  });
}

Deno.test("judge() finds the path among junk and certificates of no use", async () => {
  const guarded = await Guarded.create(root);
  const upper = root.issueAuthority({ ...VALID, commonName: "Upper" });
  const lower = upper.issueAuthority({ ...VALID, commonName: "Lower" });
  const client = new Client(lower.issue(VALID).der, [
    other.der,
    upper.der,
    Uint8Array.of(0x30, 0x80, 0, 0),
    issue(),
    lower.der,
  ]);
  assert.equal(guarded.verdict(client), "admitted");
});
