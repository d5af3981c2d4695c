import {
  COLON,
  FIELD_VALUE,
  HTAB,
  NO_OCTETS,
  SP,
  TOKEN_LOWER,
} from "../http/octets.ts";
import { DEFAULT_TABLE_SIZE, DynamicTable } from "./dynamic_table.ts";
import type { FieldList } from "./field_list.ts";
import { Http2Error } from "./http2_error.ts";
import { decodeHuffman, huffmanBound } from "./huffman.ts";
import * as table from "./static_table.ts";

/**
 * How many octets of an integer may follow its prefix (RFC 7541 §5.1): values
 * up to 2^28, more than any length or index can be, and no endless zeros.
 */
const MAX_INTEGER_OCTETS = 4;

/**
 * A section that is this many times larger than it may be ends the connection:
 * short references to long entries cost a client next to nothing.
 */
const MAX_EXCESS = 8;

/**
 * Decodes the header blocks of one direction of a connection (RFC 7541), into a
 * `FieldList` that many connections may share.
 *
 * All that a peer can do wrong here is a connection error, because the dynamic
 * tables of both sides are no longer alike; the decoder must not be used again.
 * A section that is too large is decoded all the same, for the same reason, but
 * its lines are not kept.
 */
export class HpackDecoder {
  readonly #fields: FieldList;
  readonly #table: DynamicTable;
  /** What a size update may say at most. */
  #bound: number;
  /** The peer owes a size update, because the bound is lower than the size that it goes by. */
  #updateDue = false;
  #bytes = NO_OCTETS;
  #at = 0;
  #end = 0;

  /**
   * `tableSize` is the SETTINGS_HEADER_TABLE_SIZE that is announced to the peer,
   * 65,535 at most.
   */
  constructor(fields: FieldList, tableSize = DEFAULT_TABLE_SIZE) {
    this.#fields = fields;
    this.#bound = Math.max(tableSize, DEFAULT_TABLE_SIZE);
    this.#table = new DynamicTable(this.#bound);
    this.#table.maxSize = DEFAULT_TABLE_SIZE;
  }

  /** To be called when the peer has acknowledged a SETTINGS_HEADER_TABLE_SIZE below the default. */
  limitTable(tableSize: number): void {
    this.#bound = Math.min(this.#bound, tableSize);
    this.#updateDue = this.#table.maxSize > this.#bound;
  }

  /**
   * Decodes the block `bytes[start..end)`, the whole of it, and leaves its
   * fields in the `FieldList`; then look at `tooLarge` and `malformed` there.
   *
   * Throws `Http2Error` for the connection: `HTTP2_COMPRESSION`, or `HTTP2_FLOOD`
   * where the section is eight times larger than it may be.
   */
  decode(bytes: Uint8Array, start: number, end: number): void {
    const fields = this.#fields;
    fields.begin();
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    this.#updateTableSize();
    const maxSize = MAX_EXCESS * fields.maxSize;
    while (this.#at < end) {
      const octet = bytes[this.#at++]!;
      // RFC 7541 §6.1, §6.2.1, §6.3, and §6.2.2 with §6.2.3.
      if ((octet & 0x80) !== 0) this.#indexed(this.#integer(octet, 0x7f));
      else if ((octet & 0x40) !== 0) {
        this.#literal(this.#integer(octet, 0x3f), true);
      } else if ((octet & 0x20) !== 0) {
        throw invalid("size updates before the first field of a block");
      } else this.#literal(this.#integer(octet, 0x0f), false);
      if (fields.size > maxSize) {
        throw new Http2Error(
          "HTTP2_FLOOD",
          `Cannot take a field section: expected at most ${fields.maxSize} octets, ` +
            `and stopped at ${fields.size}`,
        );
      }
    }
    fields.conclude();
    this.#bytes = NO_OCTETS;
  }

  /** Takes the size updates at the beginning of a block (RFC 7541 §4.2, §6.3). */
  #updateTableSize(): void {
    while (this.#at < this.#end) {
      const octet = this.#bytes[this.#at]!;
      if ((octet & 0xe0) !== 0x20) break;
      this.#at++;
      const maxSize = this.#integer(octet, 0x1f);
      if (maxSize > this.#bound) {
        throw invalid(`a table size of at most ${this.#bound}`);
      }
      this.#table.maxSize = maxSize;
      this.#updateDue = false;
    }
    if (this.#updateDue) {
      throw invalid(`a size update to at most ${this.#bound} octets`);
    }
  }

