import assert from "node:assert/strict";
import {
  type CertificateReference,
  referenceOf,
  Revocation,
} from "../../../src/material/revocation.ts";
import { parseCertificate } from "../../../src/x509/certificate.ts";
import { createAuthority, type Issued } from "../../support/pki.ts";
import { crlOf, read } from "./crl_fixture.ts";
import { HOUR, NOW, other, root, VALID } from "./material_fixture.ts";

const alice = root.issue({ ...VALID, commonName: "Alice" });
const bob = root.issue({ ...VALID, commonName: "Bob" });

function reference({ der }: Issued): CertificateReference {
  return referenceOf(parseCertificate(der));
}

/** What the CRLs in `pem` revoke, judged at `now`. */
function revocationOf(
  pem: string,
  { now = NOW, onExpired = "refuse" as "refuse" | "warn" } = {},
): Revocation {
  return read(pem, { anchors: [root, other], now, onExpired }).revocation;
}

const NONE = new Revocation([], { onExpired: "refuse", now: NOW });
const EMPTY_CRL = crlOf(root).pem;
const ALICE_REVOKED = crlOf(root, { revoked: [alice], crlNumber: 2 }).pem;
const BOTH_REVOKED = crlOf(root, { revoked: [bob, alice], crlNumber: 3 }).pem;

Deno.test("statusOf() knows what is revoked by issuer and serial number", () => {
  const revocation = revocationOf(ALICE_REVOKED);
  assert.equal(revocation.statusOf(reference(alice), NOW), "revoked");
  assert.equal(revocation.statusOf(reference(bob), NOW), "unrevoked");
  const { serialNumber } = reference(alice);
  const namesake = other.issue({
    ...VALID,
    serial: Uint8Array.fromHex(serialNumber),
  });
  assert.equal(reference(namesake).serialNumber, serialNumber);
  assert.equal(revocation.statusOf(reference(namesake), NOW), "unrevoked");
});

Deno.test("statusOf() finds nothing revoked without a CRL", () => {
  assert.equal(NONE.statusOf(reference(alice), NOW), "unrevoked");
});

Deno.test("statusOf() asks all CRLs of an issuer", () => {
  const revocation = revocationOf(
    ALICE_REVOKED + crlOf(other, { revoked: [bob] }).pem,
  );
  assert.equal(revocation.statusOf(reference(alice), NOW), "revoked");
  assert.equal(revocation.statusOf(reference(bob), NOW), "unrevoked");
});

Deno.test("statusOf() hears a CA's new key on certificates of the old one", () => {
  const renewed = createAuthority({ ...VALID, commonName: "Root" });
  const { revocation } = read(crlOf(renewed, { revoked: [alice] }).pem, {
    anchors: [root, renewed],
  });
  assert.equal(revocation.statusOf(reference(alice), NOW), "revoked");
});

Deno.test("statusOf() is undetermined once the CRL has expired, but for what it lists", () => {
  const revocation = revocationOf(ALICE_REVOKED);
  const stranger = reference(other.issue(VALID));
  assert.equal(revocation.statusOf(reference(bob), NOW + HOUR), "unrevoked");
  const after = NOW + HOUR + 1;
  assert.equal(revocation.statusOf(reference(bob), after), "undetermined");
  assert.equal(revocation.statusOf(reference(alice), after), "revoked");
  assert.equal(revocation.statusOf(stranger, after), "unrevoked");
});

Deno.test("statusOf() goes on by an expired CRL where CRL_EXPIRED is warn", () => {
  const revocation = revocationOf(ALICE_REVOKED, { onExpired: "warn" });
  const after = NOW + HOUR + 1;
  assert.equal(revocation.statusOf(reference(bob), after), "unrevoked");
  assert.equal(revocation.statusOf(reference(alice), after), "revoked");
});

Deno.test("statusOf() vouches for nobody by a clock that does not know the time", () => {
  const revocation = revocationOf(EMPTY_CRL);
  assert.equal(revocation.statusOf(reference(bob), NaN), "undetermined");
});

