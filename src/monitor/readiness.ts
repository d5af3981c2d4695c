import type { Condition } from "./status_report.ts";
import { downSource, type Watched } from "./watched.ts";

/**
 * For how long a source may be down, in milliseconds. What is in force goes on
 * to serve, but a CA that was taken away, or a revocation, is not heard of.
 */
const MAX_SOURCE_DOWN_MS = 5 * 60_000;

/** Asks the application whether it is ready. Never rejects. */
export interface ApplicationProbe {
  /** With the header lines of whoever asks: names and values by turns. */
  ask(rawHeaders: readonly string[]): Promise<ProbeResult>;
}

export interface ProbeResult {
  readonly ok: boolean;
  readonly detail: string;
}

export interface ReadinessOptions {
  readonly watched: Watched;
  /** Undefined where the application is left out. */
  readonly application: ApplicationProbe | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Judges whether requests should be sent here. */
export class Readiness {
  readonly #options: ReadinessOptions;

  constructor(options: ReadinessOptions) {
    this.#options = options;
  }

  /**
   * All conditions; ready is who meets every one of them. The application is
   * asked in any case, so that whoever looks sees all that is wrong.
   */
  async conditions(
    rawHeaders: readonly string[],
  ): Promise<readonly Condition[]> {
    const { watched, application } = this.#options;
    const own = [
      serving(watched),
      this.#certificate(),
      this.#source(),
    ];
    if (application === undefined) return own;
    const { ok, detail } = await application.ask(rawHeaders);
    watched.observations.applicationReady = ok;
    return [...own, { name: "application", ok, detail }];
  }

  #certificate(): Condition {
    const { watched: { store }, now } = this.#options;
    const name = "certificate";
    if (store === undefined) {
      return { name, ok: false, detail: "not loaded yet" };
    }
    const { notBefore, notAfter } = store.current.material.certificate;
    const at = now();
    // Said so that a clock that gives NaN finds no certificate valid.
    if (notBefore <= at && at <= notAfter) {
      return { name, ok: true, detail: `valid until ${rfc3339(notAfter)}` };
    }
    const detail = at > notAfter
      ? `expired ${rfc3339(notAfter)}`
      : `not valid before ${rfc3339(notBefore)}`;
    return { name, ok: false, detail };
  }

  #source(): Condition {
    const { watched, now } = this.#options;
    const down = downSource(watched);
    if (down === undefined) {
      return { name: "source", ok: true, detail: "the files can be followed" };
    }
    const { since, error } = down;
    return {
      name: "source",
      ok: now() - since < MAX_SOURCE_DOWN_MS,
      detail: `down since ${rfc3339(since)}: ${error.code}`,
    };
  }
}

function serving({ phase, workers }: Watched): Condition {
  const name = "serving";
  if (phase === "serving" && workers.running === 0) {
    return { name, ok: false, detail: "no worker" };
  }
  return { name, ok: phase === "serving", detail: phase };
}

/** Milliseconds since the epoch as RFC 3339, in UTC. */
export function rfc3339(ms: number): string {
  // Certificates may name times that a Date can't (RFC 5280 §4.1.2.5: year 9999 at most).
  return new Date(Math.min(ms, 253_402_300_799_999)).toISOString();
}
