import { SidecarError } from "../errors.ts";
import { type Clock, systemClock } from "./clock.ts";
import { follow, type Following } from "./follow.ts";
import { Listeners } from "./listeners.ts";
import type { Source, SourceEvent } from "./source.ts";
import type { TlsMaterial } from "./tls_material.ts";
import { sameMaterial, trustShrinks } from "./trust.ts";

/** The material in force and its place in history. */
export interface Current<T = TlsMaterial> {
  readonly material: T;
  /** The trust generation: rises by one whenever trust shrinks, from 1. */
  readonly generation: number;
  /** Rises by one with every swap, from 1. */
  readonly sequence: number;
}

/** Called after a swap, when `current` already is the new value. */
export type SwapListener<T = TlsMaterial> = (
  current: Current<T>,
  previous: Current<T>,
) => void;

/** What the source has is not what is in force. */
export interface Differs {
  /** When that began, in milliseconds since the epoch. */
  readonly since: number;
  /** Why the newest was not taken. */
  readonly error: SidecarError;
}

/** Whether the source is followed, and if not since when and why. */
export type Health =
  | { readonly healthy: true }
  | {
    readonly healthy: false;
    /** Milliseconds since the epoch. */
    readonly since: number;
    readonly error: SidecarError;
  };

/** `asked` says that somebody who knows what it means wants the candidate taken. */
export type Admit<T> = (
  candidate: T,
  current: T,
  context: { readonly asked: boolean },
) => void;

/** What a {@linkcode Store} must know of its values. */
export interface StoreOptions<T> {
  /** What to begin with, where there is something before a source. */
  readonly initial?: T | undefined;
  /** Whether trust shrinks from one value to the next. */
  shrinks(before: T, after: T): boolean;
  /** Whether one value is as good as another, so that no swap is needed. */
  same(before: T, after: T): boolean;
  /**
   * Asked before a value of the source takes the place of another. What it
   * throws, a `SidecarError` as a rule, keeps the present one in force.
   */
  readonly admit?: Admit<T> | undefined;
  readonly clock?: Clock | undefined;
}

const HEALTHY: Health = Object.freeze({ healthy: true });

/**
 * Holds the one current value, and follows the source that it comes from. A
 * value once handed out stays valid for whoever holds it; whoever needs to know
 * whether trust has shrunk since compares generations.
 *
 * When the source fails, the current value stays in force, and the source is
 * opened again after 10 ms, twice as long each time, at most 10 s, until it
 * gives a value.
 */
export class Store<T> {
  readonly #options: StoreOptions<T>;
  readonly #clock: Clock;
  readonly #swaps = new Listeners<
    [current: Current<T>, previous: Current<T>]
  >();
  readonly #rejections = new Listeners<[error: SidecarError]>();
  readonly #healths = new Listeners<[health: Health]>();
  #current: Current<T> | undefined;
  #differs: Differs | undefined;
  #health = HEALTHY;
  #following: Following | undefined;

