import { NO_OCTETS } from "../http/octets.ts";
import { DEFAULT_TABLE_SIZE, ENTRY_OVERHEAD } from "./dynamic_table.ts";
import { nameEnd, nameStart, STATIC_ENTRIES } from "./static_table.ts";

/**
 * Static indexes of the names whose values come again and again on a
 * connection and are no secrets, so that guessing at them through the size of
 * what is sent gains nothing (RFC 7541 §7.1): `:authority`, `accept`,
 * `accept-encoding`, `accept-ranges`, `access-control-allow-origin`,
 * `cache-control`, `content-encoding`, `content-type`, `date`, `server`,
 * `strict-transport-security`, `user-agent`, `vary`.
 */
const REMEMBERED = [1, 19, 16, 18, 20, 24, 26, 31, 33, 54, 56, 58, 59];

/** Longer values are not remembered. */
const MAX_VALUE_OCTETS = 64;

/** The most entries that a table of the default size can have. */
const MAX_ENTRIES = DEFAULT_TABLE_SIZE / ENTRY_OVERHEAD;

/** By static index: the place of its name among the `REMEMBERED`, or -1. */
const PLACES = new Int8Array(1 + STATIC_ENTRIES).fill(-1);
for (const [place, index] of REMEMBERED.entries()) PLACES[index] = place;

/**
 * What an encoder knows of the peer's dynamic table (RFC 7541 §4): the last
 * value of a few names, one each, and how large the entries are, to know which
 * of them are still there. Nothing is allocated until a value is remembered.
 */
export class EncoderTable {
  /** By place, `MAX_VALUE_OCTETS` each. */
  #values = NO_OCTETS;
  /** By place: the length of the value, and which entry it is, counted from 1. */
  #lengths = new Uint8Array(0);
  #entries = new Float64Array(0);
  /** The size of each entry in the table, a ring. */
  #sizes = new Uint8Array(0);
  /** How many entries were ever added, and how many of them are gone. */
  #added = 0;
  #evicted = 0;
  #size = 0;
  #maxSize = DEFAULT_TABLE_SIZE;
  #lowest = DEFAULT_TABLE_SIZE;
  #resized = false;

  get maxSize(): number {
    return this.#maxSize;
  }

  /** The lowest size since the last one that was announced. */
  get lowest(): number {
    return this.#lowest;
  }

  /** Whether the size must be announced before the next field. */
  get resized(): boolean {
    return this.#resized;
  }

  /** The peer allows a table of this size; larger than the default none is made. */
  limit(maxSize: number): void {
    const size = Math.min(maxSize, DEFAULT_TABLE_SIZE);
    if (size === this.#maxSize) return;
    this.#maxSize = size;
    this.#lowest = Math.min(this.#lowest, size);
    this.#resized = true;
    this.#evict(size);
  }

  /** The size has been announced. */
  announced(): void {
    this.#lowest = this.#maxSize;
    this.#resized = false;
  }

  /**
   * The index of a field (RFC 7541 §2.3.3) whose name has the static index
   * `name`; 0 where it is not in the table and must be added by a literal with
   * incremental indexing; -1 where it is not to be added.
   */
  find(name: number, bytes: Uint8Array, start: number, end: number): number {
    const place = PLACES[name]!;
    const length = end - start;
    if (place < 0 || length > MAX_VALUE_OCTETS) return -1;
    if (this.#values.length === 0) this.#allocate();
    const entry = this.#entries[place]!;
    if (entry > this.#evicted && this.#lengths[place] === length) {
      let at = MAX_VALUE_OCTETS * place;
      let i = start;
      while (i < end && bytes[i] === this.#values[at]) i++, at++;
      if (i === end) return STATIC_ENTRIES + 1 + this.#added - entry;
    }
    return this.#add(name, bytes, start, end) ? 0 : -1;
  }

  #add(name: number, bytes: Uint8Array, start: number, end: number): boolean {
    const length = end - start;
    const size = nameEnd(name) - nameStart(name) + length + ENTRY_OVERHEAD;
    if (size > this.#maxSize) return false;
    this.#evict(this.#maxSize - size);
    this.#sizes[this.#added++ % MAX_ENTRIES] = size;
    this.#size += size;
    const place = PLACES[name]!;
    let at = MAX_VALUE_OCTETS * place;
    for (let i = start; i < end; i++) this.#values[at++] = bytes[i]!;
    this.#lengths[place] = length;
    this.#entries[place] = this.#added;
    return true;
  }

  /** Counts the oldest entries out until the size is not above `limit`. */
  #evict(limit: number): void {
    while (this.#size > limit) {
      this.#size -= this.#sizes[this.#evicted++ % MAX_ENTRIES]!;
    }
  }

  #allocate(): void {
    this.#values = new Uint8Array(MAX_VALUE_OCTETS * REMEMBERED.length);
    this.#lengths = new Uint8Array(REMEMBERED.length);
    this.#entries = new Float64Array(REMEMBERED.length);
    this.#sizes = new Uint8Array(MAX_ENTRIES);
  }
}
