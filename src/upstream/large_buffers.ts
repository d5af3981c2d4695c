/** What a response's body that flows is read with, in octets. */
export const LARGE_OCTETS = 64 * 1024;

/** More buffers than this are not kept: 1 MiB. */
const MAX_KEPT = 16;

/**
 * Large buffers, shared by the connections to the application. A fresh one for
 * each body would have to be filled with zeros first, and would stay until the
 * garbage collector comes, which sees little of the memory outside its heap: for
 * bodies of 64 KiB that was a fifth of all the time.
 */
export class LargeBuffers {
  readonly #kept: Uint8Array<ArrayBuffer>[] = [];

  /** A buffer with whatever was in it. */
  take(): Uint8Array<ArrayBuffer> {
    return this.#kept.pop() ?? new Uint8Array(LARGE_OCTETS);
  }

  /** Takes back a buffer that nobody reads into, and whose octets nobody needs. */
  give(buffer: Uint8Array<ArrayBuffer>): void {
    if (this.#kept.length < MAX_KEPT) this.#kept.push(buffer);
  }
}
