import assert from "node:assert/strict";
import { Cursor } from "../../../src/x509/der.ts";
import { readTime } from "../../../src/x509/time.ts";
import { element, time } from "../../support/der_writer.ts";
import { assertMalformed } from "./malformed.ts";

const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;

function read(tag: number, text: string): number {
  return readTime(
    new Cursor(element(tag, new TextEncoder().encode(text))).read(),
  );
}

Deno.test("readTime() reads UTCTime as 1950 to 2049", () => {
  assert.equal(read(UTC_TIME, "500101000000Z"), Date.UTC(1950, 0, 1));
  assert.equal(
    read(UTC_TIME, "991231235959Z"),
    Date.UTC(1999, 11, 31, 23, 59, 59),
  );
  assert.equal(read(UTC_TIME, "000229120000Z"), Date.UTC(2000, 1, 29, 12));
  assert.equal(
    read(UTC_TIME, "491231235959Z"),
    Date.UTC(2049, 11, 31, 23, 59, 59),
  );
});

Deno.test("readTime() reads GeneralizedTime, before 2050 too", () => {
  assert.equal(read(GENERALIZED_TIME, "20500101000000Z"), Date.UTC(2050, 0, 1));
  assert.equal(read(GENERALIZED_TIME, "20240101000000Z"), Date.UTC(2024, 0, 1));
  assert.equal(
    read(GENERALIZED_TIME, "99991231235959Z"),
    Date.UTC(9999, 11, 31, 23, 59, 59),
  );
});

Deno.test("readTime() reads what the test PKI writes", () => {
  for (
    const instant of [
      Date.UTC(1949, 0),
      Date.UTC(1950, 0),
      Date.UTC(2049, 11),
      2 ** 42,
    ]
  ) {
    const second = instant - instant % 1000;
    const encoded = new Cursor(time(second)).read();
    if (second < Date.UTC(1950, 0)) {
      assertMalformed(() => readTime(encoded), "expected a year from 1950 on");
    } else assert.equal(readTime(encoded), second);
  }
});

for (
  const text of [
    "2401010000Z",
    "240101000000",
    "240101000000+0000",
    "240101000000.5Z",
    "240101000000z",
    "24010100000 Z",
    " 240101000000Z",
    "240101000000Z\n",
    "20240101000000Z",
    "",
  ]
) {
  Deno.test(`readTime() refuses UTCTime ${JSON.stringify(text)}`, () => {
    assertMalformed(
      () => read(UTC_TIME, text),
      "expected a time as YYMMDDHHMMSSZ",
    );
  });
}

for (
  const text of [
    "240101000000Z",
    "20240101000000.5Z",
    "20240101000000+0100",
    "20240101000000ZZZZ",
  ]
) {
  Deno.test(`readTime() refuses GeneralizedTime ${text}`, () => {
    assertMalformed(
      () => read(GENERALIZED_TIME, text),
      "expected a time as YYYYMMDDHHMMSSZ",
    );
  });
}

for (
  const text of [
    "240001000000Z",
    "241301000000Z",
    "240100000000Z",
    "240431000000Z",
    "230229000000Z",
    "240101240000Z",
    "240101006000Z",
    "240101000060Z",
  ]
) {
  Deno.test(`readTime() refuses ${text}, a time that does not exist`, () => {
    assertMalformed(() => read(UTC_TIME, text), "expected a time that exists");
  });
}

Deno.test("readTime() refuses a year that would be taken for another", () => {
  assertMalformed(
    () => read(GENERALIZED_TIME, "00240101000000Z"),
    "expected a year from 1950 on",
  );
});

Deno.test("readTime() refuses other types", () => {
  assertMalformed(
    () => read(0x13, "240101000000Z"),
    "expected UTCTime or GeneralizedTime",
  );
});
