import assert from "node:assert/strict";
import fc from "fast-check";
import { FieldKind } from "../../../src/http/field_name.ts";
import { FieldSection } from "../../../src/http/field_section.ts";
import { OctetWriter } from "../../../src/http/octet_writer.ts";
import { allKindsBut } from "../../../src/http/splice.ts";
import { HpackEncoder } from "../../../src/http2/hpack_encoder.ts";
import { octetsOf } from "../../support/octet_reader.ts";
import { HpackReader } from "./hpack_reader.ts";
import { indexed, literal, sizeUpdate } from "./hpack_writer.ts";

type Field = readonly [name: string, value: string];

/** One block of these fields. */
function encode(encoder: HpackEncoder, fields: readonly Field[]): Uint8Array {
  const out = new OctetWriter(1);
  encoder.begin(out);
  for (const [name, value] of fields) {
    const bytes = octetsOf(`<${name}:${value}>`);
    const nameEnd = 1 + name.length;
    encoder.addField(out, bytes, 1, nameEnd, nameEnd + 1, bytes.length - 1);
  }
  return out.octets.slice();
}

function lines(fields: readonly Field[]): string[] {
  return fields.map(([name, value]) => `${name.toLowerCase()}: ${value}`);
}

function octets(...parts: readonly (readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flat());
}

Deno.test("HpackEncoder.addStatus() writes every status, those of the table in one octet", () => {
  const reader = new HpackReader();
  for (let status = 100; status <= 999; status++) {
    const out = new OctetWriter(8);
    new HpackEncoder().addStatus(out, status);
    assert.deepEqual(reader.read(out.octets), [`:status: ${status}`]);
    const short = [200, 204, 206, 304, 400, 404, 500].includes(status);
    assert.equal(out.length, short ? 1 : 5);
  }
});

Deno.test("HpackEncoder uses the static table for names in any case, and for whole fields", () => {
  assert.deepEqual(
    encode(new HpackEncoder(), [
      [":method", "POST"],
      [":path", "/"],
      [":path", "/a"],
      ["Content-Length", "12"],
      ["ETag", ""],
    ]),
    octets(
      indexed(3),
      indexed(4),
      literal("never", [4, "/a"]),
      literal("never", [28, "12"]),
      literal("never", [34, ""]),
    ),
  );
});

Deno.test("HpackEncoder never lets secrets be indexed, nor what it does not know", () => {
  const fields: Field[] = [
    ["Authorization", "Basic x"],
    ["cookie", "a=b"],
    ["Set-Cookie", "a=b"],
    ["proxy-authorization", "x"],
    ["www-authenticate", "x"],
    [":path", "/?token=x"],
    ["referer", "x"],
    ["location", "x"],
    ["X-Api-Key", "x"],
    [":protocol", "websocket"],
  ];
  const encoder = new HpackEncoder();
  const first = encode(encoder, fields);
  const names = [23, 32, 55, 49, 61, 4, 51, 46, "x-api-key", ":protocol"];
  assert.deepEqual(
    first,
    octets(
      ...fields.map(([, value], index) =>
        literal("never", [names[index]!, value])
      ),
    ),
  );
  assert.deepEqual(encode(encoder, fields), first);
});

Deno.test("HpackEncoder remembers what comes again", () => {
  const encoder = new HpackEncoder();
  const fields: Field[] = [["Server", "x"], ["content-type", "text/plain"]];
  assert.deepEqual(
    encode(encoder, fields),
    octets(
      literal("indexing", [54, "x"]),
      literal("indexing", [31, "text/plain"]),
    ),
  );
  assert.deepEqual(encode(encoder, fields), octets(indexed(63), indexed(62)));
  const date: Field = ["date", "Mon, 21 Oct 2013 20:13:21 GMT"];
  assert.deepEqual(
    encode(encoder, [date, ...fields]),
    octets(literal("indexing", [33, date[1]]), indexed(64), indexed(63)),
  );
  const long: Field = ["server", "x".repeat(65)];
  assert.deepEqual(
    encode(encoder, [long]),
    octets(literal("never", [54, long[1]])),
    "long values are not remembered",
  );
});

Deno.test("HpackEncoder announces what becomes of its table, RFC 7541 §4.2", () => {
  const encoder = new HpackEncoder();
  const server: Field = ["server", "x"];
  encode(encoder, [server]);
  encoder.limitTable(4096);
  assert.deepEqual(encode(encoder, [server]), octets(indexed(62)));
  encoder.limitTable(0xffff_ffff);
  assert.deepEqual(encode(encoder, [server]), octets(indexed(62)));
  encoder.limitTable(0);
  assert.deepEqual(
    encode(encoder, [server]),
    octets(sizeUpdate(0), literal("never", [54, "x"])),
  );
  encoder.limitTable(100);
  encoder.limitTable(50);
  encoder.limitTable(70);
  assert.deepEqual(
    encode(encoder, [server]),
    octets(sizeUpdate(0), sizeUpdate(70), literal("indexing", [54, "x"])),
  );
  assert.deepEqual(encode(encoder, [server]), octets(indexed(62)));
});

Deno.test("HpackEncoder.addFields() encodes the lines that are forwarded", () => {
  const section = new FieldSection({
    invalid: "FIELD_INVALID",
    tooLarge: "FIELDS_TOO_LARGE",
  });
  const text = "X-A: 1\r\nConnection: close\r\nServer:x  \r\n\r\n";
  section.rebase(octetsOf(`<<${text}`), 2);
  section.parse(2, 2 + text.length);
  const out = new OctetWriter(64);
  const encoder = new HpackEncoder();
  encoder.addFields(out, section, allKindsBut(FieldKind.CONNECTION));
  assert.deepEqual(new HpackReader().read(out.octets), ["x-a: 1", "server: x"]);
});

const value = fc.oneof(
  fc.constantFrom("a", "b", "text/html", "gzip, deflate", "x".repeat(64)),
  fc.string({ unit: fc.constantFrom(..."aä~ ;="), maxLength: 90 })
    .map((text) => text.trim()),
);
const name = fc.constantFrom(
  ":authority",
  ":method",
  ":path",
  "Accept",
  "accept-encoding",
  "Cache-Control",
  "content-type",
  "date",
  "Server",
  "user-agent",
  "vary",
  "cookie",
  "x-other",
  "X-Long-Name-That-No-Table-Has",
);
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.array(fc.tuple(name, value), { maxLength: 14 }),
  },
  { weight: 1, arbitrary: fc.oneof(fc.nat(300), fc.nat(9000)) },
);

Deno.test("HpackDecoder undoes what HpackEncoder does, whatever the table's size", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const encoder = new HpackEncoder();
      const reader = new HpackReader();
      for (const next of steps) {
        if (typeof next === "number") encoder.limitTable(next);
        else {
          assert.deepEqual(reader.read(encode(encoder, next)), lines(next));
          assert.equal(reader.fields.malformed, false);
        }
      }
    }),
    { numRuns: 300 },
  );
});