Deno.test("admitsPath() asks of each certificate, and of the anchor only whether it is revoked", () => {
  const middle = root.issueAuthority({ ...VALID, commonName: "Middle" });
  const leaf = middle.issue(VALID);
  const path = [leaf, middle, root].map(reference);
  const anchored = [leaf, middle].map(reference);
  const after = NOW + HOUR + 1;

  const empty = revocationOf(EMPTY_CRL);
  assert.equal(empty.admitsPath(path, NOW), true);
  assert.equal(empty.admitsPath(path, after), false, "the root's CRL expired");
  assert.equal(empty.admitsPath(anchored, after), true, "no path by the root");

  const listed = revocationOf(crlOf(root, { revoked: [middle] }).pem);
  assert.equal(listed.admitsPath(path, NOW), false);
  assert.equal(listed.admitsPath(anchored, NOW), false);

  const below = read(crlOf(middle, { revoked: [leaf] }).pem, {
    anchors: [root, middle],
  });
  assert.equal(below.revocation.admitsPath(path, NOW), false);
});

Deno.test("admitsPath() does not take a lone leaf for an anchor", () => {
  const revocation = revocationOf(EMPTY_CRL);
  assert.equal(
    revocation.admitsPath([reference(bob)], NOW + HOUR + 1),
    false,
  );
});

Deno.test("expired() counts the CRLs past their nextUpdate, refused for or not", () => {
  const late = crlOf(other, { nextUpdate: NOW + 2 * HOUR });
  for (const onExpired of ["refuse", "warn"] as const) {
    const revocation = revocationOf(EMPTY_CRL + late.pem, { onExpired });
    assert.deepEqual(revocation.expired(NOW + HOUR), []);
    assert.deepEqual(
      revocation.expired(NOW + HOUR + 1).map(({ place }) => place),
      ['CRL 1 (line 1) of "/ca/crl.pem"'],
    );
    assert.equal(revocation.expired(NOW + 2 * HOUR + 1).length, 2);
  }
});

const GROWTH: readonly [
  name: string,
  before: Revocation,
  after: Revocation,
  grew: boolean,
][] = [
  ["nothing came", NONE, NONE, false],
  ["an issuer has its first CRL", NONE, revocationOf(EMPTY_CRL), true],
  [
    "a second issuer has its first CRL",
    revocationOf(EMPTY_CRL),
    revocationOf(EMPTY_CRL + crlOf(other).pem),
    true,
  ],
  ["a CRL left", revocationOf(ALICE_REVOKED), NONE, false],
  [
    "a certificate is newly listed",
    revocationOf(ALICE_REVOKED),
    revocationOf(BOTH_REVOKED),
    true,
  ],
  [
    "as many are listed, but others",
    revocationOf(ALICE_REVOKED),
    revocationOf(crlOf(root, { revoked: [bob] }).pem),
    true,
  ],
  [
    "a certificate is listed no more",
    revocationOf(BOTH_REVOKED),
    revocationOf(ALICE_REVOKED),
    false,
  ],
  [
    "a CRL was signed anew with the same entries",
    revocationOf(ALICE_REVOKED),
    revocationOf(crlOf(root, { revoked: [alice], crlNumber: 9 }).pem),
    false,
  ],
  [
    "the CRL has expired since",
    revocationOf(ALICE_REVOKED),
    revocationOf(ALICE_REVOKED, { now: NOW + HOUR + 1 }),
    true,
  ],
  [
    "the CRL had expired before",
    revocationOf(ALICE_REVOKED, { now: NOW + HOUR + 1 }),
    revocationOf(ALICE_REVOKED, { now: NOW + 2 * HOUR }),
    false,
  ],
  [
    "the CRL has expired where CRL_EXPIRED is warn",
    revocationOf(ALICE_REVOKED, { onExpired: "warn" }),
    revocationOf(ALICE_REVOKED, { onExpired: "warn", now: NOW + HOUR + 1 }),
    false,
  ],
  [
    "an expired CRL was renewed",
    revocationOf(ALICE_REVOKED, { now: NOW + HOUR + 1 }),
    revocationOf(
      crlOf(root, { revoked: [alice], nextUpdate: NOW + 9 * HOUR }).pem,
      {
        now: NOW + HOUR + 1,
      },
    ),
    false,
  ],
];
for (const [name, before, after, grew] of GROWTH) {
  Deno.test(`grewSince() is ${grew} where ${name}`, () => {
    assert.equal(after.grewSince(before), grew);
  });
}
