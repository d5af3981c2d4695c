import type { OctetSource } from "../../src/http/input.ts";
import { octetsOf } from "./octet_reader.ts";

/**
 * A stream that arrives in given pieces. As `OctetSource` allows, every read
 * uses the same memory again: a parser that looks at octets from before reads
 * NUL, which no grammar of HTTP has.
 */
export class PieceSource implements OctetSource {
  readonly #pieces: readonly Uint8Array[];
  readonly #memory: Uint8Array;
  #next = 0;

  /** Empty pieces are left out, for a source never gives them. */
  constructor(pieces: readonly string[]) {
    this.#pieces = pieces.filter((piece) => piece !== "").map(octetsOf);
    this.#memory = new Uint8Array(
      Math.max(0, ...this.#pieces.map((piece) => piece.length)),
    );
  }

  /** How many pieces were read. */
  get reads(): number {
    return this.#next;
  }

  read(): Promise<Uint8Array | null> {
    this.#memory.fill(0);
    const piece = this.#pieces[this.#next];
    if (piece === undefined) return Promise.resolve(null);
    this.#next++;
    this.#memory.set(piece);
    return Promise.resolve(this.#memory.subarray(0, piece.length));
  }
}

/** `text` cut at the given positions, in any order; those outside it cut nothing. */
export function cut(text: string, positions: readonly number[]): string[] {
  const sorted = positions.filter((at) => at > 0 && at < text.length)
    .sort((a, b) => a - b);
  return [0, ...sorted].map((from, index) => text.slice(from, sorted[index]));
}
