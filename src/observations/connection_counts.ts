import { Histogram, type HistogramCounts } from "./histogram.ts";

/**
 * What connections are counted as: by the protocol they carry. A tunnel counts
 * beside the connection that it goes through.
 */
export const CONNECTION_PROTOCOLS = ["http/1.1", "h2", "tunnel"] as const;

export type ConnectionProtocol = (typeof CONNECTION_PROTOCOLS)[number];

/** Counts connections that were taken in, by what they carry. */
export class ConnectionCounts {
  /** How many are open now. */
  readonly open: Record<ConnectionProtocol, number> = {
    "http/1.1": 0,
    "h2": 0,
    "tunnel": 0,
  };
  /** How many there were since the start. */
  readonly total: Record<ConnectionProtocol, number> = { ...this.open };

  opened(protocol: ConnectionProtocol): void {
    this.open[protocol]++;
    this.total[protocol]++;
  }

  closed(protocol: ConnectionProtocol): void {
    this.open[protocol]--;
  }

  /** Gives away the totals so far, for `absorb`. */
  drain(): Record<ConnectionProtocol, number> {
    const drained = { ...this.total };
    for (const protocol of CONNECTION_PROTOCOLS) this.total[protocol] = 0;
    return drained;
  }

  absorb(total: Readonly<Record<ConnectionProtocol, number>>): void {
    for (const protocol of CONNECTION_PROTOCOLS) {
      this.total[protocol] += total[protocol];
    }
  }
}

/** Counts TLS handshakes, whatever is thought of their clients after. */
export class HandshakeCounts {
  /** Of those that were completed, in seconds. */
  readonly duration = new Histogram();
  completed = 0;
  failed = 0;
  /** Those of the completed that resumed a session. */
  resumed = 0;
  readonly #now: () => number;

  /** `now` gives milliseconds, never going back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** When a handshake began, for `complete`. */
  begin(): number {
    return this.#now();
  }

  complete(begun: number, resumed: boolean): void {
    this.completed++;
    if (resumed) this.resumed++;
    this.duration.observe((this.#now() - begun) / 1000);
  }

  fail(): void {
    this.failed++;
  }

  /** Gives away what was counted so far, for `absorb`. */
  drain(): DrainedHandshakes {
    const { completed, failed, resumed } = this;
    this.completed = this.failed = this.resumed = 0;
    return { completed, failed, resumed, duration: this.duration.drain() };
  }

  absorb(drained: DrainedHandshakes): void {
    this.completed += drained.completed;
    this.failed += drained.failed;
    this.resumed += drained.resumed;
    this.duration.absorb(drained.duration);
  }
}

/** Handshakes that were counted elsewhere. */
export interface DrainedHandshakes {
  readonly completed: number;
  readonly failed: number;
  readonly resumed: number;
  readonly duration: HistogramCounts;
}
