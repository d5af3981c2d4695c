import { type ErrorCode, SidecarError } from "../errors.ts";
import { fieldKind, hashStep } from "./field_name.ts";
import {
  COLON,
  CR,
  FIELD_VALUE,
  hasTokenAt,
  HTAB,
  latin1,
  LF,
  NO_OCTETS,
  SP,
  TOKEN_LOWER,
} from "./octets.ts";

/** The most field lines that a header or trailer section may have. */
export const MAX_FIELDS = 100;

/** The most octets that a head, or a trailer section, may have. Offsets are 16 bits wide. */
export const MAX_SECTION_OCTETS = 32 * 1024;

/** The codes with which a section that cannot be taken is refused. */
export interface SectionFaults {
  readonly invalid: ErrorCode;
  readonly tooLarge: ErrorCode;
}

/**
 * The lines of a header or trailer section (RFC 9112 §5), held as offsets into
 * the octets that they came in: nothing is copied and no string is made, so
 * that forwarding a message is splicing its octets.
 *
 * One object serves message after message. It is valid from the time that
 * `parse` returned a position until its octets are consumed.
 */
export class FieldSection {
  readonly #faults: SectionFaults;
  /** Offsets from `#base`, four a line: line start, name end, value start, value end. */
  readonly #offsets = new Uint16Array(4 * MAX_FIELDS);
  readonly #kinds = new Uint8Array(MAX_FIELDS);
  #bytes = NO_OCTETS;
  #base = 0;
  #count = 0;
  #end = 0;

  constructor(faults: SectionFaults) {
    this.#faults = faults;
  }

  /** How many field lines there are. */
  get count(): number {
    return this.#count;
  }

  /** The octets that all positions refer to. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Where the section ends: the position of the empty line after its last line. */
  get end(): number {
    return this.#base + this.#end;
  }

  /** Forgets all lines, and lets go of their octets. */
  reset(): void {
    this.#count = 0;
    this.#bytes = NO_OCTETS;
  }

  /** Says where the message begins now: its octets may have moved since the last `parse`. */
  rebase(bytes: Uint8Array, base: number): void {
    this.#bytes = bytes;
    this.#base = base;
  }

  kind(line: number): number {
    return this.#kinds[line]!;
  }

  lineStart(line: number): number {
    return this.#base + this.#offsets[4 * line]!;
  }

  nameEnd(line: number): number {
    return this.#base + this.#offsets[4 * line + 1]!;
  }

  valueStart(line: number): number {
    return this.#base + this.#offsets[4 * line + 2]!;
  }

  valueEnd(line: number): number {
    return this.#base + this.#offsets[4 * line + 3]!;
  }

  /** The value of a line, one character an octet. */
  value(line: number): string {
    return latin1(this.#bytes, this.valueStart(line), this.valueEnd(line));
  }

  /** Whether the value of a line is `token`, which is in lower case; the line may have any. */
  valueIs(line: number, token: Uint8Array): boolean {
    const start = this.valueStart(line);
    return this.valueEnd(line) - start === token.length &&
      hasTokenAt(this.#bytes, start, token);
  }

  /** The name of a line, in lower case. */
  name(line: number): string {
    return latin1(this.#bytes, this.lineStart(line), this.nameEnd(line))
      .toLowerCase();
  }

  /** The first line of a kind, or -1. */
  find(kind: number): number {
    for (let line = 0; line < this.#count; line++) {
      if (this.#kinds[line] === kind) return line;
    }
    return -1;
  }

  /** Gives lines another kind, as when `Connection` names them. */
  setKind(line: number, kind: number): void {
    this.#kinds[line] = kind;
  }

  /**
   * Takes whole lines from `position` on, as far as `end`. Returns the position
   * after the empty line that ends the section or, when that has not come yet,
   * `~resume`: a negative number whose complement is the position to go on
   * from. Lines are judged in order and each by itself, so the verdict does not
   * depend on how the octets arrived.
   *
   * Refused, as RFC 9112 §2.2, §5.1 and §5.2 ask or allow: a bare CR or LF,
   * NUL and other control octets, white space before the colon, a line folding,
   * a name that is no token, more than `MAX_FIELDS` lines.
   */
  parse(position: number, end: number): number {
    const bytes = this.#bytes;
    let i = position;
    for (;;) {
      const lineStart = i;
      let hash = 0;
      let lower = 0;
      while (i < end && (lower = TOKEN_LOWER[bytes[i]!]!) !== 0) {
        hash = hashStep(hash, lower);
        i++;
      }
      if (i >= end) return ~lineStart;
      if (i === lineStart) {
        if (bytes[i] !== CR) throw this.#invalid();
        if (i + 1 >= end) return ~lineStart;
        if (bytes[i + 1] !== LF) throw this.#invalid();
        this.#end = i - this.#base;
        return i + 2;
      }
      if (bytes[i] !== COLON) throw this.#invalid();
      const nameEnd = i++;
      while (i < end && (bytes[i] === SP || bytes[i] === HTAB)) i++;
      const valueStart = i;
      while (i < end && FIELD_VALUE[bytes[i]!] === 1) i++;
      if (i >= end) return ~lineStart;
      if (bytes[i] !== CR) throw this.#invalid();
      if (i + 1 >= end) return ~lineStart;
      if (bytes[i + 1] !== LF) throw this.#invalid();
      let valueEnd = i;
      while (
        valueEnd > valueStart &&
        (bytes[valueEnd - 1] === SP || bytes[valueEnd - 1] === HTAB)
      ) valueEnd--;
      i += 2;
      this.#add(lineStart, nameEnd, valueStart, valueEnd, hash);
    }
  }

  #add(
    lineStart: number,
    nameEnd: number,
    valueStart: number,
    valueEnd: number,
    hash: number,
  ): void {
    const line = this.#count;
    if (line === MAX_FIELDS) {
      throw new SidecarError(
        this.#faults.tooLarge,
        `Cannot take field line ${
          MAX_FIELDS + 1
        }: expected at most ${MAX_FIELDS}`,
      );
    }
    const base = this.#base;
    const offsets = this.#offsets;
    offsets[4 * line] = lineStart - base;
    offsets[4 * line + 1] = nameEnd - base;
    offsets[4 * line + 2] = valueStart - base;
    offsets[4 * line + 3] = valueEnd - base;
    this.#kinds[line] = fieldKind(this.#bytes, lineStart, nameEnd, hash);
    this.#count = line + 1;
  }

  #invalid(): SidecarError {
    return new SidecarError(
      this.#faults.invalid,
      `Cannot parse field line ${this.#count + 1}: expected "name: value" ` +
        "ended by CRLF, without control characters",
    );
  }
}
