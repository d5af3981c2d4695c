import assert from "node:assert/strict";
import fc from "fast-check";
import { FieldKind } from "../../../src/http/field_name.ts";
import { FieldSection } from "../../../src/http/field_section.ts";
import { OctetWriter } from "../../../src/http/octet_writer.ts";
import { allKindsBut, spliceFields } from "../../../src/http/splice.ts";
import { writeLastChunk } from "../../../src/http/trailers.ts";
import { fieldLines } from "../../support/http_arbitrary.ts";
import { latin1, octetsOf } from "../../support/octet_reader.ts";

/** A section in the midst of other octets. */
function section(lines: string): FieldSection {
  const fields = new FieldSection({
    invalid: "FIELD_INVALID",
    tooLarge: "FIELDS_TOO_LARGE",
  });
  const bytes = octetsOf(`before${lines}\r\nafter`);
  fields.rebase(bytes, 2);
  assert.equal(fields.parse(6, bytes.length), bytes.length - 5);
  return fields;
}

function lastChunk(lines: string, hopByHop = new Set<string>()): string {
  const out = new OctetWriter(16);
  writeLastChunk(out, section(lines), hopByHop);
  return latin1(out.octets);
}

Deno.test("writeLastChunk() passes trailers on, in order and as they came", () => {
  const lines = 'A: b\r\na:  c\xe4\td\r\nEmpty:\r\nETag: "x"\r\n';
  assert.equal(lastChunk(lines), `0\r\n${lines}\r\n`);
});

Deno.test("writeLastChunk() leaves out white space after a value, which means nothing", () => {
  assert.equal(lastChunk("A: b \t\r\nC: \r\n"), "0\r\nA: b\r\nC: \r\n\r\n");
});

Deno.test("writeLastChunk() leaves out what Connection named (RFC 9110 §7.6.1)", () => {
  assert.equal(
    lastChunk("A: b\r\nX-Hop: c\r\n", new Set(["x-hop"])),
    "0\r\nA: b\r\n\r\n",
  );
});

Deno.test("writeLastChunk() without trailers ends the body", () => {
  const out = new OctetWriter(16);
  writeLastChunk(out, undefined, new Set());
  assert.equal(latin1(out.octets), "0\r\n\r\n");
});

const FORBIDDEN = [
  "Transfer-Encoding",
  "Content-Length",
  "Host",
  "Connection",
  "TE",
  "Expect",
  "Trailer",
  "Upgrade",
  "Keep-Alive",
  "Cache-Control",
  "Max-Forwards",
  "Pragma",
  "Range",
  "If-Match",
  "If-None-Match",
  "If-Modified-Since",
  "If-Unmodified-Since",
  "If-Range",
  "Authorization",
  "Proxy-Authorization",
  "Proxy-Authenticate",
  "WWW-Authenticate",
  "Cookie",
  "Set-Cookie",
  "Age",
  "Expires",
  "Date",
  "Location",
  "Retry-After",
  "Vary",
  "Warning",
  "Content-Encoding",
  "Content-Type",
  "Content-Range",
  "Content-Location",
  "Via",
  "Forwarded",
  "X-Forwarded-For",
  "X-Client-CN",
  "X-Real-IP",
];

Deno.test("writeLastChunk() leaves out what RFC 9110 §6.5.1 forbids, in any spelling", () => {
  for (const name of FORBIDDEN) {
    for (
      const spelled of [
        name,
        name.toUpperCase(),
        name.replaceAll("-", "_"),
        name.replaceAll("-", "."),
      ]
    ) {
      assert.equal(
        lastChunk(`A: b\r\n${spelled}: x\r\nC: d\r\n`),
        "0\r\nA: b\r\nC: d\r\n\r\n",
        spelled,
      );
    }
  }
});

Deno.test("spliceFields() copies the lines that are forwarded, octet for octet", () => {
  const kinds = fc.array(fc.boolean(), { minLength: 8, maxLength: 8 });
  fc.assert(fc.property(fieldLines, kinds, (lines, dropped) => {
    const fields = section(lines);
    for (let line = 0; line < fields.count; line++) {
      fields.setKind(
        line,
        dropped[line] ? FieldKind.HOP_BY_HOP : FieldKind.OTHER,
      );
    }
    const out = new OctetWriter(16);
    spliceFields(out, fields, allKindsBut(FieldKind.HOP_BY_HOP));
    const expected = lines.split("\r\n").slice(0, -1)
      .filter((_, line) => !dropped[line])
      .map((line) => `${line}\r\n`).join("");
    assert.equal(latin1(out.octets), expected);
  }));
});

Deno.test("allKindsBut() forwards every kind that is not named", () => {
  const kinds = allKindsBut(FieldKind.TE, FieldKind.OTHER);
  for (const kind of Object.values(FieldKind)) {
    const expected = kind === FieldKind.TE || kind === FieldKind.OTHER ? 0 : 1;
    assert.equal(kinds[kind], expected);
  }
});

Deno.test("FieldSection.find() gives the first line of a kind, or -1", () => {
  const fields = section("A: b\r\nTE: x\r\nDate: y\r\nTE: z\r\n");
  assert.equal(fields.find(FieldKind.TE), 1);
  assert.equal(fields.find(FieldKind.HOST), -1);
  fields.reset();
  assert.equal(fields.find(FieldKind.TE), -1);
});
