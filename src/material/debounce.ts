import type { Clock } from "./clock.ts";

/** How long a {@linkcode Debounce} waits, in milliseconds. */
export interface DebounceOptions {
  readonly clock: Clock;
  /** From the last touch. */
  readonly quietMs: number;
  /** From the first touch, whatever comes after it. */
  readonly maxMs: number;
}

/** Makes one call of many: after a quiet while, and not put off for ever. */
export class Debounce {
  readonly #run: () => void;
  readonly #options: DebounceOptions;
  #cancelQuiet: (() => void) | undefined;
  #cancelMax: (() => void) | undefined;

  constructor(run: () => void, options: DebounceOptions) {
    this.#run = run;
    this.#options = options;
  }

  /** Whether the call is still to come. */
  get pending(): boolean {
    return this.#cancelQuiet !== undefined;
  }

  touch(): void {
    const { clock, quietMs, maxMs } = this.#options;
    const fire = () => {
      this.cancel();
      this.#run();
    };
    this.#cancelQuiet?.();
    this.#cancelQuiet = clock.after(quietMs, fire);
    this.#cancelMax ??= clock.after(maxMs, fire);
  }

  /** Forgets the touches so far. */
  cancel(): void {
    this.#cancelQuiet?.();
    this.#cancelMax?.();
    this.#cancelQuiet = this.#cancelMax = undefined;
  }
}
