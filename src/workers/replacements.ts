import type { Deadline, Deadlines } from "../deadlines.ts";

/** How late the place of a worker that has ended is taken, in milliseconds. */
const FIRST_MS = 250;
/** Twice as late each time that one does not last, and at most so late. */
const MOST_MS = 30_000;
/** One that was there for so long has lasted, in milliseconds. */
const LASTING_MS = 60_000;

export interface ReplacementsOptions {
  readonly deadlines: Deadlines;
  /** Begins another worker at a place. Must not reject. */
  readonly begin: (index: number) => Promise<void>;
}

/** When the places of workers that have ended are taken. */
export class Replacements {
  readonly #options: ReplacementsOptions;
  readonly #planned = new Set<Deadline>();
  /** When the worker at a place began, by the clock of the deadlines. */
  readonly #begunAt = new Map<number, number>();
  /** How late the last replacement at a place was. */
  readonly #delays = new Map<number, number>();

  constructor(options: ReplacementsOptions) {
    this.#options = options;
  }

  /** A worker has begun at a place. */
  begun(index: number): void {
    this.#begunAt.set(index, this.#options.deadlines.now);
  }

  /** The worker at a place has ended, or could not begin: another is to. */
  plan(index: number): void {
    const { deadlines, begin } = this.#options;
    const delayMs = this.#delayOf(index);
    this.#begunAt.delete(index);
    this.#delays.set(index, delayMs);
    const deadline = deadlines.add(() => {
      this.#forget(deadline);
      void begin(index);
    });
    this.#planned.add(deadline);
    deadline.arm(delayMs);
  }

  /** Nothing that is planned happens any more. */
  cancel(): void {
    for (const deadline of this.#planned) this.#forget(deadline);
  }

  #delayOf(index: number): number {
    const { now } = this.#options.deadlines;
    const lasted = now - (this.#begunAt.get(index) ?? now);
    const before = this.#delays.get(index);
    return before === undefined || lasted >= LASTING_MS
      ? FIRST_MS
      : Math.min(2 * before, MOST_MS);
  }

  #forget(deadline: Deadline): void {
    this.#options.deadlines.remove(deadline);
    this.#planned.delete(deadline);
  }
}
