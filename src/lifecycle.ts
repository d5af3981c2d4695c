/** Where a sidecar stands between its start and its end. */
export type Phase = "starting" | "serving" | "draining" | "stopped";

// From serving there is no way to stopped but through draining: whoever waits
// for the drain signal to let go of a connection would never hear it.
const SUCCESSORS: Readonly<Record<Phase, readonly Phase[]>> = {
  starting: ["serving", "draining", "stopped"],
  serving: ["draining"],
  draining: ["stopped"],
  stopped: [],
};

/** The one place that knows the phase. It goes forward only. */
export class Lifecycle {
  readonly #draining = new AbortController();
  readonly #listeners = new Set<(phase: Phase) => void>();
  #phase: Phase = "starting";

  get phase(): Phase {
    return this.#phase;
  }

  /** Aborted once draining or stopped: take nothing new, finish what is in hand. */
  get draining(): AbortSignal {
    return this.#draining.signal;
  }

  /**
   * Goes on to `phase`, then aborts `draining` where it is due, then tells the
   * listeners in the order of their subscription.
   *
   * @throws {Error} If `phase` does not follow the present one; nothing changes.
   */
  enter(phase: Phase): void {
    if (!SUCCESSORS[this.#phase].includes(phase)) {
      throw new Error(`Cannot go from ${this.#phase} to ${phase}`);
    }
    this.#phase = phase;
    if (phase !== "serving") this.#draining.abort();
    for (const listener of [...this.#listeners]) {
      // A listener before this one went on to a later phase, which all have heard of.
      if (this.#phase !== phase) return;
      listener(phase);
    }
  }

  /**
   * Calls `listener` at every change from now on. It must not throw: those after
   * it would not be told.
   *
   * @returns What ends the subscription.
   */
  subscribe(listener: (phase: Phase) => void): () => void {
    // Wrapped, so that a function subscribed twice is two subscriptions.
    const own = (phase: Phase) => listener(phase);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }
}
