/**
 * A number that all threads see at once, and that rises before any of them puts
 * narrower trust in force. A worker that has not come so far yet lets no client
 * in, however long it takes to hear of the change: so none is admitted on trust
 * that another worker has already given up.
 */
export class TrustEpoch {
  /** For the other threads. */
  readonly memory: SharedArrayBuffer;
  readonly #cell: Int32Array<SharedArrayBuffer>;

  constructor(memory = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#cell = new Int32Array(memory);
  }

  /** How often it has risen. */
  get value(): number {
    return Atomics.load(this.#cell, 0);
  }

  /** From now on, in every thread. Gives the new value. */
  rise(): number {
    return Atomics.add(this.#cell, 0, 1) + 1;
  }
}