  /** A field that is in a table whole (RFC 7541 §6.1). */
  #indexed(index: number): void {
    const fields = this.#fields;
    let source = table.STATIC_OCTETS;
    let start = 0, middle = 0, end = 0;
    let malformed = false;
    if (index > table.STATIC_ENTRIES) {
      const slot = this.#slot(index);
      source = this.#table.octets;
      start = this.#table.nameStart(slot);
      middle = this.#table.nameEnd(slot);
      end = this.#table.valueEnd(slot);
      malformed = this.#table.malformed(slot);
    } else {
      if (index === 0) throw invalid("an index other than 0");
      start = table.nameStart(index);
      middle = table.nameEnd(index);
      end = table.valueEnd(index);
    }
    if (fields.tooLarge) {
      // Copying what is dropped would be the work that such a block is made for.
      fields.skip(end - start);
      return;
    }
    const begin = fields.end;
    const target = fields.reserve(begin + end - start);
    const nameEnd = copy(source, start, middle, target, begin);
    const valueEnd = copy(source, middle, end, target, nameEnd + 2);
    fields.add(nameEnd, valueEnd, malformed);
  }

  /** A field whose value, at least, is said here (RFC 7541 §6.2). */
  #literal(nameIndex: number, indexing: boolean): void {
    const fields = this.#fields;
    const begin = fields.end;
    const nameEnd = nameIndex === 0
      ? this.#string(begin)
      : this.#copyName(nameIndex, begin);
    const valueEnd = this.#string(nameEnd + 2);
    const { bytes } = fields;
    const malformed = !isValue(bytes, nameEnd + 2, valueEnd) ||
      (nameIndex === 0 || nameIndex > table.STATIC_ENTRIES) &&
        !isName(bytes, begin, nameEnd);
    fields.add(nameEnd, valueEnd, malformed);
    if (indexing) {
      this.#table.add(bytes, begin, nameEnd, nameEnd + 2, valueEnd, malformed);
    }
  }

  #copyName(index: number, at: number): number {
    let source = table.STATIC_OCTETS;
    let start = 0, end = 0;
    if (index > table.STATIC_ENTRIES) {
      const slot = this.#slot(index);
      source = this.#table.octets;
      start = this.#table.nameStart(slot);
      end = this.#table.nameEnd(slot);
    } else {
      start = table.nameStart(index);
      end = table.nameEnd(index);
    }
    return copy(
      source,
      start,
      end,
      this.#fields.reserve(at + end - start),
      at,
    );
  }

  /** The slot of the dynamic table that an index stands for (RFC 7541 §2.3.3). */
  #slot(index: number): number {
    const age = index - table.STATIC_ENTRIES - 1;
    if (age >= this.#table.count) {
      throw invalid("an index that a table has");
    }
    return this.#table.slot(age);
  }

  /** An integer whose first octet was taken (RFC 7541 §5.1). `mask` has a 1 for each bit of its prefix. */
  #integer(octet: number, mask: number): number {
    let value = octet & mask;
    if (value < mask) return value;
    for (let shift = 0; shift < 7 * MAX_INTEGER_OCTETS; shift += 7) {
      if (this.#at === this.#end) throw truncated();
      const next = this.#bytes[this.#at++]!;
      value += (next & 0x7f) << shift;
      if (next < 0x80) return value;
    }
    throw invalid(`integers of at most ${1 + MAX_INTEGER_OCTETS} octets`);
  }

  /** Writes a string literal (RFC 7541 §5.2) to the fields from `at` on. Returns its end there. */
  #string(at: number): number {
    if (this.#at === this.#end) throw truncated();
    const octet = this.#bytes[this.#at++]!;
    const length = this.#integer(octet, 0x7f);
    const start = this.#at;
    const end = start + length;
    if (end > this.#end) throw truncated();
    this.#at = end;
    if ((octet & 0x80) === 0) {
      return copy(
        this.#bytes,
        start,
        end,
        this.#fields.reserve(at + length),
        at,
      );
    }
    const target = this.#fields.reserve(at + huffmanBound(length));
    const stringEnd = decodeHuffman(this.#bytes, start, end, target, at);
    if (stringEnd < 0) throw invalid("Huffman code with proper padding");
    return stringEnd;
  }
}

/** Copies `source[start..end)` to `target` from `at` on. Returns where it ends there. */
function copy(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
): number {
  if (end - start < 64) {
    for (let i = start; i < end; i++) target[at++] = source[i]!;
    return at;
  }
  target.set(source.subarray(start, end), at);
  return at + end - start;
}

/** Whether a name may be that of a field, or of a pseudo-header field (RFC 9113 §8.2.1, §8.3). */
function isName(bytes: Uint8Array, start: number, end: number): boolean {
  let i = bytes[start] === COLON ? start + 1 : start;
  if (i >= end) return false;
  // To itself the table leads lower-case octets of a token, and 0.
  while (i < end && bytes[i] !== 0 && TOKEN_LOWER[bytes[i]!] === bytes[i]) i++;
  return i === end;
}

/** Whether a value may be that of a field (RFC 9113 §8.2.1). */
function isValue(bytes: Uint8Array, start: number, end: number): boolean {
  if (start === end) return true;
  const first = bytes[start]!;
  const last = bytes[end - 1]!;
  if (first === SP || first === HTAB || last === SP || last === HTAB) {
    return false;
  }
  let i = start;
  while (i < end && FIELD_VALUE[bytes[i]!] === 1) i++;
  return i === end;
}

function truncated(): Http2Error {
  return invalid("a block that ends with its last field");
}

function invalid(expected: string): Http2Error {
  return new Http2Error(
    "HTTP2_COMPRESSION",
    `Cannot decode a header block: expected ${expected}`,
  );
}
