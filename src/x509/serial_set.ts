import { malformed } from "./der.ts";

/**
 * Different in each process: who chooses serial numbers can't foresee the slots
 * they fall into, and so can't make all of them fall into one.
 */
const SEED = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;

/**
 * How far a search may go. Half of the slots are free, so even half a million
 * serial numbers stay far below it unless the seed was guessed.
 */
const MAX_PROBES = 4096;

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
   * octet, as DER has them. It is kept, and must not change. Throws `CERT_INVALID`
   * where they collide as chance does not make them.
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
    let slot = hashOf(octets, { at, end }) & slots.length - 1;
    for (let probes = 0; probes < MAX_PROBES; probes++) {
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
    throw malformed("too many serial numbers collide");
  }
}

/** Where the serial number that stands in `packed` at `at` ends. */
function after(packed: Uint8Array, at: number): number {
  return at + 1 + (packed[at] ?? 0);
}

/**
 * MurmurHash3's rounds over each octet, seeded. The rotation carries the high
 * bits down: with multiplication alone the low bits, which choose the slot,
 * would depend on the low bits of the seed alone, and few seeds would be left to guess.
 */
function hashOf(
  octets: Uint8Array,
  { at, end }: { at: number; end: number },
): number {
  let hash = SEED;
  for (let i = at; i < end; i++) {
    let block = Math.imul((octets[i] ?? 0) + 1, 0xcc9e2d51);
    block = Math.imul(block << 15 | block >>> 17, 0x1b873593);
    hash ^= block;
    hash = Math.imul(hash << 13 | hash >>> 19, 5) + 0xe6546b64 | 0;
  }
  hash = Math.imul(hash ^ hash >>> 16, 0x85ebca6b);
  hash = Math.imul(hash ^ hash >>> 13, 0xc2b2ae35);
  return hash ^ hash >>> 16;
}
