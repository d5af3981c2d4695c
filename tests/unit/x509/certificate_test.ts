import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash, X509Certificate } from "node:crypto";
import { parseCertificate } from "../../../src/x509/certificate.ts";
import { formatName } from "../../../src/x509/name.ts";
import * as der from "../../support/der_writer.ts";
import { createAuthority, distinguishedName } from "../../support/pki.ts";
import { extension } from "../../support/pki_extensions.ts";
import { spkiOf } from "../../support/pki_keys.ts";
import { assertMalformed } from "./malformed.ts";

const authority = createAuthority({ commonName: "Root" });

Deno.test("parseCertificate() reads what node:crypto reads", () => {
  const notBefore = Date.UTC(2024, 1, 29, 1, 2, 3);
  const notAfter = Date.UTC(2051, 0, 1);
  const issued = authority.issue({ commonName: "client", notBefore, notAfter });
  const certificate = parseCertificate(issued.der);
  const reference = new X509Certificate(issued.certPem);
  assert.equal(certificate.version, 3);
  assert.equal(
    certificate.serialNumber.toUpperCase(),
    reference.serialNumber.padStart(32, "0"),
  );
  assert.equal(
    certificate.fingerprint.toUpperCase(),
    reference.fingerprint256.replaceAll(":", ""),
  );
  assert.equal(formatName(certificate.subject), "CN=client");
  assert.equal(formatName(certificate.issuer), "CN=Root");
  assert.equal(certificate.notBefore, notBefore);
  assert.equal(certificate.notAfter, notAfter);
  assert.deepEqual(certificate.spki, Uint8Array.from(spkiOf(issued.key)));
  assert.equal(certificate.signatureAlgorithm.oid, "1.2.840.10045.4.3.2");
  assert.equal(certificate.signatureAlgorithm.parameters, undefined);
});

Deno.test("parseCertificate() keeps the parameters of the signature algorithm", () => {
  const { der: rsa } = createAuthority({ keyAlgorithm: "RSA-2048" });
  assert.equal(
    parseCertificate(rsa).signatureAlgorithm.parameters?.toHex(),
    "0500",
  );
});

Deno.test("parseCertificate() keeps a copy, so that the input may be used again", () => {
  for (const input of [authority.der.slice(), Buffer.from(authority.der)]) {
    const certificate = parseCertificate(input);
    input.fill(0);
    assert.deepEqual(certificate.der, authority.der);
  }
  const certificate = parseCertificate(authority.der);
  const digest = createHash("sha256").update(certificate.der).digest("hex");
  assert.equal(certificate.fingerprint, digest);
});

Deno.test("parseCertificate() reads a certificate that stands within a larger array", () => {
  const larger = der.concat([
    new Uint8Array(7),
    authority.der,
    new Uint8Array(7),
  ]);
  const certificate = parseCertificate(
    larger.subarray(7, 7 + authority.der.length),
  );
  assert.deepEqual(certificate.der, authority.der);
});

for (const version of [1, 2] as const) {
  Deno.test(`parseCertificate() reads version ${version}`, () => {
    const certificate = parseCertificate(authority.issue({ version }).der);
    assert.equal(certificate.version, version);
    assert.deepEqual(certificate.extensions, { unknownCritical: [] });
  });

  Deno.test(`parseCertificate() refuses extensions in version ${version}`, () => {
    const extraExtensions = [extension("1.2.3", der.nullValue())];
    const { der: odd } = authority.issue({ version, extraExtensions });
    assertMalformed(
      () => parseCertificate(odd),
      "unexpected octets after the last field",
    );
  });
}

Deno.test("parseCertificate() refuses every certificate that is cut short", () => {
  for (let length = 0; length < authority.der.length; length++) {
    assert.throws(() => parseCertificate(authority.der.subarray(0, length)), {
      code: "CERT_INVALID",
    });
  }
});

Deno.test("parseCertificate() refuses octets after the certificate", () => {
  assertMalformed(
    () => parseCertificate(der.concat([authority.der, new Uint8Array(1)])),
    "unexpected octets after the last field",
  );
});

Deno.test("parseCertificate() refuses more than 64 KiB, whatever they hold", () => {
  assertMalformed(
    () => parseCertificate(new Uint8Array(65_537)),
    "expected at most 65536 octets",
  );
});

Deno.test("parseCertificate() refuses deep nesting without exhausting the stack", () => {
  let nested: Uint8Array = der.sequence();
  while (nested.length < 60_000) {
    nested = der.sequence(nested, new Uint8Array(0));
  }
  assertMalformed(() => parseCertificate(nested), "it ends too early");
});

