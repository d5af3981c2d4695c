import type { Deadline, Deadlines } from "../deadlines.ts";
import { quantile } from "./histogram.ts";
import { Recent } from "./recent.ts";
import type { Traffic } from "./traffic.ts";

/** The time between two samples, in seconds. */
export const SAMPLE_SECS = 15;
/** With the time between them, the last quarter of an hour. */
const KEPT = 60;

/** What happened within one step. */
export interface Sample {
  /** When it ended, in milliseconds since the epoch. */
  readonly at: number;
  readonly requests: number;
  /** Answered 4xx. */
  readonly clientErrors: number;
  /** Answered 5xx. */
  readonly serverErrors: number;
  /** Clients that were not let in. */
  readonly refused: number;
  /** How many requests fell into each bucket of `Traffic.duration`. */
  readonly durations: Float64Array;
}

export interface SamplesOptions {
  readonly traffic: Traffic;
  /** How many clients were refused since the start. */
  readonly refused: () => number;
  readonly deadlines: Deadlines;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Counts since the start, as a sample is the difference of two of them. */
type Totals = Omit<Sample, "at">;

/** Looks at the counts every few seconds, to tell what happened of late. */
export class Samples {
  readonly #options: SamplesOptions;
  readonly #kept = new Recent<Sample>(KEPT);
  readonly #deadline: Deadline;
  #before: Totals;

  constructor(options: SamplesOptions) {
    this.#options = options;
    this.#before = this.#totals();
    this.#deadline = options.deadlines.add(() => this.#take());
    this.#deadline.arm(1000 * SAMPLE_SECS);
  }

  /** Leaves no timer. */
  end(): void {
    this.#options.deadlines.remove(this.#deadline);
  }

  /** Oldest first. */
  all(): readonly Sample[] {
    return this.#kept.oldest();
  }

  /** The quantile `q` of the durations of one sample, or of all, in seconds; null without a request. */
  quantile(q: number, of: readonly Sample[] = this.all()): number | null {
    const { bounds, counts: { length } } = this.#options.traffic.duration;
    const counts = new Float64Array(length);
    for (const { durations } of of) {
      for (let i = 0; i < length; i++) counts[i]! += durations[i]!;
    }
    return quantile(q, { bounds, counts });
  }

  #take(): void {
    this.#deadline.arm(1000 * SAMPLE_SECS);
    const before = this.#before;
    const after = this.#before = this.#totals();
    this.#kept.add({
      at: this.#options.now(),
      requests: after.requests - before.requests,
      clientErrors: after.clientErrors - before.clientErrors,
      serverErrors: after.serverErrors - before.serverErrors,
      refused: after.refused - before.refused,
      durations: after.durations.map((count, i) =>
        count - before.durations[i]!
      ),
    });
  }

  #totals(): Totals {
    const { traffic, refused } = this.#options;
    return {
      requests: traffic.total,
      clientErrors: traffic.answered("4xx"),
      serverErrors: traffic.answered("5xx"),
      refused: refused(),
      durations: traffic.duration.counts.slice(),
    };
  }
}
