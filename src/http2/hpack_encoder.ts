import type { FieldSection } from "../http/field_section.ts";
import { COLON } from "../http/octets.ts";
import type { OctetWriter } from "../http/octet_writer.ts";
import type { ForwardedKinds } from "../http/splice.ts";
import { EncoderTable } from "./encoder_table.ts";
import * as table from "./static_table.ts";

/** The static index of `:status`, `200`, the first of those with this name. */
const STATUS = 8;

/** First octets of field representations (RFC 7541 §6), and masks of their prefixes. */
const INDEXED = 0x80, INDEXED_MASK = 0x7f;
const INDEXING = 0x40, INDEXING_MASK = 0x3f;
const NEVER_INDEXED = 0x10, NEVER_INDEXED_MASK = 0x0f;
const SIZE_UPDATE = 0x20, SIZE_UPDATE_MASK = 0x1f;
const STRING_MASK = 0x7f;

/**
 * Encodes the header blocks of one direction of a connection (RFC 7541). A
 * block is `begin`, then fields; blocks must be sent in the order in which they
 * were begun, and none may be left out.
 *
 * Fields that the peer should remember are few and named in `EncoderTable`. All
 * else that no table has goes as never-indexed literals (RFC 7541 §7.1.3): we
 * can't know which of them are secrets, and what came to us as never to be
 * indexed must not go on otherwise. Strings are not Huffman coded: that would
 * cost more time than sending the octets.
 */
export class HpackEncoder {
  readonly #table = new EncoderTable();

  /** To be called when the peer says its SETTINGS_HEADER_TABLE_SIZE, before that is acknowledged. */
  limitTable(maxSize: number): void {
    this.#table.limit(maxSize);
  }

  /** Begins a block: says what became of the table's size since the last one (RFC 7541 §4.2). */
  begin(out: OctetWriter): void {
    const dynamic = this.#table;
    if (!dynamic.resized) return;
    if (dynamic.lowest < dynamic.maxSize) {
      writeInteger(out, dynamic.lowest, SIZE_UPDATE, SIZE_UPDATE_MASK);
    }
    writeInteger(out, dynamic.maxSize, SIZE_UPDATE, SIZE_UPDATE_MASK);
    dynamic.announced();
  }

  /** Appends `:status`, from 100 to 999. */
  addStatus(out: OctetWriter, status: number): void {
    switch (status) {
      case 200:
        return out.addOctet(INDEXED | STATUS);
      case 204:
        return out.addOctet(INDEXED | STATUS + 1);
      case 206:
        return out.addOctet(INDEXED | STATUS + 2);
      case 304:
        return out.addOctet(INDEXED | STATUS + 3);
      case 400:
        return out.addOctet(INDEXED | STATUS + 4);
      case 404:
        return out.addOctet(INDEXED | STATUS + 5);
      case 500:
        return out.addOctet(INDEXED | STATUS + 6);
    }
    out.addOctet(NEVER_INDEXED | STATUS);
    out.addOctet(3);
    out.addLatin1(String(status));
  }

  /** Appends the lines of a section whose kinds are forwarded, as `spliceFields` does. */
  addFields(
    out: OctetWriter,
    fields: FieldSection,
    forwarded: ForwardedKinds,
  ): void {
    const { bytes, count } = fields;
    for (let line = 0; line < count; line++) {
      if (forwarded[fields.kind(line)] !== 1) continue;
      this.addField(
        out,
        bytes,
        fields.lineStart(line),
        fields.nameEnd(line),
        fields.valueStart(line),
        fields.valueEnd(line),
      );
    }
  }

  /**
   * Appends a field whose name is `bytes[start..nameEnd)`, a token or a
   * pseudo-header field's, in either case, and whose value is
   * `bytes[valueStart..valueEnd)`. Positional, because it runs with every field.
   */
  addField(
    out: OctetWriter,
    bytes: Uint8Array,
    start: number,
    nameEnd: number,
    valueStart: number,
    valueEnd: number,
  ): void {
    const name = table.staticName(bytes, start, nameEnd);
    if (name === 0) {
      out.addOctet(NEVER_INDEXED);
      writeInteger(out, nameEnd - start, 0, STRING_MASK);
      // The colon of a pseudo-header field is in no token, and has no lower case.
      if (bytes[start] === COLON) out.addRange(bytes, start, nameEnd);
      else out.addLowerCase(bytes, start, nameEnd);
      writeString(out, bytes, valueStart, valueEnd);
      return;
    }
    const whole = table.staticField(name, bytes, valueStart, valueEnd);
    if (whole !== 0) return out.addOctet(INDEXED | whole);
    const dynamic = this.#table;
    const index = dynamic.find(name, bytes, valueStart, valueEnd);
    if (index > 0) return writeInteger(out, index, INDEXED, INDEXED_MASK);
    if (index === 0) writeInteger(out, name, INDEXING, INDEXING_MASK);
    else writeInteger(out, name, NEVER_INDEXED, NEVER_INDEXED_MASK);
    writeString(out, bytes, valueStart, valueEnd);
  }
}

/** Appends a string literal as it is (RFC 7541 §5.2). */
function writeString(
  out: OctetWriter,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  writeInteger(out, end - start, 0, STRING_MASK);
  out.addRange(bytes, start, end);
}

/** Appends an integer behind the bits of `first` that are no part of its prefix (RFC 7541 §5.1). */
function writeInteger(
  out: OctetWriter,
  value: number,
  first: number,
  mask: number,
): void {
  if (value < mask) return out.addOctet(first | value);
  out.addOctet(first | mask);
  let rest = value - mask;
  for (; rest >= 0x80; rest >>>= 7) out.addOctet(rest & 0x7f | 0x80);
  out.addOctet(rest);
}
