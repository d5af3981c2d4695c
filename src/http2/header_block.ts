import { NO_OCTETS } from "../http/octets.ts";
import { FrameType } from "./frame.ts";
import { floodError } from "./frame_rules.ts";

/** Blocks of a client in earnest come in one frame or two, as large as frames may be. */
const MAX_CONTINUATIONS = 16;

/**
 * A header block that comes in more than one frame (RFC 9113 §4.3). Bounded in
 * octets and in frames: empty ones could come without end.
 */
export class HeaderBlock {
  readonly #maxOctets: number;
  #octets = NO_OCTETS;
  #length = 0;
  #continuations = 0;

  constructor(maxOctets: number) {
    this.#maxOctets = maxOctets;
  }

  get octets(): Uint8Array {
    return this.#octets;
  }

  /** How many of the octets there are. */
  get length(): number {
    return this.#length;
  }

  /** Begins with the fragment of a HEADERS frame. */
  begin(bytes: Uint8Array, start: number, end: number): void {
    this.#continuations = 0;
    this.#octets = NO_OCTETS;
    this.#length = 0;
    this.#add(bytes, start, end);
  }

  /** Goes on with the fragment of a CONTINUATION frame. Throws `Http2Error` where it is too much. */
  continue(bytes: Uint8Array, start: number, end: number): void {
    if (++this.#continuations > MAX_CONTINUATIONS) {
      throw floodError(
        FrameType.CONTINUATION,
        `at most ${MAX_CONTINUATIONS} in a header block`,
      );
    }
    this.#add(bytes, start, end);
  }

  /** Lets go of the octets. */
  release(): void {
    this.#octets = NO_OCTETS;
  }

  #add(bytes: Uint8Array, start: number, end: number): void {
    const length = this.#length + end - start;
    if (length > this.#maxOctets) {
      throw floodError(
        FrameType.CONTINUATION,
        `a header block of at most ${this.#maxOctets} octets`,
      );
    }
    if (length > this.#octets.length) {
      const grown = new Uint8Array(Math.min(2 * length, this.#maxOctets));
      grown.set(this.#octets);
      this.#octets = grown;
    }
    this.#octets.set(bytes.subarray(start, end), this.#length);
    this.#length = length;
  }
}
