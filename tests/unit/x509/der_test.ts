import assert from "node:assert/strict";
import {
  Cursor,
  open,
  readBitString,
  readBoolean,
  readInteger,
  readOid,
  readSingle,
  readSmallInteger,
  Tag,
} from "../../../src/x509/der.ts";
import { element, oid, raw, sequence } from "../../support/der_writer.ts";
import { assertMalformed } from "./malformed.ts";

const MALFORMED:
  readonly (readonly [why: string, hex: string, problem: string])[] = [
    ["nothing at all", "", "it ends too early"],
    ["a tag without a length", "30", "it ends too early"],
    ["a length that is cut off", "3082", "it ends too early"],
    [
      "content that is cut off",
      "300405",
      "an element is longer than what holds it",
    ],
    [
      "a length beyond the input",
      "3083ffffff",
      "an element is longer than what holds it",
    ],
    [
      "the indefinite form",
      "30800000",
      "expected a definite length of at most 3 octets",
    ],
    [
      "a length of four octets",
      "308400000000",
      "expected a definite length of at most 3 octets",
    ],
    [
      "the reserved length",
      "30ff",
      "expected a definite length of at most 3 octets",
    ],
    [
      "a long form below 128",
      "30810100",
      "expected a length in its shortest form",
    ],
    ["a padded length", "3082008000", "expected a length in its shortest form"],
    [
      "a length of three octets for two",
      "308300ffff",
      "expected a length in its shortest form",
    ],
    [
      "octets after the element",
      "300000",
      "unexpected octets after the last field",
    ],
    ["another tag", "3100", "expected tag 0x30, found 0x31"],
  ];

for (const [why, hex, problem] of MALFORMED) {
  Deno.test(`readSingle() refuses ${why}`, () => {
    assertMalformed(() => readSingle(raw(hex), Tag.SEQUENCE), problem);
  });
}

const BAD_IDENTIFIERS:
  readonly (readonly [why: string, hex: string, problem: string])[] = [
    ["a tag of several octets", "3f8101 00", "expected a tag number below 31"],
    [
      "a context tag of several octets",
      "9f1f00",
      "expected a tag number below 31",
    ],
    ["end-of-contents octets", "0000", "unexpected end-of-contents octets"],
    [
      "a primitive SEQUENCE",
      "1000",
      "tag 0x10 has the wrong primitive or constructed bit",
    ],
    [
      "a primitive SET",
      "1100",
      "tag 0x11 has the wrong primitive or constructed bit",
    ],
    [
      "a constructed OCTET STRING",
      "2403040100",
      "tag 0x24 has the wrong primitive or constructed bit",
    ],
    [
      "a constructed UTF8String",
      "2c030c0141",
      "tag 0x2c has the wrong primitive or constructed bit",
    ],
  ];

for (const [why, hex, problem] of BAD_IDENTIFIERS) {
  Deno.test(`Cursor refuses ${why}`, () => {
    assertMalformed(() => new Cursor(raw(hex)).read(), problem);
  });
}

Deno.test("Cursor reads elements one after the other, long ones too", () => {
  const long = element(Tag.OCTET_STRING, new Uint8Array(70_000));
  const cursor = open(readSingle(sequence(oid("2.5.4.3"), long), Tag.SEQUENCE));
  assert.equal(readOid(cursor.read(Tag.OID)), "2.5.4.3");
  assert.equal(cursor.done, false);
  assert.equal(cursor.read(Tag.OCTET_STRING).content.length, 70_000);
  assert.equal(cursor.done, true);
  cursor.end();
});

Deno.test("Cursor.optional() leaves an element with another tag where it is", () => {
  const cursor = new Cursor(raw("0500"));
  assert.equal(cursor.optional(Tag.BOOLEAN), undefined);
  assert.equal(cursor.optional(Tag.NULL)?.tag, Tag.NULL);
  assert.equal(cursor.optional(Tag.NULL), undefined);
});

Deno.test("open() refuses a primitive element", () => {
  assertMalformed(
    () => open(readSingle(raw("0500"), Tag.NULL)),
    "expected a constructed element",
  );
});

