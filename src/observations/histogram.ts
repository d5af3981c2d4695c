/** Bounds for the durations of requests and handshakes, in seconds: most take less than a millisecond here. */
export const DURATION_BOUNDS: readonly number[] = [
  0.00025,
  0.0005,
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
  30,
  60,
];

/**
 * How often values fell between fixed bounds. To observe one is a search among
 * a few numbers, and allocates nothing.
 */
export class Histogram {
  /** Upper bounds, each included in its bucket, ascending. */
  readonly bounds: readonly number[];
  /** How many values each bucket has; the last is for those above all bounds. */
  readonly counts: Float64Array;
  /** Of all values. */
  sum = 0;

  constructor(bounds: readonly number[] = DURATION_BOUNDS) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const { bounds, counts } = this;
    let bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]!) bucket++;
    counts[bucket]!++;
    this.sum += value;
  }

  /** Gives away what was observed so far, for `absorb` of another with the same bounds. */
  drain(): HistogramCounts {
    const drained = { counts: this.counts.slice(), sum: this.sum };
    this.counts.fill(0);
    this.sum = 0;
    return drained;
  }

  absorb({ counts, sum }: HistogramCounts): void {
    for (const [bucket, count] of counts.entries()) {
      this.counts[bucket]! += count;
    }
    this.sum += sum;
  }
}

/** What was observed. */
export type HistogramCounts = Pick<Histogram, "counts" | "sum">;

/**
 * The value below which the part `q`, 0 to 1, of the values lies, by how many
 * fell into each bucket, as if they lay evenly within it. Null without a value;
 * the greatest bound for what lies above all.
 */
export function quantile(
  q: number,
  { bounds, counts }: Pick<Histogram, "bounds" | "counts">,
): number | null {
  let total = 0;
  for (const count of counts) total += count;
  if (total === 0) return null;
  const rank = q * total;
  let below = 0;
  for (const [bucket, bound] of bounds.entries()) {
    const count = counts[bucket]!;
    if (count > 0 && below + count >= rank) {
      const lower = bounds[bucket - 1] ?? 0;
      return lower + (bound - lower) * (rank - below) / count;
    }
    below += count;
  }
  return bounds.at(-1) ?? null;
}
