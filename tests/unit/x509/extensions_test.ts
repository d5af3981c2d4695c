import assert from "node:assert/strict";
import { readSingle, Tag } from "../../../src/x509/der.ts";
import {
  type Extensions,
  readExtensions,
} from "../../../src/x509/extensions.ts";
import { formatName } from "../../../src/x509/name.ts";
import * as der from "../../support/der_writer.ts";
import { distinguishedName, PURPOSE } from "../../support/pki.ts";
import { extension, generalName } from "../../support/pki_extensions.ts";
import { assertMalformed } from "./malformed.ts";

const SUBJECT_KEY_IDENTIFIER = "2.5.29.14";
const KEY_USAGE = "2.5.29.15";
const SUBJECT_ALT_NAME = "2.5.29.17";
const BASIC_CONSTRAINTS = "2.5.29.19";
const NAME_CONSTRAINTS = "2.5.29.30";
const AUTHORITY_KEY_IDENTIFIER = "2.5.29.35";
const EXTENDED_KEY_USAGE = "2.5.29.37";

function read(...list: Uint8Array[]): Extensions {
  return readExtensions(readSingle(der.sequence(...list), Tag.SEQUENCE));
}

function readOne(oid: string, value: Uint8Array): Extensions {
  return read(extension(oid, value));
}

Deno.test("readExtensions() reads basicConstraints", () => {
  const one = (...fields: Uint8Array[]) =>
    readOne(BASIC_CONSTRAINTS, der.sequence(...fields)).basicConstraints;
  assert.deepEqual(one(), { ca: false });
  assert.deepEqual(one(der.boolean(false)), { ca: false });
  assert.deepEqual(one(der.boolean(true)), { ca: true });
  assert.deepEqual(one(der.boolean(true), der.integer(0)), {
    ca: true,
    pathLength: 0,
  });
});

Deno.test("readExtensions() reads keyUsage", () => {
  const one = (octets: string, unused: number) =>
    readOne(KEY_USAGE, der.bitString(der.raw(octets), unused)).keyUsage;
  const none = { digitalSignature: false, keyCertSign: false, cRLSign: false };
  assert.deepEqual(one("80", 7), { ...none, digitalSignature: true });
  assert.deepEqual(one("06", 1), { ...none, keyCertSign: true, cRLSign: true });
  assert.deepEqual(one("0080", 7), none);
  assert.deepEqual(one("", 0), none);
});

Deno.test("readExtensions() reads extendedKeyUsage", () => {
  const value = der.sequence(
    der.oid(PURPOSE.serverAuth),
    der.oid(PURPOSE.clientAuth),
  );
  assert.deepEqual(readOne(EXTENDED_KEY_USAGE, value).extendedKeyUsage, [
    PURPOSE.serverAuth,
    PURPOSE.clientAuth,
  ]);
});

Deno.test("readExtensions() reads every form of subjectAltName", () => {
  const other = der.context(
    0,
    der.oid("1.2.3"),
    der.context(0, der.utf8String("x")),
  );
  const names = readOne(
    SUBJECT_ALT_NAME,
    der.sequence(
      generalName("dns", "*.example.com"),
      generalName("email", "a@example.com"),
      generalName("uri", "spiffe://example.org/a"),
      generalName("ip", "192.0.2.1"),
      generalName("ip", "20010db8000000000000000000000001"),
      generalName("directory", distinguishedName(["2.5.4.3", "dir"])),
      other,
    ),
  ).subjectAltName ?? [];
  const [dns, email, uri, ip4, ip6, directory, last] = names;
  assert.deepEqual(dns, { form: "dns", value: "*.example.com" });
  assert.deepEqual(email, { form: "email", value: "a@example.com" });
  assert.deepEqual(uri, { form: "uri", value: "spiffe://example.org/a" });
  assert.deepEqual(ip4, { form: "ip", octets: Uint8Array.of(192, 0, 2, 1) });
  assert.equal(ip6?.form === "ip" && ip6.octets.length, 16);
  assert.equal(
    directory?.form === "directory" && formatName(directory.name),
    "CN=dir",
  );
  assert.deepEqual(last, { form: "other", der: other });
});

Deno.test("readExtensions() reads nameConstraints", () => {
  const subtree = (name: Uint8Array) => der.sequence(name);
  const value = der.sequence(
    der.context(0, subtree(generalName("dns", "example.com"))),
    der.context(1, subtree(generalName("ip", "10.0.0.0/255.0.0.0"))),
  );
  assert.deepEqual(readOne(NAME_CONSTRAINTS, value).nameConstraints, {
    permitted: [{ form: "dns", value: "example.com" }],
    excluded: [{
      form: "ip",
      octets: Uint8Array.of(10, 0, 0, 0, 255, 0, 0, 0),
    }],
  });
});