Deno.test("readBoolean() knows 00 and ff alone", () => {
  assert.equal(readBoolean(readSingle(raw("0101ff"), Tag.BOOLEAN)), true);
  assert.equal(readBoolean(readSingle(raw("010100"), Tag.BOOLEAN)), false);
  for (const hex of ["010101", "0100", "0102ffff"]) {
    assertMalformed(
      () => readBoolean(readSingle(raw(hex), Tag.BOOLEAN)),
      "expected a BOOLEAN of 00 or ff",
    );
  }
});

Deno.test("readInteger() wants the shortest form", () => {
  for (const hex of ["020100", "02017f", "02020080", "0201ff", "0202ff7f"]) {
    assert.equal(
      readInteger(readSingle(raw(hex), Tag.INTEGER)).toHex(),
      hex.slice(4),
    );
  }
  for (const hex of ["02020001", "0202ff80", "02020000", "0202ffff"]) {
    assertMalformed(
      () => readInteger(readSingle(raw(hex), Tag.INTEGER)),
      "expected an INTEGER in its shortest form",
    );
  }
  assertMalformed(
    () => readInteger(readSingle(raw("0200"), Tag.INTEGER)),
    "expected an INTEGER of at least one octet",
  );
});

Deno.test("readSmallInteger() reads 0 to 2147483647", () => {
  assert.equal(readSmallInteger(readSingle(raw("020100"), Tag.INTEGER)), 0);
  assert.equal(readSmallInteger(readSingle(raw("02020080"), Tag.INTEGER)), 128);
  assert.equal(
    readSmallInteger(readSingle(raw("02047fffffff"), Tag.INTEGER)),
    2147483647,
  );
  for (const hex of ["0201ff", "02050080000000", "020480000000"]) {
    assertMalformed(
      () => readSmallInteger(readSingle(raw(hex), Tag.INTEGER)),
      "expected an INTEGER from 0 to 2147483647",
    );
  }
});

Deno.test("readBitString() checks the unused bits", () => {
  assert.equal(
    readBitString(readSingle(raw("03020780"), Tag.BIT_STRING)).toHex(),
    "80",
  );
  assert.equal(
    readBitString(readSingle(raw("030100"), Tag.BIT_STRING)).length,
    0,
  );
  for (const hex of ["0300", "030101", "03020800"]) {
    assertMalformed(
      () => readBitString(readSingle(raw(hex), Tag.BIT_STRING)),
      "expected a BIT STRING with 0 to 7 unused bits",
    );
  }
  assertMalformed(
    () => readBitString(readSingle(raw("03020781"), Tag.BIT_STRING)),
    "expected the unused bits of a BIT STRING to be zero",
  );
  assertMalformed(
    () =>
      readBitString(readSingle(raw("03020780"), Tag.BIT_STRING), {
        unused: false,
      }),
    "expected a BIT STRING of whole octets",
  );
});

Deno.test("readOid() reads every root and large arcs", () => {
  const read = (hex: string) => readOid(readSingle(raw(hex), Tag.OID));
  assert.equal(read("060127"), "0.39");
  assert.equal(read("060128"), "1.0");
  assert.equal(read("060150"), "2.0");
  assert.equal(read("06028837"), "2.999");
  assert.equal(read("06092a864886f70d01010b"), "1.2.840.113549.1.1.11");
});

Deno.test("readOid() refuses what is padded, cut off, empty or too large", () => {
  const read = (hex: string) => () => readOid(readSingle(raw(hex), Tag.OID));
  assertMalformed(
    read("0600"),
    "expected an OBJECT IDENTIFIER of 1 to 64 octets",
  );
  assertMalformed(
    read("0641" + "01".repeat(65)),
    "expected an OBJECT IDENTIFIER of 1 to 64 octets",
  );
  assertMalformed(read("06032a8001"), "an OBJECT IDENTIFIER has a padded arc");
  assertMalformed(read("06022a86"), "an OBJECT IDENTIFIER ends within an arc");
  assertMalformed(
    read("060a2affffffffffffffff7f"),
    "an OBJECT IDENTIFIER has an arc too large",
  );
});
