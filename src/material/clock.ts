/** The time, so that tests can put their own in its place. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /**
   * Calls `run` once, `ms` milliseconds from now, at most 2^31 - 1.
   *
   * @returns What cancels it.
   */
  after(ms: number, run: () => void): () => void;
}

/** The machine's own. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** Resolves `ms` milliseconds from now, or as soon as `signal` is aborted. */
export function wait(
  ms: number,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = () => {
    cancel();
    signal.removeEventListener("abort", done);
    resolve();
  };
  const cancel = clock.after(ms, done);
  signal.addEventListener("abort", done);
  return promise;
}
