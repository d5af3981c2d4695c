import type { SweepClock } from "../../src/deadlines.ts";

/** A clock for `Deadlines` that stands still until it is told to go on. */
export class ManualClock implements SweepClock {
  readonly #ticks = new Set<() => void>();
  #now = 0;

  now(): number {
    return this.#now;
  }

  every(_ms: number, tick: () => void): () => void {
    // Wrapped, so that a function given twice is two timers.
    const own = () => tick();
    this.#ticks.add(own);
    return () => void this.#ticks.delete(own);
  }

  /** How many timers would keep the process alive. */
  get running(): number {
    return this.#ticks.size;
  }

  /** Lets `ms` milliseconds go by, then sweeps. */
  advance(ms: number): void {
    this.#now += ms;
    for (const tick of [...this.#ticks]) tick();
  }
}
