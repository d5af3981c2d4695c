import type { SidecarError } from "../errors.ts";

/** Where octets come from: the decrypted side of a connection, or a TCP connection. */
export interface OctetSource {
  /**
   * The next octets, never empty, or null at the end of the stream, be it in
   * order or not. They stay as they are until the next call. Never rejects.
   */
  read(): Promise<Uint8Array | null>;
  /** Why the stream ended, where it broke off. */
  readonly fault?: SidecarError | undefined;
}

/** Octets that have arrived and are not consumed yet: `bytes[start..end)`. */
export interface Arrived {
  readonly bytes: Uint8Array;
  start: number;
  readonly end: number;
}

const NOTHING: Uint8Array = new Uint8Array(0);

/**
 * The octets of a connection that have arrived and are not consumed yet:
 * `bytes[start..end)`. What arrives is used in place; it is copied only when
 * the beginning of something unfinished is still here.
 */
export class Input implements Arrived {
  readonly #source: OctetSource;
  #bytes = NOTHING;
  #owned = false;
  start = 0;
  end = 0;

  constructor(source: OctetSource) {
    this.#source = source;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  get available(): number {
    return this.end - this.start;
  }

  /** Why the stream ended, where it broke off. */
  get fault(): SidecarError | undefined {
    return this.#source.fault;
  }

  /**
   * Waits for more octets, after which what was unconsumed begins at `start`
   * still, though perhaps elsewhere. False at the end of the stream. Never
   * rejects.
   */
  more(): Promise<boolean> {
    const left = this.end - this.start;
    // The source may reuse its memory from now on; an idle connection holds none.
    if (left === 0) this.#bytes = NOTHING;
    else if (!this.#owned) this.#move(2 * left);
    return this.#source.read().then(this.#take);
  }

  /** Made once: an async function instead would cost every request some garbage. */
  readonly #take = (chunk: Uint8Array | null): boolean => {
    if (chunk === null) return false;
    const left = this.end - this.start;
    if (left === 0) {
      this.#bytes = chunk;
      this.#owned = false;
      this.start = 0;
      this.end = chunk.length;
      return true;
    }
    if (this.end + chunk.length > this.#bytes.length) {
      this.#move(2 * (left + chunk.length));
    }
    this.#bytes.set(chunk, this.end);
    this.end += chunk.length;
    return true;
  };

  #move(capacity: number): void {
    const bytes = new Uint8Array(capacity);
    bytes.set(this.#bytes.subarray(this.start, this.end));
    this.end -= this.start;
    this.start = 0;
    this.#bytes = bytes;
    this.#owned = true;
  }
}
