import assert from "node:assert/strict";
import { latin1 } from "../../support/octet_reader.ts";
import { HpackReader } from "./hpack_reader.ts";
import { indexed, literal } from "./hpack_writer.ts";

Deno.test("FieldList writes out lines as HTTP/1.1 has them", () => {
  const reader = new HpackReader();
  const { fields } = reader;
  reader.read([
    ...indexed(2),
    ...literal("plain", ["a", "b c"]),
    ...literal("plain", ["d", ""]),
  ]);
  const text = latin1(fields.bytes.subarray(0, fields.end + 2));
  assert.equal(text, ":method: GET\r\na: b c\r\nd: \r\n\r\n");
  assert.deepEqual([0, 1, 2].map((line) => fields.lineStart(line)), [
    0,
    14,
    22,
  ]);
  assert.deepEqual([0, 1, 2].map((line) => fields.valueEnd(line)), [
    12,
    20,
    25,
  ]);
  assert.equal(fields.valueStart(1), fields.nameEnd(1) + 2);
});

Deno.test("an empty block is an empty section", () => {
  const reader = new HpackReader();
  reader.read(indexed(2));
  assert.deepEqual(reader.read([]), []);
  const { fields } = reader;
  assert.equal(fields.size, 0);
  assert.equal(latin1(fields.bytes.subarray(0, fields.end + 2)), "\r\n");
});

Deno.test("FieldList takes as many lines as fit, and as long ones", () => {
  const reader = new HpackReader({ maxSize: 100_000 });
  const long = "x".repeat(30_000);
  const expected = Array.from(
    { length: 900 },
    (_, line) => line % 450 === 7 ? `long: ${long}` : `n${line}: v${line}`,
  );
  const block = expected.flatMap((line) => {
    const [name = "", value = ""] = line.split(": ");
    return literal("plain", [name, value], true);
  });
  for (let round = 0; round < 3; round++) {
    assert.deepEqual(reader.read(block), expected);
    assert.ok(!reader.fields.tooLarge);
  }
});
