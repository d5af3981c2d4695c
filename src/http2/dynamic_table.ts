import { NO_OCTETS } from "../http/octets.ts";

/** How large the tables of both sides are at first (RFC 9113 §6.5.2). */
export const DEFAULT_TABLE_SIZE = 4096;

/** What an entry counts for besides its octets (RFC 7541 §4.1). */
export const ENTRY_OVERHEAD = 32;

/** Octets to begin with. */
const CAPACITY = 512;

/** Positions of octets are 16 bits wide. */
const MAX_BOUND = 0xffff;

/**
 * The dynamic table of a decoder (RFC 7541 §2.3.2, §4). The octets of its
 * entries stand in one buffer, the oldest first; a new one goes to the end, and
 * when there is no room the rest moves to the front. Nothing is allocated until
 * an entry comes.
 */
export class DynamicTable {
  readonly #bound: number;
  #octets = NO_OCTETS;
  #octetsEnd = 0;
  /** A ring of entries, four numbers each: start, name end, value end, and 1 if malformed. */
  #marks = new Uint16Array(0);
  readonly #slots: number;
  /** The slot of the entry that came last. */
  #newest = 0;
  #count = 0;
  #size = 0;
  #maxSize: number;

  /** `bound` is what the size may at most be set to, 65,535 octets at most. */
  constructor(bound: number) {
    if (!(bound >= 0 && bound <= MAX_BOUND)) {
      throw new RangeError(`bound of a dynamic table: ${bound}`);
    }
    this.#bound = bound;
    this.#slots = Math.floor(bound / ENTRY_OVERHEAD);
    this.#maxSize = bound;
  }

  /** How many entries there are. */
  get count(): number {
    return this.#count;
  }

  /** The size of all entries, as RFC 7541 §4.1 counts it. */
  get size(): number {
    return this.#size;
  }

  get maxSize(): number {
    return this.#maxSize;
  }

  /** Sets what the size may be at most, which throws out what is too much (RFC 7541 §4.3). */
  set maxSize(maxSize: number) {
    if (!(maxSize <= this.#bound)) {
      throw new RangeError(`size of a dynamic table: ${maxSize}`);
    }
    this.#maxSize = maxSize;
    this.#evict(maxSize);
  }

  /** The octets that all positions refer to, until an entry is added. */
  get octets(): Uint8Array {
    return this.#octets;
  }

  /** The slot of the entry that came in as the `age`th before the last, `age` less than `count`. */
  slot(age: number): number {
    const slot = this.#newest - age;
    return slot < 0 ? slot + this.#slots : slot;
  }

  nameStart(slot: number): number {
    return this.#marks[4 * slot]!;
  }

  /** Where the name ends, and the value begins. */
  nameEnd(slot: number): number {
    return this.#marks[4 * slot + 1]!;
  }

  valueEnd(slot: number): number {
    return this.#marks[4 * slot + 2]!;
  }

  /** What was said of the entry when it was added. */
  malformed(slot: number): boolean {
    return this.#marks[4 * slot + 3] === 1;
  }

  /**
   * Adds the entry whose name is `source[start..nameEnd)` and whose value is
   * `source[valueStart..valueEnd)`; older ones make room. One that is larger
   * than the whole table leaves it empty, which is no error (RFC 7541 §4.4).
   * `source` must not be `octets`. Positional, because it runs with field lines.
   */
  add(
    source: Uint8Array,
    start: number,
    nameEnd: number,
    valueStart: number,
    valueEnd: number,
    malformed: boolean,
  ): void {
    const nameLength = nameEnd - start;
    const length = nameLength + valueEnd - valueStart;
    const size = length + ENTRY_OVERHEAD;
    this.#evict(this.#maxSize - size);
    if (size > this.#maxSize) return;
    this.#makeRoom(length);
    const octets = this.#octets;
    const at = this.#octetsEnd;
    let to = at;
    for (let i = start; i < nameEnd; i++) octets[to++] = source[i]!;
    for (let i = valueStart; i < valueEnd; i++) octets[to++] = source[i]!;
    this.#octetsEnd = to;
    if (++this.#newest >= this.#slots) this.#newest = 0;
    const mark = 4 * this.#newest;
    const marks = this.#marks;
    marks[mark] = at;
    marks[mark + 1] = at + nameLength;
    marks[mark + 2] = to;
    marks[mark + 3] = malformed ? 1 : 0;
    this.#count++;
    this.#size += size;
  }

  /** Throws out the oldest entries until the size is not above `limit`, or none is left. */
  #evict(limit: number): void {
    while (this.#size > limit && this.#count > 0) {
      const oldest = this.slot(--this.#count);
      this.#size -= this.valueEnd(oldest) - this.nameStart(oldest) +
        ENTRY_OVERHEAD;
    }
    if (this.#count === 0) this.#octetsEnd = 0;
  }

  /** Makes room for `length` octets behind those of the newest entry. */
  #makeRoom(length: number): void {
    if (this.#marks.length === 0) {
      this.#marks = new Uint16Array(4 * this.#slots);
    }
    if (this.#octetsEnd + length <= this.#octets.length) return;
    const start = this.#count > 0
      ? this.nameStart(this.slot(this.#count - 1))
      : 0;
    const needed = this.#octetsEnd - start + length;
    const from = this.#octets;
    if (needed > from.length) {
      this.#octets = new Uint8Array(
        Math.min(this.#bound, Math.max(CAPACITY, 2 * needed)),
      );
    }
    this.#octets.set(from.subarray(start, this.#octetsEnd));
    this.#octetsEnd -= start;
    for (let age = 0; age < this.#count; age++) {
      const mark = 4 * this.slot(age);
      this.#marks[mark]! -= start;
      this.#marks[mark + 1]! -= start;
      this.#marks[mark + 2]! -= start;
    }
  }
}
