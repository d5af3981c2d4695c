import { MAX_WINDOW } from "./frame.ts";

/**
 * How much the peer may send, of one stream or on the whole connection (RFC 9113
 * §5.2, §6.9), and when to tell it that it may send more.
 */
export class ReceiveWindow {
  /** What the window is filled up to, in octets. */
  #size: number;
  /** What the peer may still send. */
  #left: number;
  /** What is free again without the peer knowing it. */
  #free = 0;

  /** `announced` is what the peer takes it for at first, where that is less than `size`. */
  constructor(size: number, announced: number = size) {
    this.#size = size;
    this.#left = announced;
    this.#free = size - announced;
  }

  get size(): number {
    return this.#size;
  }

  /** Counts what has come. False where that is more than the peer may send. */
  receive(octets: number): boolean {
    this.#left -= octets;
    return this.#left >= 0;
  }

  /**
   * Counts what is held no longer. Returns by how much the peer is to be told
   * that its window grows, or 0 while that can wait: one WINDOW_UPDATE for half
   * a window is enough.
   */
  release(octets: number): number {
    this.#free += octets;
    if (2 * this.#free < this.#size) return 0;
    const increment = this.#free;
    this.#left += increment;
    this.#free = 0;
    return increment;
  }

  /** Makes the window larger; it shows with the next `release`. */
  grow(size: number): void {
    this.#free += size - this.#size;
    this.#size = size;
  }
}

/** Whether a window of ours grows beyond what RFC 9113 §6.9.1 allows. */
export function overflows(window: number, increment: number): boolean {
  return window + increment > MAX_WINDOW;
}
