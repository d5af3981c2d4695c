/** Who wants to be told of one kind of event. */
export class Listeners<A extends readonly unknown[]> {
  readonly #listeners = new Set<(...args: A) => void>();

  /** Calls `listener` on every event from now on, until the function that is returned is called. */
  add(listener: (...args: A) => void): () => void {
    // A function of its own, so that one listener added twice is two subscriptions.
    const subscription = (...args: A) => listener(...args);
    this.#listeners.add(subscription);
    return () => void this.#listeners.delete(subscription);
  }

  /**
   * Tells every listener. One that throws does not keep the others from being
   * told; what was thrown comes out in the end.
   *
   * @throws {AggregateError} Of what the listeners threw.
   */
  tell(...args: A): void {
    const failures: unknown[] = [];
    for (const listener of [...this.#listeners]) {
      try {
        listener(...args);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) {
      throw new AggregateError(failures, "A listener failed");
    }
  }
}
