import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { parseCertificate } from "../../../src/x509/certificate.ts";
import { MAX_CRL_OCTETS, verifyCrlSignature } from "../../../src/x509/crl.ts";
import * as der from "../../support/der_writer.ts";
import { createAuthority, type Issued } from "../../support/pki.ts";
import { createCrl, manyEntries, revokedEntry } from "../../support/pki_crl.ts";
import { extension } from "../../support/pki_extensions.ts";
import type { KeyAlgorithm } from "../../support/pki_keys.ts";
import { assertCrlRefused, parseCrl } from "./crl_refusal.ts";

const NOW = Date.UTC(2030, 0, 1);
const root = createAuthority({ commonName: "Root" });
const SERIAL = Uint8Array.of(0x01, 0x02, 0x03);

function verifies(crl: { der: Uint8Array }, issuer: Issued): boolean {
  return verifyCrlSignature(parseCrl(crl.der), parseCertificate(issuer.der));
}

Deno.test("parseCrl() gives issuer, times, number and serial numbers", () => {
  const { der: octets } = createCrl(root, {
    thisUpdate: NOW,
    nextUpdate: NOW + 1000,
    crlNumber: 300,
    entries: [{ serial: SERIAL }, { serial: Uint8Array.of(0x00, 0xff) }],
  });
  const crl = parseCrl(octets);
  assert.equal(crl.issuer.der.toHex(), root.subject.toHex());
  assert.equal(crl.thisUpdate, NOW);
  assert.equal(crl.nextUpdate, NOW + 1000);
  assert.equal(crl.crlNumber, 300n);
  assert.equal(crl.scope, "");
  assert.equal(
    crl.fingerprint,
    createHash("sha256").update(octets).digest("hex"),
  );
  assert.equal(crl.revoked.size, 2);
  assert.equal(crl.revoked.has("010203"), true);
  assert.equal(crl.revoked.has("00ff"), true);
  assert.equal(crl.revoked.has("ff"), false);
});

Deno.test("parseCrl() knows a certificate by the serial number as parseCertificate() gives it", () => {
  for (const hex of ["00", "01", "7f", "0080", "00" + "ff".repeat(20)]) {
    const serial = Uint8Array.fromHex(hex);
    const { serialNumber } = parseCertificate(root.issue({ serial }).der);
    const { revoked } = parseCrl(
      createCrl(root, { entries: [{ serial }] }).der,
    );
    assert.equal(revoked.has(serialNumber), true, hex);
  }
});

Deno.test("parseCrl() takes a CRL without entries, the list absent or empty", () => {
  assert.equal(parseCrl(createCrl(root).der).revoked.size, 0);
  const empty = createCrl(root, { list: der.sequence() });
  assert.equal(parseCrl(empty.der).revoked.size, 0);
});

Deno.test("parseCrl() takes version 1, and refuses extensions in it", () => {
  const entries = [{ serial: SERIAL }];
  const crl = parseCrl(createCrl(root, { version: 1, entries }).der);
  assert.equal(crl.revoked.has("010203"), true);
  assert.equal(crl.crlNumber, undefined);
  assertCrlRefused(
    createCrl(root, {
      version: 1,
      extraExtensions: [extension("2.5.29.20", der.integer(1))],
    }).der,
    "unexpected octets after the last field",
  );
  assertCrlRefused(
    createCrl(root, { version: 1, entries: [{ serial: SERIAL, reason: 1 }] })
      .der,
    "the fields of an entry do not fill it",
  );
});

Deno.test("parseCrl() refuses versions that are none", () => {
  const v2 = createCrl(root).der;
  const at = v2.toHex().indexOf("020101") / 2 + 2;
  for (const version of [0, 2]) {
    const other = v2.slice();
    other[at] = version;
    assertCrlRefused(other, "expected version 1 or 2");
  }
});

Deno.test("parseCrl() refuses a CRL without nextUpdate, or with one before thisUpdate", () => {
  assertCrlRefused(
    createCrl(root, { nextUpdate: null }).der,
    "expected nextUpdate, found none",
  );
  assertCrlRefused(
    createCrl(root, { thisUpdate: NOW, nextUpdate: NOW - 1000 }).der,
    "expected nextUpdate not to be before thisUpdate",
  );
  parseCrl(createCrl(root, { thisUpdate: NOW, nextUpdate: NOW }).der);
});

Deno.test("parseCrl() takes times from 2050 on", () => {
  const nextUpdate = Date.UTC(2060, 0, 1);
  assert.equal(
    parseCrl(createCrl(root, { nextUpdate }).der).nextUpdate,
    nextUpdate,
  );
});

