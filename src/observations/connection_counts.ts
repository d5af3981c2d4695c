import { Histogram } from "./histogram.ts";

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
}