Deno.test("readExtensions() reads key identifiers", () => {
  const issuer = der.context(1, generalName("directory", distinguishedName()));
  const { subjectKeyIdentifier, authorityKeyIdentifier } = read(
    extension(SUBJECT_KEY_IDENTIFIER, der.octetString(der.raw("0102"))),
    extension(
      AUTHORITY_KEY_IDENTIFIER,
      der.sequence(
        der.contextPrimitive(0, der.raw("0304")),
        issuer,
        der.contextPrimitive(2, der.raw("05")),
      ),
    ),
  );
  assert.equal(subjectKeyIdentifier?.toHex(), "0102");
  assert.equal(authorityKeyIdentifier?.toHex(), "0304");
  const without = readOne(AUTHORITY_KEY_IDENTIFIER, der.sequence());
  assert.equal(without.authorityKeyIdentifier, undefined);
});

Deno.test("readExtensions() lists critical extensions that nothing processes, and those alone", () => {
  const policyConstraints = "2.5.29.36";
  const { unknownCritical } = read(
    extension(policyConstraints, der.sequence(), { critical: true }),
    extension("1.2.3", der.nullValue()),
    extension(KEY_USAGE, der.bitString(der.raw("80"), 7), { critical: true }),
    extension("1.2.4", der.raw("ff"), { critical: true }),
  );
  assert.deepEqual(unknownCritical, [policyConstraints, "1.2.4"]);
});

Deno.test("readExtensions() refuses an extension that occurs twice, an unknown one too", () => {
  assertMalformed(
    () =>
      read(
        extension("1.2.3", der.nullValue()),
        extension("1.2.3", der.raw("00")),
      ),
    "extension 1.2.3 occurs twice",
  );
});

Deno.test("readExtensions() refuses octets after an extension's value", () => {
  const odd = der.sequence(
    der.oid("1.2.3"),
    der.octetString(),
    der.nullValue(),
  );
  assertMalformed(() => read(odd), "unexpected octets after the last field");
});

const REFUSED: readonly (readonly [
  string,
  oid: string,
  value: Uint8Array,
  problem: string,
])[] = [
  [
    "basicConstraints with a negative path length",
    BASIC_CONSTRAINTS,
    der.sequence(der.boolean(true), der.integer(Uint8Array.of(0xff))),
    "expected an INTEGER from 0 to 2147483647",
  ],
  [
    "basicConstraints with a third field",
    BASIC_CONSTRAINTS,
    der.sequence(der.boolean(true), der.integer(0), der.integer(0)),
    "unexpected octets after the last field",
  ],
  [
    "octets after basicConstraints",
    BASIC_CONSTRAINTS,
    der.concat([der.sequence(), der.nullValue()]),
    "unexpected octets after the last field",
  ],
  [
    "an empty extendedKeyUsage",
    EXTENDED_KEY_USAGE,
    der.sequence(),
    "it ends too early",
  ],
  [
    "an empty subjectAltName",
    SUBJECT_ALT_NAME,
    der.sequence(),
    "it ends too early",
  ],
  [
    "an iPAddress of five octets",
    SUBJECT_ALT_NAME,
    der.sequence(generalName("ip", "0102030405")),
    "expected an iPAddress of 4 or 16 octets",
  ],
  [
    "an iPAddress with a mask outside name constraints",
    SUBJECT_ALT_NAME,
    der.sequence(generalName("ip", "10.0.0.0/255.0.0.0")),
    "expected an iPAddress of 4 or 16 octets",
  ],
  [
    "a dNSName outside ASCII",
    SUBJECT_ALT_NAME,
    der.sequence(generalName("dns", "bücher.example")),
    "expected ASCII in an IA5String",
  ],
  [
    "a constructed dNSName",
    SUBJECT_ALT_NAME,
    der.sequence(der.context(2, der.ia5String("a"))),
    "expected a GeneralName",
  ],
  [
    "a GeneralName of a form that does not exist",
    SUBJECT_ALT_NAME,
    der.sequence(der.contextPrimitive(9, der.raw("00"))),
    "expected a GeneralName",
  ],
  [
    "nameConstraints without subtrees",
    NAME_CONSTRAINTS,
    der.sequence(),
    "expected name constraints that constrain something",
  ],
  [
    "an empty list of subtrees",
    NAME_CONSTRAINTS,
    der.sequence(der.context(0)),
    "it ends too early",
  ],
  [
    "a subtree with a minimum",
    NAME_CONSTRAINTS,
    der.sequence(
      der.context(
        0,
        der.sequence(
          generalName("dns", "a"),
          der.contextPrimitive(0, der.raw("00")),
        ),
      ),
    ),
    "unexpected octets after the last field",
  ],
  [
    "an iPAddress without a mask in name constraints",
    NAME_CONSTRAINTS,
    der.sequence(der.context(0, der.sequence(generalName("ip", "10.0.0.0")))),
    "expected an iPAddress of 8 or 32 octets",
  ],
  [
    "an authority key identifier of unknown fields",
    AUTHORITY_KEY_IDENTIFIER,
    der.sequence(der.contextPrimitive(3, der.raw("00"))),
    "unexpected octets after the last field",
  ],
];

for (const [why, oid, value, problem] of REFUSED) {
  Deno.test(`readExtensions() refuses ${why}`, () => {
    assertMalformed(() => readOne(oid, value), problem);
  });
}