  constructor(options: StoreOptions<T>) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    if (options.initial !== undefined) this.swap(options.initial);
  }

  /** @throws {Error} If there is none, because `start()` has not resolved yet. */
  get current(): Current<T> {
    if (this.#current === undefined) throw new Error("The store is empty");
    return this.#current;
  }

  /** Why the source's newest is not in force; undefined where it is. */
  get differs(): Differs | undefined {
    return this.#differs;
  }

  get health(): Health {
    return this.#health;
  }

  /**
   * Follows `source` until `stop()`. Resolves with the first value in force.
   * Where that does not come it rejects as {@linkcode Following.first} does, and
   * may be called again.
   *
   * @throws {Error} If a source is followed already.
   */
  async start(source: Source<T>): Promise<Current<T>> {
    if (this.#following !== undefined) {
      throw new Error("Cannot start the store: it was started already");
    }
    const following = follow(source, {
      clock: this.#clock,
      onEvent: (event) => this.#take(event),
      onFailure: (error) => this.#become(error),
    });
    this.#following = following;
    try {
      await following.first;
    } catch (error) {
      await following.stop();
      this.#forget(following);
      throw error;
    }
    return this.current;
  }

  /** Leaves the source; the current value stays. Resolves when nothing is left running. */
  async stop(): Promise<void> {
    const following = this.#following;
    await following?.stop();
    this.#forget(following);
  }

  /**
   * Puts `material` in force and tells every listener. A listener that throws
   * does not keep the others from being told; what was thrown comes out in the
   * end as an `AggregateError`, with the swap done.
   */
  swap(material: T): void {
    const previous = this.#current;
    if (previous === undefined) {
      this.#current = Object.freeze({ material, generation: 1, sequence: 1 });
      return;
    }
    const shrunk = this.#options.shrinks(previous.material, material);
    const current = Object.freeze({
      material,
      generation: previous.generation + (shrunk ? 1 : 0),
      sequence: previous.sequence + 1,
    });
    this.#current = current;
    this.#swaps.tell(current, previous);
  }

  /** Calls `listener` on every swap from now on, until the function that is returned is called. */
  onSwap(listener: SwapListener<T>): () => void {
    return this.#swaps.add(listener);
  }

  /** The same for every load that was rejected, when `differs` already tells of it. */
  onRejected(listener: (error: SidecarError) => void): () => void {
    return this.#rejections.add(listener);
  }

  /** The same for every change between healthy and not. */
  onHealth(listener: (health: Health) => void): () => void {
    return this.#healths.add(listener);
  }

  #take(event: SourceEvent<T>): void {
    this.#become(undefined);
    if (event.kind === "rejected") return this.#reject(event.error);
    const { value } = event;
    const { admit, same } = this.#options;
    const previous = this.#current?.material;
    if (previous !== undefined) {
      if (same(previous, value)) {
        this.#differs = undefined;
        return;
      }
      try {
        admit?.(value, previous, { asked: event.asked === true });
      } catch (error) {
        return this.#reject(asSidecarError(error));
      }
    }
    this.#differs = undefined;
    guarded(() => this.swap(value));
  }

  #reject(error: SidecarError): void {
    const since = this.#differs?.since ?? this.#clock.now();
    this.#differs = Object.freeze({ since, error });
    guarded(() => this.#rejections.tell(error));
  }

  /** Healthy, where there is no error. */
  #become(error: SidecarError | undefined): void {
    const wasHealthy = this.#health.healthy;
    if (error === undefined) this.#health = HEALTHY;
    else {
      const since = this.#health.healthy
        ? this.#clock.now()
        : this.#health.since;
      this.#health = Object.freeze({ healthy: false, since, error });
    }
    if (wasHealthy === this.#health.healthy) return;
    guarded(() => this.#healths.tell(this.#health));
  }

  /** Unless another one has been started since. */
  #forget(following: Following | undefined): void {
    if (this.#following === following) this.#following = undefined;
  }
}

/** The store of the sidecar's own certificate and of the CAs that clients must lead to. */
export class MaterialStore extends Store<TlsMaterial> {
  /** @param initial What to begin with; without it the store is empty until a source was started. */
  constructor(
    initial?: TlsMaterial,
    options: Pick<StoreOptions<TlsMaterial>, "admit" | "clock"> = {},
  ) {
    super({ ...options, initial, shrinks: trustShrinks, same: sameMaterial });
  }
}

/** What a listener throws must not end the following of the source. */
function guarded(tell: () => void): void {
  try {
    tell();
  } catch (error) {
    reportError(error);
  }
}

function asSidecarError(error: unknown): SidecarError {
  if (error instanceof SidecarError) return error;
  return new SidecarError(
    "INTERNAL",
    `Cannot judge new material: ${String(error)}`,
    { cause: error },
  );
}
