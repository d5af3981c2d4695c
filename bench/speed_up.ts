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
 * The rate that the program would have, at most, with `cores` cores to itself and
 * the load elsewhere. A thread that serves would run for as long as it was ready
 * to run: where it waited for anything but a core, such as a lock or another
 * thread, it would wait there too. All threads, those that collect garbage among
 * them, would have no more than `cores` cores.
 */
export function discountedRate(
  { rate, seconds, cpu, serving }: Observed,
  cores: number,
): number {
  const ran = sum(serving.map((thread) => thread.ran));
  const ready = sum(serving.map(readyTime));
  return rate * Math.min(ready / ran, cores * seconds / cpu);
}

/** What part of the time a serving thread was ready to run, on average; 1 is always. */
export function readyShare({ seconds, serving }: Observed): number {
  return sum(serving.map(readyTime)) / seconds / serving.length;
}

/** How evenly the work fell to the serving threads: their mean ready time to the longest; 1 is evenly. */
export function balance({ serving }: Observed): number {
  const times = serving.map(readyTime);
  return sum(times) / times.length / Math.max(...times);
}

/** How long a thread ran or waited for a core: how long it had work. */
function readyTime({ ran, waited }: ThreadTimes): number {
  return ran + waited;
}

function sum(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
