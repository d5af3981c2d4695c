import assert from "node:assert/strict";
import { HpackReader } from "./hpack_reader.ts";
import { indexed, literal, sizeUpdate } from "./hpack_writer.ts";

/** The size of a field as RFC 9113 §6.5.2 counts it. */
function size(name: string, value: string): number {
  return name.length + value.length + 32;
}

Deno.test("a section may be as large as maxSize, and no larger", () => {
  const maxSize = size("name", "value") + size("n", "x".repeat(100));
  for (const more of [0, 1]) {
    const reader = new HpackReader({ maxSize });
    const lines = reader.read([
      ...literal("plain", ["name", "value"]),
      ...literal("plain", ["n", "x".repeat(100 + more)]),
    ]);
    assert.equal(reader.fields.size, maxSize + more);
    assert.equal(reader.fields.tooLarge, more === 1);
    assert.equal(lines.length, 2 - more, "what is too much is not kept");
  }
});

Deno.test("the table is right after a section that was too large", () => {
  const reader = new HpackReader({ maxSize: 200 });
  reader.read([
    ...literal("indexing", ["a", "b"]),
    ...literal("plain", ["x", "y".repeat(300)]),
    ...literal("indexing", ["c", "d"], true),
    ...literal("indexing", [62, "e"]),
    ...indexed(63),
  ]);
  assert.ok(reader.fields.tooLarge);
  assert.deepEqual(
    reader.read([indexed(62), indexed(63), indexed(64)].flat()),
    [
      "c: e",
      "c: d",
      "a: b",
    ],
  );
  assert.ok(!reader.fields.tooLarge, "the next block begins anew");
});

Deno.test("a field that is malformed in a section too large is told of", () => {
  const reader = new HpackReader({ maxSize: 100 });
  reader.read([
    ...literal("plain", ["x", "y".repeat(300)]),
    ...literal("plain", ["A", "b"]),
  ]);
  assert.ok(reader.fields.malformed);
});

Deno.test("many references to a long entry end the connection, and hold no memory", () => {
  const reader = new HpackReader();
  reader.read(literal("indexing", ["a", "x".repeat(4000)]));
  const few = Array.from({ length: 60 }, () => indexed(62)).flat();
  reader.read(few);
  assert.ok(reader.fields.tooLarge);
  assert.ok(reader.fields.bytes.length <= 128 * 1024);
  const many = Array.from({ length: 16 * 1024 }, () => indexed(62)).flat();
  assert.equal(reader.verdict(many), "HTTP2_FLOOD");
  assert.ok(reader.fields.bytes.length <= 128 * 1024);
});

Deno.test("many literals with a long name out of the table end the connection", () => {
  const reader = new HpackReader();
  reader.read(literal("indexing", ["x".repeat(4000), ""]));
  const many = Array.from(
    { length: 8 * 1024 },
    () => literal("indexing", [62, ""]),
  );
  assert.equal(reader.verdict(many.flat()), "HTTP2_FLOOD");
});

Deno.test("empty fields count 32 octets each, so that they end too", () => {
  const reader = new HpackReader({ maxSize: 1024 });
  const field = literal("plain", ["a", ""]);
  const block = (count: number) =>
    Array.from({ length: count }, () => field).flat();
  reader.read(block(31));
  assert.ok(!reader.fields.tooLarge);
  reader.read(block(32));
  assert.ok(reader.fields.tooLarge);
  assert.equal(reader.verdict(block(300)), "HTTP2_FLOOD");
});

Deno.test("a buffer that grew for one block is let go with the next", () => {
  const reader = new HpackReader({ maxSize: 1024 * 1024 });
  reader.read(literal("plain", ["a", "x".repeat(500_000)]));
  assert.equal(reader.fields.value(0).length, 500_000);
  reader.read(indexed(2));
  assert.ok(reader.fields.bytes.length <= 128 * 1024);
});

Deno.test("size updates make the table smaller and larger within what was announced", () => {
  const reader = new HpackReader({ tableSize: 8192 });
  reader.read([
    ...literal("indexing", ["a", "b"]),
    ...literal("indexing", ["c", "d"]),
  ]);
  assert.deepEqual(reader.read([...sizeUpdate(34), ...indexed(62)]), ["c: d"]);
  assert.equal(reader.verdict(indexed(63)), "HTTP2_COMPRESSION");
  const other = new HpackReader({ tableSize: 8192 });
  other.read([...sizeUpdate(0), ...sizeUpdate(8192)]);
  const long = "x".repeat(7000);
  other.read(literal("indexing", ["a", long]));
  assert.deepEqual(other.read(indexed(62)), [`a: ${long}`]);
  assert.equal(other.verdict(sizeUpdate(8193)), "HTTP2_COMPRESSION");
});

Deno.test("HpackDecoder.limitTable() asks for a size update, RFC 7541 §4.2", () => {
  for (const update of [0, 99, 100]) {
    const reader = new HpackReader({ tableSize: 100 });
    reader.read(literal("indexing", ["a", "b"]));
    reader.read(indexed(62));
    reader.decoder.limitTable(100);
    reader.read([...sizeUpdate(update), ...indexed(2)]);
    reader.read(indexed(2));
    assert.equal(reader.verdict(sizeUpdate(101)), "HTTP2_COMPRESSION");
  }
  for (const block of [indexed(2), sizeUpdate(101)]) {
    const reader = new HpackReader({ tableSize: 100 });
    reader.decoder.limitTable(100);
    assert.equal(reader.verdict(block), "HTTP2_COMPRESSION");
  }
});
