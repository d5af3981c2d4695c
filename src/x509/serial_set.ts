/** FNV-1a with 32 bits. Serial numbers come from a CA, so no secret seed is needed. */
const FNV_OFFSET_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * A set of serial numbers that is quick to ask, whatever its size, and made of
 * two arrays rather than of an object for each. Immutable.
 */
export class SerialSet {
  /** How many different serial numbers there are. */
  readonly size: number;
  /** One after the other, each behind its length in one octet. */
  readonly #packed: Uint8Array;
  /** Open addressing: where in `#packed` a serial number begins, plus one. 0 is free. */
  readonly #slots: Uint32Array;

  /**
   * @param packed The content octets of each INTEGER behind their number in one
   * octet, as DER has them. It is kept, and must not change.
   */
  constructor(packed: Uint8Array) {
    let count = 0;
    for (let at = 0; at < packed.length; at = after(packed, at)) count++;
    this.#packed = packed;
    // A power of two, and at least twice as many slots as serial numbers: a
    // search ends at a free slot, soon.
    this.#slots = new Uint32Array(2 ** Math.ceil(Math.log2(count + 1) + 1));
    let size = 0;
    for (let at = 0; at < packed.length; at = after(packed, at)) {
      const slot = this.#slotOf(packed, at);
      if (this.#slots[slot] !== 0) continue;
      this.#slots[slot] = at + 1;
      size++;
    }
    this.size = size;
  }

  /** Whether the set has a serial number, given by its content octets in lower-case hex. */
  has(serialNumber: string): boolean {
    const length = (serialNumber.length / 2).toString(16).padStart(2, "0");
    return this.#has(Uint8Array.fromHex(length + serialNumber), 0);
  }

  /** Whether each serial number of this set is in one of `others`. */
  isCoveredBy(others: readonly SerialSet[]): boolean {
    const packed = this.#packed;
    for (let at = 0; at < packed.length; at = after(packed, at)) {
      if (!others.some((other) => other.#has(packed, at))) return false;
    }
    return true;
  }

  /** Whether the set has the serial number that stands in `octets` at `at`. */
  #has(octets: Uint8Array, at: number): boolean {
    return this.#slots[this.#slotOf(octets, at)] !== 0;
  }

  /** The slot of a serial number, or the free one where it would stand. */
  #slotOf(octets: Uint8Array, at: number): number {
    const slots = this.#slots;
    const end = after(octets, at);
    let hash = FNV_OFFSET_BASIS;
    for (let i = at; i < end; i++) {
      hash = Math.imul(hash ^ (octets[i] ?? 0), FNV_PRIME);
    }
    let slot = hash & slots.length - 1;
    for (;;) {
      const found = slots[slot] ?? 0;
      if (found === 0) return slot;
      let same = 0;
      // The length comes first, so a serial number is not its own beginning.
      while (
        at + same < end && this.#packed[found - 1 + same] === octets[at + same]
      ) same++;
      if (at + same === end) return slot;
      slot = slot + 1 & slots.length - 1;
    }
  }
}

/** Where the serial number that stands in `packed` at `at` ends. */
function after(packed: Uint8Array, at: number): number {
  return at + 1 + (packed[at] ?? 0);
}
