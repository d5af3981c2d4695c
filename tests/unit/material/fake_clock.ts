import type { Clock } from "../../../src/material/clock.ts";

/** A clock that stands still until it is told to go on. */
export class FakeClock implements Clock {
  readonly #timers = new Map<symbol, { at: number; run: () => void }>();
  #now: number;

  constructor(now = 0) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    const id = Symbol();
    this.#timers.set(id, { at: this.#now + ms, run });
    return () => void this.#timers.delete(id);
  }

  /** How many milliseconds each timer has to go, the next one first. */
  get pending(): number[] {
    return [...this.#timers.values()].map(({ at }) => at - this.#now)
      .sort((a, b) => a - b);
  }

  /** Lets `ms` milliseconds go by, and runs what is due in its order. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, { at }]) => at <= until)
        .sort(([, a], [, b]) => a.at - b.at)[0];
      if (due === undefined) break;
      const [id, { at, run }] = due;
      this.#timers.delete(id);
      this.#now = at;
      run();
    }
    this.#now = until;
  }
}
