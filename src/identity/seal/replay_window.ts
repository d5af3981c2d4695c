/** Numbers behind the newest that are still told apart. */
const WINDOW = 1024;

/** Bits of a 64-bit number below the worker's. */
const SEQUENCE_BITS = 56n;

/** What a window says of a number. */
export type Freshness = "fresh" | "replayed" | "behind-window";

/** The worker that numbered a request: with its `keyid` it names a sender. */
export function workerOf(sequence: bigint): number {
  return Number(sequence >> SEQUENCE_BITS);
}

/**
 * The sliding window over one sender's numbers: any number is taken once. A
 * number that comes late is taken while it is less than 1,024 behind the newest;
 * what is older cannot be told from a replay, and is refused.
 */
export class ReplayWindow {
  #newest: bigint;
  /** A bit for each of the last 1,024 numbers, at its remainder by 1,024. */
  readonly #seen = new Uint32Array(WINDOW / 32);

  /** `first` is taken. */
  constructor(first: bigint) {
    this.#newest = first;
    this.#mark(first);
  }

  take(sequence: bigint): Freshness {
    if (sequence > this.#newest) {
      this.#advance(sequence);
    } else if (this.#newest - sequence >= WINDOW) {
      return "behind-window";
    } else if (this.#isMarked(sequence)) {
      return "replayed";
    }
    this.#mark(sequence);
    return "fresh";
  }

  /** Forgets what falls out behind, whose bits are those of the numbers ahead. */
  #advance(sequence: bigint): void {
    if (sequence - this.#newest >= WINDOW) this.#seen.fill(0);
    else {
      for (let skipped = this.#newest + 1n; skipped < sequence; skipped++) {
        const bit = Number(skipped % BigInt(WINDOW));
        this.#seen[bit >> 5]! &= ~(1 << (bit & 31));
      }
    }
    this.#newest = sequence;
  }

  #isMarked(sequence: bigint): boolean {
    const bit = Number(sequence % BigInt(WINDOW));
    return (this.#seen[bit >> 5]! >>> (bit & 31) & 1) === 1;
  }

  #mark(sequence: bigint): void {
    const bit = Number(sequence % BigInt(WINDOW));
    this.#seen[bit >> 5]! |= 1 << (bit & 31);
  }
}

interface Sender {
  readonly window: ReplayWindow;
  /** The newest `created` of a request that was taken, in seconds since 1970. */
  created: number;
}

export interface SendersOptions {
  /** How many senders are remembered at most. */
  readonly maxSenders: number;
}

/**
 * The windows of all senders. A new sender only finds room by the leave of one
 * whose every request is too old to be taken again; where there is none, it is
 * refused ("senders"): a window is never forgotten while it is needed.
 */
export class Senders {
  readonly #senders = new Map<string, Sender>();
  readonly #maxSenders: number;

  constructor({ maxSenders }: SendersOptions) {
    this.#maxSenders = maxSenders;
  }

  /**
   * Takes a request's number, once. Its signature and time were found good.
   * `oldest` is the `created` below which requests are refused as too old.
   */
  take(
    { keyId, sequence, created }: {
      readonly keyId: string;
      readonly sequence: bigint;
      readonly created: number;
    },
    oldest: number,
  ): Freshness | "senders" {
    const name = `${workerOf(sequence)} ${keyId}`;
    const sender = this.#senders.get(name);
    if (sender === undefined) {
      if (!this.#makeRoom(oldest)) return "senders";
      this.#senders.set(name, { window: new ReplayWindow(sequence), created });
      return "fresh";
    }
    const freshness = sender.window.take(sequence);
    if (freshness === "fresh") {
      sender.created = Math.max(sender.created, created);
    }
    return freshness;
  }

  #makeRoom(oldest: number): boolean {
    if (this.#senders.size < this.#maxSenders) return true;
    for (const [name, { created }] of this.#senders) {
      if (created < oldest) this.#senders.delete(name);
    }
    return this.#senders.size < this.#maxSenders;
  }
}
