/** More streams than a client can have open at a time. */
const MAX_REMEMBERED = 256;

/**
 * The streams that we have reset of late: what was on its way on them is no
 * error of the peer's (RFC 9113 §5.1).
 */
export class RecentResets {
  /** In the order of their coming. */
  readonly #ids = new Set<number>();

  add(streamId: number): void {
    this.#ids.add(streamId);
    if (this.#ids.size <= MAX_REMEMBERED) return;
    const [oldest] = this.#ids;
    this.#ids.delete(oldest!);
  }

  has(streamId: number): boolean {
    return this.#ids.has(streamId);
  }
}