interface Parts {
  readonly version?: Uint8Array;
  readonly serial?: Uint8Array;
  readonly innerAlgorithm?: Uint8Array;
  readonly validity?: Uint8Array;
  readonly spki?: Uint8Array;
  readonly rest?: readonly Uint8Array[];
  readonly signature?: Uint8Array;
}

/** A certificate with one part replaced; nothing in it is really signed. */
function assemble(parts: Parts): Uint8Array {
  const algorithm = der.sequence(der.oid("1.2.840.10045.4.3.2"));
  const now = der.time(Date.UTC(2026, 0));
  const tbs = der.sequence(
    parts.version ?? der.context(0, der.integer(2)),
    parts.serial ?? der.integer(1),
    parts.innerAlgorithm ?? algorithm,
    distinguishedName(["2.5.4.3", "issuer"]),
    parts.validity ?? der.sequence(now, now),
    distinguishedName(["2.5.4.3", "subject"]),
    parts.spki ?? der.sequence(algorithm, der.bitString(der.raw("00"))),
    ...(parts.rest ?? []),
  );
  return der.sequence(
    tbs,
    algorithm,
    parts.signature ?? der.bitString(der.raw("00")),
  );
}

Deno.test("parseCertificate() lets serial number zero and unique identifiers through", () => {
  const rest = [
    der.contextPrimitive(1, der.raw("00ff")),
    der.contextPrimitive(2, der.raw("00ff")),
  ];
  const certificate = parseCertificate(
    assemble({ serial: der.integer(0), rest }),
  );
  assert.equal(certificate.serialNumber, "00");
});

Deno.test("parseCertificate() counts the octets of the serial number's value", () => {
  const serial = der.integer(Uint8Array.of(0, 0x80, ...new Uint8Array(19)));
  assert.equal(
    parseCertificate(assemble({ serial })).serialNumber,
    "0080" + "00".repeat(19),
  );
});

const NULL_ALGORITHM = der.sequence(
  der.oid("1.2.840.10045.4.3.2"),
  der.nullValue(),
);
const REFUSED:
  readonly (readonly [why: string, parts: Parts, problem: string])[] = [
    [
      "version 1 that is spelt out",
      { version: der.context(0, der.integer(0)) },
      "expected version 1, 2 or 3",
    ],
    [
      "version 4",
      { version: der.context(0, der.integer(3)) },
      "expected version 1, 2 or 3",
    ],
    [
      "a negative serial number",
      { serial: der.integer(Uint8Array.of(0x80)) },
      "expected a serial number that is not negative",
    ],
    [
      "a serial number of 21 octets",
      { serial: der.integer(new Uint8Array(21).fill(1)) },
      "expected a serial number of at most 20 octets",
    ],
    [
      "a signature algorithm that differs within in its parameters alone",
      { innerAlgorithm: NULL_ALGORITHM },
      "expected the same signature algorithm within and without",
    ],
    [
      "a validity of three times",
      { validity: der.sequence(der.time(0), der.time(0), der.time(0)) },
      "unexpected octets after the last field",
    ],
    [
      "a validity of one time",
      { validity: der.sequence(der.time(0)) },
      "it ends too early",
    ],
    [
      "a public key that is not whole octets",
      { spki: der.sequence(NULL_ALGORITHM, der.bitString(der.raw("80"), 7)) },
      "expected a BIT STRING of whole octets",
    ],
    [
      "a public key without an algorithm",
      { spki: der.sequence(der.bitString(der.raw("00"))) },
      "expected tag 0x30, found 0x03",
    ],
    [
      "a signature that is not whole octets",
      { signature: der.bitString(der.raw("80"), 7) },
      "expected a BIT STRING of whole octets",
    ],
    [
      "an empty list of extensions",
      { rest: [der.context(3, der.sequence())] },
      "it ends too early",
    ],
    [
      "two lists of extensions",
      {
        rest: [1, 2].map(() =>
          der.context(3, der.sequence(extension("1.2.3", der.nullValue())))
        ),
      },
      "unexpected octets after the last field",
    ],
  ];

for (const [why, parts, problem] of REFUSED) {
  Deno.test(`parseCertificate() refuses ${why}`, () => {
    parseCertificate(assemble({}));
    assertMalformed(() => parseCertificate(assemble(parts)), problem);
  });
}
