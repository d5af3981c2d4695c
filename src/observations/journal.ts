import type { ErrorCode } from "../errors.ts";
import type { Tally } from "../tally.ts";
import { Recent } from "./recent.ts";

/** How many reloads, and how many refusals, are kept. */
const KEPT = 20;
/** A certificate larger than this is not kept to tell of its holder. */
const MAX_LEAF_OCTETS = 16 * 1024;

/** An attempt to put new files in force. */
export interface Reload {
  /** What was loaded: `TLS material`. */
  readonly what: string;
  readonly outcome: "ok" | ErrorCode;
  readonly detail: string;
}

/** A client that was not let in. */
export interface RefusedClient {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly address: string;
  /** DER of the certificate that it presented, verified or not, where there was one. */
  readonly leaf?: Uint8Array | undefined;
}

/** With when it happened, in milliseconds since the epoch. */
export type Dated<T> = T & { readonly at: number };

/** Remembers the last reloads and refusals, and counts all of them. */
export class Journal {
  readonly #tally: Tally;
  readonly #now: () => number;
  readonly #reloads = new Recent<Dated<Reload>>(KEPT);
  #refusals = new Recent<Dated<RefusedClient>>(KEPT);
  #loadedAt: number;
  #refused = 0;

  /** `now` gives milliseconds since the epoch. */
  constructor(tally: Tally, now: () => number) {
    this.#tally = tally;
    this.#now = now;
    this.#loadedAt = now();
  }

  /**
   * When files were last loaded with success, in milliseconds since the epoch. A
   * sidecar that could not load them at its start does not run, so that counts.
   */
  get loadedAt(): number {
    return this.#loadedAt;
  }

  /** How many clients were refused since the start. */
  get refused(): number {
    return this.#refused;
  }

  /** Newest first. */
  get reloads(): readonly Dated<Reload>[] {
    return this.#reloads.newest();
  }

  /** Newest first. */
  get refusals(): readonly Dated<RefusedClient>[] {
    return this.#refusals.newest();
  }

  reloaded(reload: Reload): void {
    const at = this.#now();
    if (reload.outcome === "ok") this.#loadedAt = at;
    this.#tally.add("reloads", reload.outcome);
    this.#reloads.add({ ...reload, at });
  }

  /**
   * Keeps the certificate as it is: to read it costs time that many refusals
   * should not take, and is for whoever looks at the last of them.
   */
  refuse({ code, detail, address, leaf }: RefusedClient): void {
    this.#refused++;
    const kept = leaf !== undefined && leaf.length <= MAX_LEAF_OCTETS;
    this.#refusals.add({
      at: this.#now(),
      code,
      detail,
      address,
      ...(kept && { leaf: new Uint8Array(leaf) }),
    });
  }

  /** Gives away the refusals so far, for `absorb`. Their counts by code are the tally's. */
  drainRefusals(): DrainedRefusals {
    const drained = { total: this.#refused, last: this.#refusals.oldest() };
    this.#refused = 0;
    this.#refusals = new Recent(KEPT);
    return drained;
  }

  /** Takes refusals in from elsewhere, among those there by their time. */
  absorbRefusals({ total, last }: DrainedRefusals): void {
    this.#refused += total;
    if (last.length === 0) return;
    const all = [...this.#refusals.oldest(), ...last];
    this.#refusals = new Recent(KEPT);
    for (const refusal of all.sort((one, other) => one.at - other.at)) {
      this.#refusals.add(refusal);
    }
  }
}

/** Clients that were refused elsewhere: how many, and the last of them, oldest first. */
export interface DrainedRefusals {
  readonly total: number;
  readonly last: readonly Dated<RefusedClient>[];
}
