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

const CN = "2.5.4.3";
const authority = createAuthority();

function identify(subject: Uint8Array) {
  return clientIdentity(parseCertificate(authority.issue({ subject }).der));
}

Deno.test("clientIdentity() reads name, subject and fingerprint", () => {
  const subject = distinguishedName(["2.5.4.10", "Org"], [CN, "client, one"]);
  const leaf = parseCertificate(authority.issue({ subject }).der);
  assert.deepEqual(clientIdentity(leaf), {
    commonName: "client, one",
    subject: "CN=client\\, one,O=Org",
    fingerprint: createHash("sha256").update(leaf.der).digest("hex"),
    subjectHash: createHash("sha256").update(subject).digest("hex").slice(
      0,
      16,
    ),
  });
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
