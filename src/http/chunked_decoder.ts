import { SidecarError } from "../errors.ts";
import type { BodyFaults } from "./body_reader.ts";
import { FieldSection, MAX_SECTION_OCTETS } from "./field_section.ts";
import type { Input } from "./input.ts";
import { CR, FIELD_VALUE, HEX_VALUE, LF, SEMICOLON } from "./octets.ts";

/** More digits than any size that can be counted exactly has, zeros before it included. */
const MAX_SIZE_DIGITS = 16;

/**
 * How many octets of chunk extensions a whole body may have. They carry nothing
 * for us, and without a bound a client could have much read for little content.
 */
const MAX_EXTENSION_OCTETS = 4 * 1024;

type State =
  | "size"
  | "extension"
  | "size-end"
  | "data"
  | "data-end"
  | "data-end-lf"
  | "trailers"
  | "done";

/** Undoes the chunked transfer coding (RFC 9112 §7.1), however it is split. */
export class ChunkedDecoder {
  readonly #faults: BodyFaults;
  readonly #trailers: FieldSection;
  #state: State = "size";
  #digits = 0;
  #left = 0;
  #extensionOctets = 0;
  /** Where to go on in the trailer section, relative to the first octet that is not consumed. */
  #resume = 0;

  constructor(faults: BodyFaults) {
    this.#faults = faults;
    this.#trailers = new FieldSection(faults.trailers);
  }

  /** The trailer section of the body that was taken last, where it has fields. */
  get trailers(): FieldSection | undefined {
    return this.#trailers.count > 0 ? this.#trailers : undefined;
  }

  reset(): void {
    this.#state = "size";
    this.#digits =
      this.#left =
      this.#extensionOctets =
      this.#resume =
        0;
    this.#trailers.reset();
  }

  /** As `BodyReader.take`: a piece of content, null at the end, undefined for more input. */
  take(input: Input): Uint8Array | null | undefined {
    while (input.available > 0) {
      if (this.#state === "data") {
        const octets = Math.min(this.#left, input.available);
        const piece = input.bytes.subarray(input.start, input.start + octets);
        input.start += octets;
        this.#left -= octets;
        if (this.#left === 0) this.#state = "data-end";
        return piece;
      }
      if (this.#state === "trailers") return this.#takeTrailers(input);
      this.#step(input.bytes[input.start++]!);
    }
    return undefined;
  }

  /** One octet of the framing between the chunks. */
  #step(octet: number): void {
    switch (this.#state) {
      case "size": {
        const value = HEX_VALUE[octet]!;
        if (value < 16) {
          this.#left = 16 * this.#left + value;
          if (
            ++this.#digits > MAX_SIZE_DIGITS ||
            this.#left > Number.MAX_SAFE_INTEGER
          ) throw this.#invalid("a chunk size that can be counted");
        } else if (this.#digits === 0) {
          throw this.#invalid("a chunk size in hexadecimal digits");
        } else if (octet === SEMICOLON) this.#state = "extension";
        else this.#expect(octet, CR, "size-end");
        break;
      }
      case "extension":
        if (FIELD_VALUE[octet] !== 1) this.#expect(octet, CR, "size-end");
        else if (++this.#extensionOctets > MAX_EXTENSION_OCTETS) {
          throw this.#invalid(
            `at most ${MAX_EXTENSION_OCTETS} octets of chunk extensions`,
          );
        }
        break;
      case "size-end":
        this.#expect(octet, LF, this.#left === 0 ? "trailers" : "data");
        this.#digits = 0;
        break;
      case "data-end":
        this.#expect(octet, CR, "data-end-lf");
        break;
      case "data-end-lf":
        this.#expect(octet, LF, "size");
        break;
    }
  }

  #expect(octet: number, expected: number, next: State): void {
    if (octet !== expected) {
      throw this.#invalid("CRLF after a chunk size and after its data");
    }
    this.#state = next;
  }

  #takeTrailers(input: Input): null | undefined {
    const limit = input.start + MAX_SECTION_OCTETS;
    const end = Math.min(input.end, limit);
    this.#trailers.rebase(input.bytes, input.start);
    const position = this.#trailers.parse(input.start + this.#resume, end);
    if (position >= 0) {
      input.start = position;
      this.#state = "done";
      // Most bodies have no trailers: then nothing holds the octets any more.
      if (this.#trailers.count === 0) this.#trailers.reset();
      return null;
    }
    this.#resume = ~position - input.start;
    if (end < limit) return undefined;
    throw new SidecarError(
      this.#faults.trailers.tooLarge,
      `Cannot take the trailer section: expected at most ${MAX_SECTION_OCTETS} octets`,
    );
  }

  #invalid(expected: string): SidecarError {
    return new SidecarError(
      this.#faults.chunk,
      `Cannot undo the chunked transfer coding: expected ${expected}`,
    );
  }
}