Deno.test("parseCrl() refuses two different signature algorithms", () => {
  assertCrlRefused(
    createCrl(root, {
      innerAlgorithm: der.sequence(der.oid("1.2.840.10045.4.3.3")),
    }).der,
    "expected the same signature algorithm within and without",
  );
});

Deno.test("parseCrl() refuses octets before, between and after", () => {
  const { der: octets } = createCrl(root, { entries: [{ serial: SERIAL }] });
  assertCrlRefused(
    der.concat([octets, Uint8Array.of(0)]),
    "unexpected octets after the last field",
  );
  assertCrlRefused(
    octets.slice(0, -1),
    "an element is longer than what holds it",
  );
  assertCrlRefused(new Uint8Array(), "it ends too early");
  assertCrlRefused(root.der, "expected tag 0x30, found 0xa0");
});

Deno.test("parseCrl() refuses an input over 16 MiB unread", () => {
  assertCrlRefused(
    new Uint8Array(MAX_CRL_OCTETS + 1),
    "expected at most 16777216 octets",
  );
});

Deno.test("parseCrl() gives a verdict on any cut and any changed octet, and no other exception", () => {
  const { der: octets } = createCrl(root, {
    entries: [{ serial: SERIAL, reason: 1 }, { serial: Uint8Array.of(9) }],
  });
  for (let at = 0; at < octets.length; at++) {
    for (const octet of [0x00, 0x7f, 0x80, 0xff, (octets[at] ?? 0) ^ 1]) {
      const changed = octets.slice();
      changed[at] = octet;
      try {
        parseCrl(changed);
      } catch (error) {
        assert.equal(Reflect.get(Object(error), "code"), "CRL_INVALID");
      }
    }
    assert.throws(() => parseCrl(octets.slice(0, at)), { code: "CRL_INVALID" });
  }
});

Deno.test("parseCrl() reads 100,000 entries within a second", () => {
  const entry = (index: number) => manyEntries(index + 1)[index]!;
  const entries = manyEntries(100_000);
  const octets = createCrl(root, {
    list: der.sequence(der.concat(entries.map(revokedEntry))),
  }).der;
  const start = performance.now();
  const { revoked } = parseCrl(octets);
  assert.ok(performance.now() - start < 1000);
  assert.equal(revoked.size, 100_000);
  for (const index of [0, 1, 4711]) {
    assert.equal(revoked.has(entry(index).serial.toHex()), true);
  }
  assert.equal(revoked.has("5b".repeat(16)), false);
});

for (
  const keyAlgorithm of [
    "P-256",
    "P-384",
    "RSA-2048",
    "Ed25519",
  ] as const satisfies readonly KeyAlgorithm[]
) {
  Deno.test(`verifyCrlSignature() knows ${keyAlgorithm}, and sees a changed serial number`, () => {
    const authority = createAuthority({ keyAlgorithm });
    const crl = createCrl(authority, { entries: [{ serial: SERIAL }] });
    assert.equal(verifies(crl, authority), true);
    const changed = crl.der.slice();
    const at = changed.toHex().indexOf("0203010203") / 2;
    changed[at + 4] = 0x04;
    assert.equal(parseCrl(changed).revoked.has("010204"), true);
    assert.equal(verifies({ der: changed }, authority), false);
  });
}

Deno.test("verifyCrlSignature() refuses SHA-1 signatures", () => {
  assert.equal(
    verifies(createCrl(root, { signatureAlgorithm: "ECDSA-SHA1" }), root),
    false,
  );
});

Deno.test("verifyCrlSignature() refuses another CA of the same name", () => {
  const namesake = createAuthority({ commonName: "Root" });
  assert.equal(verifies(createCrl(namesake), root), false);
});

Deno.test("verifyCrlSignature() refuses a CRL in another name, though the key is right", () => {
  const other = createAuthority({ commonName: "Other" });
  assert.equal(
    verifies(createCrl(root, { issuer: other.subject }), root),
    false,
  );
  assert.equal(
    verifies(createCrl(root, { issuer: other.subject }), other),
    false,
  );
});

Deno.test("verifyCrlSignature() asks for cRLSign where there is a keyUsage", () => {
  const without = createAuthority({ keyUsage: ["keyCertSign"] });
  assert.equal(verifies(createCrl(without), without), false);
  const absent = createAuthority({ keyUsage: [] });
  assert.equal(verifies(createCrl(absent), absent), true);
});
