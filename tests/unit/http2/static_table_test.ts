import assert from "node:assert/strict";
import {
  nameEnd,
  nameStart,
  STATIC_ENTRIES,
  STATIC_OCTETS,
  staticField,
  staticName,
  valueEnd,
} from "../../../src/http2/static_table.ts";
import { octetsOf } from "../../support/octet_reader.ts";
import { HpackReader } from "./hpack_reader.ts";
import { indexed } from "./hpack_writer.ts";

/** RFC 7541 Appendix A, as fields are shown here. */
const APPENDIX_A = `
:authority:
:method: GET
:method: POST
:path: /
:path: /index.html
:scheme: http
:scheme: https
:status: 200
:status: 204
:status: 206
:status: 304
:status: 400
:status: 404
:status: 500
accept-charset:
accept-encoding: gzip, deflate
accept-language:
accept-ranges:
accept:
access-control-allow-origin:
age:
allow:
authorization:
cache-control:
content-disposition:
content-encoding:
content-language:
content-length:
content-location:
content-range:
content-type:
cookie:
date:
etag:
expect:
expires:
from:
host:
if-match:
if-modified-since:
if-none-match:
if-range:
if-unmodified-since:
last-modified:
link:
location:
max-forwards:
proxy-authenticate:
proxy-authorization:
range:
referer:
refresh:
retry-after:
server:
set-cookie:
strict-transport-security:
transfer-encoding:
user-agent:
vary:
via:
www-authenticate:
`.trim().split("\n");

/** By index less 1: name and value. */
const ENTRIES = APPENDIX_A.map((line) => {
  const colon = line.indexOf(":", 1);
  return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
});

Deno.test("the static table is that of RFC 7541 Appendix A", () => {
  assert.equal(STATIC_ENTRIES, 61);
  const reader = new HpackReader();
  for (const [index, [name, value]] of ENTRIES.entries()) {
    assert.deepEqual(reader.read(indexed(index + 1)), [`${name}: ${value}`]);
  }
});

Deno.test("staticName() knows each name in either case, by its first index", () => {
  for (const [name] of ENTRIES) {
    const first = 1 + ENTRIES.findIndex(([other]) => other === name);
    for (const spelled of [name, name.toUpperCase()]) {
      const bytes = octetsOf(`<${spelled}>`);
      assert.equal(staticName(bytes, 1, bytes.length - 1), first, spelled);
    }
  }
});

Deno.test("staticName() knows no name that differs in an octet", () => {
  for (const [name] of ENTRIES) {
    for (let at = 0; at < name.length; at++) {
      for (const octet of ["\0", "_", ":", "(", "\xff", ""]) {
        const other = name.slice(0, at) + octet + name.slice(at + 1);
        if (other === "" || other === name) continue;
        const bytes = octetsOf(other);
        const index = staticName(bytes, 0, bytes.length);
        assert.equal(index, 0, JSON.stringify(other));
      }
    }
  }
});

Deno.test("staticField() knows whole fields, and values in their own case alone", () => {
  for (const [index, [name, value]] of ENTRIES.entries()) {
    const first = 1 + ENTRIES.findIndex(([other]) => other === name);
    const bytes = octetsOf(`<${value}>`);
    const found = staticField(first, bytes, 1, bytes.length - 1);
    assert.equal(found, value === "" ? 0 : index + 1);
    for (const other of [value.toLowerCase(), `${value}x`, value.slice(1)]) {
      if (ENTRIES.some((entry) => entry[0] === name && entry[1] === other)) {
        continue;
      }
      const octets = octetsOf(other);
      assert.equal(staticField(first, octets, 0, octets.length), 0, other);
    }
  }
});

Deno.test("positions in the static table follow on one another", () => {
  for (let index = 1; index <= STATIC_ENTRIES; index++) {
    assert.ok(nameStart(index) < nameEnd(index));
    assert.ok(nameEnd(index) <= valueEnd(index));
    const next = index < STATIC_ENTRIES
      ? nameStart(index + 1)
      : STATIC_OCTETS.length;
    assert.equal(valueEnd(index), next);
  }
});
