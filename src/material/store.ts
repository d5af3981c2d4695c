import type { TlsMaterial } from "./tls_material.ts";

/** The material in force and its place in history. */
export interface Current {
  readonly material: TlsMaterial;
  /** The trust generation: rises by one whenever trust shrinks, from 1. */
  readonly generation: number;
  /** Rises by one with every swap, from 1. */
  readonly sequence: number;
}

/** Called after a swap, when `current` already is the new value. */
export type SwapListener = (current: Current, previous: Current) => void;

/**
 * Holds the one current {@linkcode TlsMaterial}. A value once handed out stays
 * valid for whoever holds it; whoever needs to know whether trust has shrunk
 * since compares generations.
 */
export class MaterialStore {
  #current: Current;
  readonly #listeners = new Set<SwapListener>();

  constructor(material: TlsMaterial) {
    this.#current = Object.freeze({ material, generation: 1, sequence: 1 });
  }

  get current(): Current {
    return this.#current;
  }

  /**
   * Puts `material` in force and tells every listener. A listener that throws
   * does not keep the others from being told; what was thrown comes out in the
   * end, with the swap done.
   */
  swap(material: TlsMaterial): void {
    const previous = this.#current;
    const shrunk = trustShrinks(previous.material, material);
    const current: Current = Object.freeze({
      material,
      generation: previous.generation + (shrunk ? 1 : 0),
      sequence: previous.sequence + 1,
    });
    this.#current = current;
    const failures: unknown[] = [];
    for (const listener of [...this.#listeners]) {
      try {
        listener(current, previous);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) {
      throw new AggregateError(failures, "A listener of a swap failed");
    }
  }

  /** Calls `listener` on every swap from now on, until the function that is returned is called. */
  onSwap(listener: SwapListener): () => void {
    // A function of its own, so that one listener added twice is two subscriptions.
    const subscription: SwapListener = (current, previous) =>
      listener(current, previous);
    this.#listeners.add(subscription);
    return () => {
      this.#listeners.delete(subscription);
    };
  }
}

/** Whether an anchor of `before` is missing in `after`. A renewed CA has another fingerprint and counts as missing. */
function trustShrinks(before: TlsMaterial, after: TlsMaterial): boolean {
  const kept = new Set(after.anchors.map(({ fingerprint }) => fingerprint));
  return before.anchors.some(({ fingerprint }) => !kept.has(fingerprint));
}
