import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { clientIdentity } from "../../../src/identity/client_identity.ts";
import { parseCertificate } from "../../../src/x509/certificate.ts";
import {
  bmpString,
  nullValue,
  printableString,
  sequence,
  set,
} from "../../support/der_writer.ts";
import {
  attribute,
  createAuthority,
  distinguishedName,
} from "../../support/pki.ts";
import { spkiOf } from "../../support/pki_keys.ts";

const CN = "2.5.4.3";
const OU = "2.5.4.11";
const authority = createAuthority();

function sha256(octets: Uint8Array): string {
  return createHash("sha256").update(octets).digest("hex");
}

function identify(subject: Uint8Array) {
  return clientIdentity(parseCertificate(authority.issue({ subject }).der));
}

Deno.test("clientIdentity() reads everything that a certificate says of a client", () => {
  const subject = distinguishedName(
    ["2.5.4.10", "Org"],
    [OU, "Team A"],
    [OU, "Team, B"],
    [CN, "client, one"],
  );
  const { der, key } = authority.issue({
    subject,
    dnsNames: ["a.example", "*.b.example"],
    uris: ["spiffe://acme/web"],
    emails: ["a@acme.example"],
    ips: ["192.0.2.1", "20010db8000000000000000000000001"],
    serial: Uint8Array.of(0x00, 0xab, 0x01),
    notBefore: Date.UTC(2026, 0, 1),
    notAfter: Date.UTC(2026, 0, 2),
  });
  assert.deepEqual(clientIdentity(parseCertificate(der)), {
    commonName: "client, one",
    subject: "CN=client\\, one,OU=Team\\, B,OU=Team A,O=Org",
    issuer: "CN=Test Root",
    organizationalUnits: ["Team A", "Team, B"],
    dnsNames: ["a.example", "*.b.example"],
    uris: ["spiffe://acme/web"],
    emails: ["a@acme.example"],
    ipAddresses: ["192.0.2.1", "2001:db8::1"],
    spiffeId: "spiffe://acme/web",
    serial: "00ab01",
    notBefore: Date.UTC(2026, 0, 1),
    notAfter: Date.UTC(2026, 0, 2),
    fingerprint: sha256(der),
    spki: sha256(spkiOf(key)),
    subjectHash: sha256(subject).slice(0, 16),
  });
});

Deno.test("clientIdentity() reads a certificate without names", () => {
  const { der } = authority.issue({ subject: sequence() });
  const identity = clientIdentity(parseCertificate(der));
  assert.equal(identity.subject, "");
  assert.equal("commonName" in identity, false);
  assert.equal("spiffeId" in identity, false);
  const { organizationalUnits, dnsNames, uris, emails, ipAddresses } = identity;
  assert.deepEqual(
    [organizationalUnits, dnsNames, uris, emails, ipAddresses],
    [[], [], [], [], []],
  );
});

Deno.test("clientIdentity() takes the most specific of several common names", () => {
  assert.equal(
    identify(distinguishedName([CN, "first"], [CN, "last"])).commonName,
    "last",
  );
  const several = sequence(set(attribute(CN, "a"), attribute(CN, "b")));
  assert.equal(identify(several).commonName, "b");
});

Deno.test("clientIdentity() leaves out a common name that is missing, empty or no string", () => {
  for (
    const subject of [
      sequence(),
      distinguishedName(["2.5.4.10", "Org"]),
      distinguishedName([CN, ""]),
      distinguishedName([CN, "first"], [CN, nullValue()]),
    ]
  ) assert.equal("commonName" in identify(subject), false);
  assert.equal(identify(sequence()).subject, "");
});

Deno.test("clientIdentity() reads a common name whatever its string type", () => {
  assert.equal(
    identify(distinguishedName([CN, bmpString("Ωmega")])).commonName,
    "Ωmega",
  );
  assert.equal(
    identify(distinguishedName([CN, printableString("a b")])).commonName,
    "a b",
  );
});

Deno.test("clientIdentity() gives one subject hash to one subject, whoever the issuer", () => {
  const subject = distinguishedName([CN, "same"]);
  const other = parseCertificate(createAuthority().issue({ subject }).der);
  assert.equal(
    clientIdentity(other).subjectHash,
    identify(subject).subjectHash,
  );
  assert.notEqual(
    identify(distinguishedName([CN, "other"])).subjectHash,
    identify(subject).subjectHash,
  );
});
