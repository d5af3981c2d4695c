import assert from "node:assert/strict";
import * as octets from "../../../src/http/octets.ts";

/** Each table as a pattern over one character (RFC 9110 §5.5, §5.6.2, RFC 3986). */
const TABLES = [
  ["TOKEN_LOWER", octets.TOKEN_LOWER, /[!#$%&'*+\-.^_`|~0-9A-Za-z]/],
  ["FIELD_VALUE", octets.FIELD_VALUE, /[\t\x20-\x7e\x80-\xff]/],
  ["TARGET", octets.TARGET, /[!"$-~]/],
  ["REG_NAME", octets.REG_NAME, /[A-Za-z0-9\-._~%!$&'()*+;=]/],
] as const;

Deno.test("each table has the octets of its grammar and no other", () => {
  for (const [name, table, pattern] of TABLES) {
    assert.equal(table.length, 256);
    for (let octet = 0; octet < 256; octet++) {
      const has = pattern.test(String.fromCharCode(octet));
      assert.equal(table[octet] !== 0, has, `${name} ${octet}`);
    }
  }
});

Deno.test("TOKEN_LOWER has the octet in lower case", () => {
  for (const letter of "AZaz09-_~") {
    assert.equal(
      octets.TOKEN_LOWER[letter.charCodeAt(0)],
      letter.toLowerCase().charCodeAt(0),
    );
  }
});

Deno.test("HEX_VALUE has the value of each digit, and 255 for all else", () => {
  for (let octet = 0; octet < 256; octet++) {
    const digit = String.fromCharCode(octet);
    const value = /[0-9a-fA-F]/.test(digit) ? parseInt(digit, 16) : 255;
    assert.equal(octets.HEX_VALUE[octet], value, `octet ${octet}`);
  }
});

Deno.test("latin1() makes one character of each octet", () => {
  const all = Uint8Array.from({ length: 256 }, (_, octet) => octet);
  const text = octets.latin1(all, 0, 256);
  assert.equal(text.length, 256);
  assert.equal([...text].every((char, at) => char.charCodeAt(0) === at), true);
  assert.equal(octets.latin1(all, 65, 68), "ABC");
});

Deno.test("hasAt() finds octets at their place alone, and in their case", () => {
  const bytes = octets.ascii("HTTP/1.1");
  assert.equal(octets.hasAt(bytes, 0, octets.ascii("HTTP/")), true);
  assert.equal(octets.hasAt(bytes, 5, octets.ascii("1.1")), true);
  assert.equal(octets.hasAt(bytes, 1, octets.ascii("HTTP")), false);
  assert.equal(octets.hasAt(bytes, 0, octets.ascii("http/")), false);
  assert.equal(octets.hasAt(bytes, 7, octets.ascii("1.")), false, "cut short");
});

Deno.test("hasTokenAt() finds a token in any case, and nothing that is no token", () => {
  const close = octets.ascii("close");
  for (const text of ["close", "CLOSE", "Close"]) {
    assert.equal(octets.hasTokenAt(octets.ascii(text), 0, close), true, text);
  }
  for (const text of ["clos", "clo\0e", "clo\x13e", "c|ose"]) {
    assert.equal(octets.hasTokenAt(octets.ascii(text), 0, close), false, text);
  }
});
