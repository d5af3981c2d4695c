import type { Memory } from "./process_figures.ts";

/** The loads: small requests, large bodies down to the client, and up from it. */
export type LoadName = Http1LoadName | `http2-${Http1LoadName}`;

type Http1LoadName = "small" | "down" | "up";

/** What one proxy showed under one load, one value a run. */
export interface LoadFigures {
  /** Requests a second, or MB a second. */
  readonly perSecond: number[];
  /** µs of CPU a request, or CPU seconds a GB. */
  readonly cpu: number[];
  /** Share of its core that the proxy used, 0 to 1. */
  readonly busy: number[];
  /** The highest memory of all runs, the one for warming up included. */
  peak: Memory;
}

/** One proxy's measurements. */
export interface ProxyFigures {
  readonly name: string;
  /** Two seconds after its start, before the first client. */
  readonly idle: Memory;
  /** Without the loads that were skipped. */
  readonly loads: Partial<Record<LoadName, LoadFigures>>;
}

/** All measurements, and why any are absent. */
export interface Comparison {
  readonly proxies: ProxyFigures[];
  readonly skipped: Partial<Record<LoadName, string>>;
}

/**
 * The middle value; of an even number of values, the mean of the two in the
 * middle.
 *
 * @throws {RangeError} If there are no values.
 */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const low = sorted[Math.floor((sorted.length - 1) / 2)];
  const high = sorted[Math.ceil((sorted.length - 1) / 2)];
  if (low === undefined || high === undefined) {
    throw new RangeError("Cannot take the median of no values");
  }
  return (low + high) / 2;
}
