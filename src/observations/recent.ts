/** The last few of many. */
export class Recent<T> {
  readonly #kept: T[] = [];
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  add(item: T): void {
    if (this.#kept.length === this.#most) this.#kept.shift();
    this.#kept.push(item);
  }

  /** Newest first. */
  newest(): T[] {
    return this.#kept.toReversed();
  }

  /** Oldest first. */
  oldest(): readonly T[] {
    return this.#kept;
  }
}
