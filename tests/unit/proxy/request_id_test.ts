import assert from "node:assert/strict";
import { FieldKind } from "../../../src/http/field_name.ts";
import { givenRequestId, RequestIds } from "../../../src/proxy/request_id.ts";
import { parseHead } from "./forwarding.ts";

async function fieldsOf(lines: string) {
  return (await parseHead(`GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`)).fields;
}

for (
  const id of [
    "a",
    "f3b0-11",
    "!#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    "x".repeat(128),
  ]
) {
  Deno.test(`givenRequestId() keeps ${id.slice(0, 40)}`, async () => {
    const fields = await fieldsOf(`x-request-ID:  ${id} \r\n`);
    assert.equal(givenRequestId(fields), id);
    assert.ok(fields.find(FieldKind.REQUEST_ID) >= 0);
  });
}

for (
  const [what, lines] of [
    ["an empty one", "X-Request-Id:\r\n"],
    ["one with a space", "X-Request-Id: a b\r\n"],
    ["one that is too long", `X-Request-Id: ${"x".repeat(129)}\r\n`],
    ["one outside of ASCII", "X-Request-Id: \xe9\r\n"],
    ["two", "X-Request-Id: a\r\nA: b\r\nX-Request-Id: a\r\n"],
  ] as const
) {
  Deno.test(`givenRequestId() takes ${what} for none, and keeps it from being forwarded`, async () => {
    const fields = await fieldsOf(lines);
    assert.equal(givenRequestId(fields), undefined);
    assert.equal(fields.find(FieldKind.REQUEST_ID), -1);
  });
}

Deno.test("RequestIds never gives one twice, nor one of another process", () => {
  const one = new RequestIds(), other = new RequestIds();
  const ids = Array.from({ length: 100 }, () => [one.next(), other.next()]);
  assert.equal(new Set(ids.flat()).size, 200);
});

Deno.test("RequestIds gives ids that sort as they were made", () => {
  const ids = new RequestIds(new Uint8Array([0xab, 1]));
  const made = Array.from({ length: 300 }, () => ids.next());
  assert.equal(made[0], "ab01-00000001");
  assert.deepEqual(made, made.toSorted());
});
