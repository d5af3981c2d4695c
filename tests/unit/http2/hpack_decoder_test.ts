import assert from "node:assert/strict";
import fc from "fast-check";
import { FieldSection } from "../../../src/http/field_section.ts";
import { HpackReader } from "./hpack_reader.ts";
import {
  indexed,
  integer,
  literal,
  LITERALS,
  sizeUpdate,
  string,
} from "./hpack_writer.ts";

/** What is wrong with a block that comes first on a connection. */
const REFUSED: readonly (readonly [string, readonly number[]])[] = [
  ["RFC 7541 §6.1: the index 0", [0x80]],
  ["RFC 7541 §2.3.3: an index that the dynamic table has not", indexed(62)],
  ["RFC 7541 §2.3.3: the greatest index of all", indexed(2 ** 28)],
  ["RFC 7541 §2.3.3: a name that the dynamic table has not", [
    ...integer(62, 6, 0x40),
    ...string("a"),
  ]],
  ["RFC 7541 §5.1: an index without its end", [0xff]],
  ["RFC 7541 §5.1: an index without its end, later", [0xff, 0x80]],
  ["RFC 7541 §5.1: an index of 6 octets", [0xff, 0x80, 0x80, 0x80, 0x80, 1]],
  ["RFC 7541 §5.1: zeros without end", [0xff, ...Array(99).fill(0x80), 0]],
  ["RFC 7541 §5.2: a name without its length", [0x40]],
  ["RFC 7541 §5.2: a name that breaks off", [0x40, 2, 0x61]],
  ["RFC 7541 §5.2: a name without a value", [0x40, 1, 0x61]],
  ["RFC 7541 §5.2: a value that breaks off", [0x40, 1, 0x61, 2, 0x61]],
  ["RFC 7541 §5.2: a length of 256 MiB", [
    0x40,
    ...integer(2 ** 28, 7),
    0x61,
  ]],
  ["RFC 7541 §5.2: Huffman code with 8 bits of padding", [
    0x40,
    0x81,
    0xff,
    0,
  ]],
  ["RFC 7541 §5.2: Huffman code padded with zeros", [0x41, 0x81, 0x18]],
  ["RFC 7541 §5.2: EOS", [0x41, 0x84, 0xff, 0xff, 0xff, 0xff]],
  ["RFC 7541 §6.3: a table larger than was announced", sizeUpdate(4097)],
  ["RFC 7541 §4.2: a size update after a field", [
    ...indexed(2),
    ...sizeUpdate(0),
  ]],
];

for (const [what, block] of REFUSED) {
  Deno.test(`HpackDecoder.decode() refuses ${what}`, () => {
    assert.equal(new HpackReader().verdict(block), "HTTP2_COMPRESSION");
    const later = new HpackReader();
    later.read(indexed(2));
    assert.equal(later.verdict(block), "HTTP2_COMPRESSION", "in a later block");
  });
}

Deno.test("HpackDecoder.decode() throws nothing but its own errors, whatever comes", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.uint8Array({ maxLength: 20 }).map((octets) => [...octets]),
          fc.nat(130).map(indexed),
          fc.nat(5000).map(sizeUpdate),
          fc.tuple(
            fc.constantFrom(...Object.keys(LITERALS) as ["plain"]),
            fc.oneof(fc.nat(70), fc.string({ maxLength: 9 })),
            fc.string({ maxLength: 60 }),
            fc.boolean(),
          ).map(([kind, name, value, coded]) =>
            literal(kind, [name, latin1Of(value)], coded)
          ),
        ),
        { maxLength: 20 },
      ),
      (parts) => {
        const reader = new HpackReader({ maxSize: 500 });
        for (const part of parts) {
          if (reader.verdict(part) !== "taken") return;
        }
        new HpackReader({ maxSize: 500 }).verdict(parts.flat());
      },
    ),
    { numRuns: 3000 },
  );
});

function latin1Of(text: string): string {
  return text.replace(/[^\0-\xff]/g, "?");
}

/** Fields that no message may have (RFC 9113 §8.2.1). */
const MALFORMED = [
  ["an empty name", "", "a"],
  ["a name that is a colon alone", ":", "a"],
  ["a name with two colons", "::a", "a"],
  ["a name with a colon within", "a:b", "a"],
  ["a name with an upper-case letter", "aB", "a"],
  ["a name with NUL", "a\0", "a"],
  ["a name with a space", "a b", "a"],
  ["a name with CR LF", "a\r\nb", "a"],
  ["a name with an octet above 0x7f", "a\xe4", "a"],
  ["a value with NUL", "a", "b\0c"],
  ["a value with LF", "a", "b\nc"],
  ["a value with CR LF", "a", "b\r\nc: d"],
  ["a value with DEL", "a", "b\x7f"],
  ["a value that begins with a space", "a", " b"],
  ["a value that ends with a tab", "a", "b\t"],
  ["a value of a space", "a", " "],
] as const;

for (const [what, name, value] of MALFORMED) {
  Deno.test(`FieldList.malformed tells of ${what}`, () => {
    for (const coded of [false, true]) {
      for (const kind of ["indexing", "plain", "never"] as const) {
        const reader = new HpackReader();
        reader.read(literal(kind, [name, value], coded));
        assert.equal(reader.fields.malformed, true);
        reader.read(indexed(2));
        assert.equal(reader.fields.malformed, false, "it is the block's own");
        if (kind !== "indexing") continue;
        reader.read(indexed(62));
        assert.equal(reader.fields.malformed, true, "from the table");
      }
    }
  });
}

Deno.test("FieldList.malformed looks at the name alone where that alone is used again", () => {
  const reader = new HpackReader();
  reader.read(literal("indexing", ["a", "b\n"]));
  assert.deepEqual(reader.read(literal("plain", [62, "c"])), ["a: c"]);
  assert.equal(reader.fields.malformed, false);
  reader.read(literal("indexing", ["A", "b"]));
  reader.read(literal("plain", [62, "c"]));
  assert.equal(reader.fields.malformed, true);
});

Deno.test("FieldList tells names and pseudo-header fields", () => {
  const reader = new HpackReader();
  reader.read([...indexed(2), ...literal("plain", ["cookie", ""])]);
  const { fields } = reader;
  const name = new TextEncoder().encode("cookie");
  assert.deepEqual([0, 1].map((line) => fields.isPseudo(line)), [true, false]);
  assert.deepEqual([0, 1].map((line) => fields.hasName(line, name)), [
    false,
    true,
  ]);
  assert.ok(!fields.hasName(1, name.subarray(1)));
  assert.ok(!fields.hasName(1, new TextEncoder().encode("cookif")));
});

Deno.test("the lines of a FieldList are those of a field section of HTTP/1.1", () => {
  const reader = new HpackReader();
  reader.read([
    ...indexed(2),
    ...literal("indexing", ["a", "b"], true),
    ...indexed(62),
    ...literal("plain", ["accept", "x".repeat(5000)]),
  ]);
  const { fields } = reader;
  const section = new FieldSection({
    invalid: "FIELD_INVALID",
    tooLarge: "FIELDS_TOO_LARGE",
  });
  section.rebase(fields.bytes, fields.lineStart(1));
  const end = section.parse(fields.lineStart(1), fields.end + 2);
  assert.equal(end, fields.end + 2);
  assert.equal(section.count, 3);
  for (const line of [0, 1, 2]) {
    assert.equal(section.name(line), fields.name(line + 1));
    assert.equal(section.value(line), fields.value(line + 1));
  }
});
