import type { ThreadTimes } from "./thread_times.ts";

/** What was seen of a program with so many serving threads, under a load. */
export interface Observed {
  /** Requests or handshakes a second. */
  readonly rate: number;
  /** How long it was looked at, in seconds. */
  readonly seconds: number;
  /** CPU time of all its threads meanwhile, in seconds. */
  readonly cpu: number;
  /** The threads that serve. */
  readonly serving: readonly ThreadTimes[];
}

/**
 * The rate that the program would have with `cores` cores to itself and the load
 * elsewhere, at most. A serving thread then runs for as long as it ran or was
 * ready to run, and no longer: where it waited for anything else, such as a lock
 * or a thread that is behind, it would wait there too. And all threads, those
 * that collect garbage among them, have no more than `cores` cores.
 */
export function discountedRate(
  { rate, seconds, cpu, serving }: Observed,
  cores: number,
): number {
  const ran = sum(serving, ({ ran }) => ran);
  const ready = sum(serving, ({ ran, waited }) => ran + waited);
  return rate * Math.min(ready / ran, cores * seconds / cpu);
}

/** What part of the time a serving thread ran or was ready to run, on average; 1 is always. */
export function busyShare({ seconds, serving }: Observed): number {
  const ready = sum(serving, ({ ran, waited }) => ran + waited);
  return ready / seconds / serving.length;
}

/** How evenly the serving threads shared the work: their mean CPU time to the longest; 1 is evenly. */
export function balance({ serving }: Observed): number {
  const longest = Math.max(...serving.map(({ ran }) => ran));
  return sum(serving, ({ ran }) => ran) / serving.length / longest;
}

function sum(
  threads: readonly ThreadTimes[],
  of: (thread: ThreadTimes) => number,
): number {
  return threads.reduce((sum, thread) => sum + of(thread), 0);
}
