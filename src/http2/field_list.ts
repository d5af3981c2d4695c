import { COLON, CR, latin1, LF, NO_OCTETS, SP } from "../http/octets.ts";

/** What RFC 9113 §6.5.2 counts for a field line besides its name and value. */
export const FIELD_OVERHEAD = 32;

/** `: ` and CRLF. */
const SEPARATORS = 4;

/** Room to begin with; most header sections fit in. */
const CAPACITY = 4 * 1024;

/** A buffer that grew beyond this is not kept for the next block. */
const MAX_KEPT_CAPACITY = 128 * 1024;

/**
 * The field lines of one decoded header block, written out as HTTP/1.1 has
 * them: `name: value` and CRLF, line after line, and an empty line after the
 * last. So lines that stand beside each other are forwarded by copying octets,
 * and `FieldSection.parse` takes `bytes` as they are, from `lineStart` of the
 * first line that is no pseudo-header field on.
 *
 * That is safe only while `malformed` is false: a line of a malformed block may
 * have a CR or LF within.
 *
 * A block is decoded at once and without waiting, so that one object serves all
 * connections. It is valid until the next block is decoded.
 */
export class FieldList {
  /** How large the section may be, as RFC 9113 §6.5.2 counts it: announce it as SETTINGS_MAX_HEADER_LIST_SIZE. */
  readonly maxSize: number;
  #bytes = NO_OCTETS;
  /** Three positions a line: its start, where its name ends, and where its value does. */
  #marks = new Int32Array(3 * 64);
  #count = 0;
  #end = 0;
  #size = 0;
  #malformed = false;

  constructor(maxSize: number) {
    this.maxSize = maxSize;
  }

  /** How many field lines there are. */
  get count(): number {
    return this.#count;
  }

  /** The octets that all positions refer to. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Where the section ends: the position of the CRLF after its last line. */
  get end(): number {
    return this.#end;
  }

  /** How large the section is, as RFC 9113 §6.5.2 counts it, the lines that are not here included. */
  get size(): number {
    return this.#size;
  }

  /** The section is larger than `maxSize`, so lines are missing: refuse the stream, with 431 or a reset. */
  get tooLarge(): boolean {
    return this.#size > this.maxSize;
  }

  /**
   * A name is no lower-case token (after the colon of a pseudo-header field), or
   * a value has an octet that none may have, or white space at an end (RFC 9113
   * §8.2.1): a stream error of type PROTOCOL_ERROR.
   */
  get malformed(): boolean {
    return this.#malformed;
  }

  lineStart(line: number): number {
    return this.#marks[3 * line]!;
  }

  nameEnd(line: number): number {
    return this.#marks[3 * line + 1]!;
  }

  valueStart(line: number): number {
    return this.#marks[3 * line + 1]! + 2;
  }

  valueEnd(line: number): number {
    return this.#marks[3 * line + 2]!;
  }

  /** Whether a line is a pseudo-header field (RFC 9113 §8.3). */
  isPseudo(line: number): boolean {
    return this.#bytes[this.lineStart(line)] === COLON;
  }

  /** Whether a line has this name. */
  hasName(line: number, name: Uint8Array): boolean {
    const start = this.lineStart(line);
    if (this.nameEnd(line) - start !== name.length) return false;
    const bytes = this.#bytes;
    for (let i = 0; i < name.length; i++) {
      if (bytes[start + i] !== name[i]) return false;
    }
    return true;
  }

  /** The name of a line. */
  name(line: number): string {
    return latin1(this.#bytes, this.lineStart(line), this.nameEnd(line));
  }

  /** The value of a line, one character an octet. */
  value(line: number): string {
    return latin1(this.#bytes, this.valueStart(line), this.valueEnd(line));
  }

  /** For the decoder: begins a section. */
  begin(): void {
    this.#count = this.#end = this.#size = 0;
    this.#malformed = false;
    if (this.#bytes.length > MAX_KEPT_CAPACITY) this.#bytes = NO_OCTETS;
    this.reserve(2);
  }

  /** For the decoder: the octets, with room as far as `end`, and for the separators of a line besides. */
  reserve(end: number): Uint8Array {
    const needed = end + SEPARATORS + 2;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(CAPACITY, 2 * needed));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    return this.#bytes;
  }

  /**
   * For the decoder: takes the line of which name and value were written, from
   * `end` on and with two octets between. A section that is too large is no
   * longer added to: the next line is written over this one.
   */
  add(nameEnd: number, valueEnd: number, malformed: boolean): void {
    const start = this.#end;
    this.#size += valueEnd - start - 2 + FIELD_OVERHEAD;
    if (malformed) this.#malformed = true;
    if (this.tooLarge) return;
    const bytes = this.#bytes;
    bytes[nameEnd] = COLON;
    bytes[nameEnd + 1] = SP;
    bytes[valueEnd] = CR;
    bytes[valueEnd + 1] = LF;
    let marks = this.#marks;
    const at = 3 * this.#count++;
    if (at === marks.length) {
      marks = new Int32Array(2 * at);
      marks.set(this.#marks);
      this.#marks = marks;
    }
    marks[at] = start;
    marks[at + 1] = nameEnd;
    marks[at + 2] = valueEnd;
    this.#end = valueEnd + 2;
  }

  /** For the decoder: counts a line of a section that is too large already. */
  skip(octets: number): void {
    this.#size += octets + FIELD_OVERHEAD;
  }

  /** For the decoder: ends the section with its empty line. */
  conclude(): void {
    this.#bytes[this.#end] = CR;
    this.#bytes[this.#end + 1] = LF;
  }
}
