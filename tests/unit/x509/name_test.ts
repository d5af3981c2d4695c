import assert from "node:assert/strict";
import { readSingle, Tag } from "../../../src/x509/der.ts";
import {
  escapeValue,
  formatName,
  type Name,
  readName,
} from "../../../src/x509/name.ts";
import {
  bmpString,
  element,
  ia5String,
  nullValue,
  oid,
  printableString,
  raw,
  sequence,
  set,
} from "../../support/der_writer.ts";
import { attribute, distinguishedName } from "../../support/pki.ts";
import { assertMalformed } from "./malformed.ts";

const CN = "2.5.4.3";

function parse(der: Uint8Array): Name {
  return readName(readSingle(der, Tag.SEQUENCE));
}

function commonName(value: Uint8Array): string | undefined {
  return parse(distinguishedName([CN, value])).rdns[0]?.[0]?.value;
}

Deno.test("formatName() writes the most specific RDN first, with RFC 4514's short names", () => {
  const der = distinguishedName(
    ["2.5.4.6", printableString("DE")],
    ["2.5.4.8", "Hessen"],
    ["2.5.4.7", "Fulda"],
    ["2.5.4.9", "Am Dom 1"],
    ["2.5.4.10", "Example"],
    ["2.5.4.11", "Team A"],
    ["0.9.2342.19200300.100.1.25", ia5String("example")],
    ["0.9.2342.19200300.100.1.1", "jdoe"],
    [CN, "client"],
  );
  assert.equal(
    formatName(parse(der)),
    "CN=client,UID=jdoe,DC=example,OU=Team A,O=Example,STREET=Am Dom 1,L=Fulda,ST=Hessen,C=DE",
  );
});

Deno.test("formatName() joins an RDN of several attributes with a plus sign", () => {
  const der = sequence(
    set(attribute("2.5.4.10", "Example")),
    set(attribute(CN, "a"), attribute("2.5.4.11", "b")),
  );
  assert.equal(formatName(parse(der)), "CN=a+OU=b,O=Example");
});

Deno.test("formatName() writes types without a short name and values without text in hex", () => {
  const der = distinguishedName(
    ["1.2.840.113549.1.9.1", ia5String("a@b")],
    ["1.2.3", nullValue()],
    [CN, element(0x04, raw("0d0a"))],
  );
  assert.equal(
    formatName(parse(der)),
    "2.5.4.3=#04020d0a,1.2.3=#0500,1.2.840.113549.1.9.1=#1603614062",
  );
});

Deno.test("formatName() writes the empty name as the empty string", () => {
  assert.equal(formatName(parse(sequence())), "");
});

const ESCAPED: readonly (readonly [value: string, escaped: string])[] = [
  ["", ""],
  ["plain", "plain"],
  ['James "Jim" Smith, III', 'James \\"Jim\\" Smith\\, III'],
  ["a+b;c<d>e\\f=g", "a\\+b\\;c\\<d\\>e\\\\f=g"],
  ["#hash#", "\\#hash#"],
  [" lead", "\\20lead"],
  ["trail ", "trail\\20"],
  ["  ", "\\20\\20"],
  [" ", "\\20"],
  ["a  b", "a  b"],
  ["Before\rAfter", "Before\\0DAfter"],
  ["a\r\nX-Client-CN: admin", "a\\0D\\0AX-Client-CN: admin"],
  ["nul\0", "nul\\00"],
  ["\x7f\x1b[31m", "\\7F\\1B[31m"],
  ["Lučić", "Lu\\C4\\8Di\\C4\\87"],
  ["\u0085\u2028\u202e", "\\C2\\85\\E2\\80\\A8\\E2\\80\\AE"],
  ["😀", "\\F0\\9F\\98\\80"],
  ["\\0D", "\\\\0D"],
];

for (const [value, escaped] of ESCAPED) {
  Deno.test(`escapeValue() gives "${escaped}"`, () => {
    assert.equal(escapeValue(value), escaped);
  });
}

Deno.test("readName() reads every string type", () => {
  assert.equal(
    commonName(element(0x0c, new TextEncoder().encode("\ufeffü"))),
    "\ufeffü",
  );
  assert.equal(
    commonName(printableString("A-z 09'()+,-./:=?")),
    "A-z 09'()+,-./:=?",
  );
  assert.equal(commonName(ia5String("a@b_c")), "a@b_c");
  assert.equal(commonName(element(0x12, raw("3132 20"))), "12 ");
  assert.equal(commonName(element(0x14, raw("fc41"))), "üA");
  assert.equal(commonName(element(0x1a, raw("7e20"))), "~ ");
  assert.equal(commonName(bmpString("Ω\r\n")), "Ω\r\n");
  assert.equal(commonName(element(0x1c, raw("0001f600 00000041"))), "😀A");
  assert.equal(commonName(nullValue()), undefined);
});

const BAD_STRINGS:
  readonly (readonly [why: string, value: Uint8Array, problem: string])[] = [
    [
      "overlong UTF-8",
      element(0x0c, raw("c080")),
      "expected UTF-8 in a UTF8String",
    ],
    [
      "a surrogate in UTF-8",
      element(0x0c, raw("eda080")),
      "expected UTF-8 in a UTF8String",
    ],
    [
      "UTF-8 that is cut off",
      element(0x0c, raw("c3")),
      "expected UTF-8 in a UTF8String",
    ],
    [
      "a line end in a PrintableString",
      printableString("a\n"),
      "a string has characters outside its type's alphabet",
    ],
    [
      "an at sign in a PrintableString",
      printableString("a@b"),
      "a string has characters outside its type's alphabet",
    ],
    [
      "a letter in a NumericString",
      element(0x12, raw("41")),
      "a string has characters outside its type's alphabet",
    ],
    [
      "a control character in a VisibleString",
      element(0x1a, raw("1b")),
      "a string has characters outside its type's alphabet",
    ],
    [
      "an octet above 7f in an IA5String",
      element(0x16, raw("e4")),
      "expected ASCII in an IA5String",
    ],
    [
      "half a character in a BMPString",
      element(0x1e, raw("004100")),
      "expected 2 octets a character",
    ],
    [
      "a surrogate in a BMPString",
      element(0x1e, raw("d83d de00")),
      "a string has an invalid code point",
    ],
    [
      "half a character in a UniversalString",
      element(0x1c, raw("0041")),
      "expected 4 octets a character",
    ],
    [
      "a code point above 10ffff",
      element(0x1c, raw("ffffffff")),
      "a string has an invalid code point",
    ],
  ];

for (const [why, value, problem] of BAD_STRINGS) {
  Deno.test(`readName() refuses ${why}`, () => {
    assertMalformed(() => parse(distinguishedName([CN, value])), problem);
  });
}

Deno.test("readName() refuses an RDN without attributes", () => {
  assertMalformed(() => parse(sequence(set())), "it ends too early");
});

Deno.test("readName() refuses an attribute with a second value", () => {
  const twice = sequence(oid(CN), printableString("a"), printableString("b"));
  assertMalformed(
    () => parse(sequence(set(twice))),
    "unexpected octets after the last field",
  );
});

Deno.test("readName() keeps the encoding, so that names compare octet for octet", () => {
  const der = distinguishedName([CN, printableString("same")]);
  assert.deepEqual(parse(der).der, der);
  assert.notDeepEqual(parse(distinguishedName([CN, "same"])).der, der);
});
