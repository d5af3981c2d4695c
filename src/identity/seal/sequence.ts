/** Workers that can be told apart: the number stands in the top 8 of 64 bits. */
export const MAX_WORKERS = 256;

/** Bits below the worker's number. Microseconds since 1970 fill 56 in the year 4253. */
const SEQUENCE_BITS = 56n;

/** The digits that are counted as a number; those above change once in 10^9 requests. */
const LOW_DIGITS = 9;
const LOW_END = 10 ** LOW_DIGITS;

/**
 * The growing numbers of one sender: `worker · 2^56 + start + n`, where `start`
 * is the time of the start in microseconds since 1970 and `n` counts requests.
 *
 * A restart begins above all numbers used before, as long as fewer than a million
 * requests a second were sealed since the last one, because the clock has gone on
 * by more than the count. Two workers never share a number. 50,000 requests a
 * second for a thousand years take 51 of the 56 bits.
 */
export class SequenceNumbers {
  #high: bigint;
  #highDigits: string;
  #low: number;

  /** `worker` from 0 to 255; `startMs` in milliseconds since 1970. */
  constructor(worker: number, startMs: number) {
    if (!Number.isInteger(worker) || worker < 0 || worker >= MAX_WORKERS) {
      throw new RangeError(
        `Cannot seal as worker ${worker}: expected 0 to 255`,
      );
    }
    const first = (BigInt(worker) << SEQUENCE_BITS) +
      BigInt(Math.floor(startMs)) * 1000n;
    this.#high = first / BigInt(LOW_END);
    this.#highDigits = highDigits(this.#high);
    this.#low = Number(first % BigInt(LOW_END));
  }

  /** The next number, in decimal without leading zeros. */
  next(): string {
    const low = String(this.#low);
    const digits = this.#highDigits === ""
      ? low
      : this.#highDigits + low.padStart(LOW_DIGITS, "0");
    if (++this.#low === LOW_END) {
      this.#low = 0;
      this.#highDigits = highDigits(++this.#high);
    }
    return digits;
  }
}

function highDigits(high: bigint): string {
  return high === 0n ? "" : String(high);
}
