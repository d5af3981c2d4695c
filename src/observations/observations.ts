import { Tally } from "../tally.ts";
import { ConnectionCounts, HandshakeCounts } from "./connection_counts.ts";
import { Journal } from "./journal.ts";
import { Traffic } from "./traffic.ts";

/**
 * All that is counted and remembered of one sidecar, for whoever shows it. It
 * knows nothing of how that is done, and costs little where nobody does.
 */
export class Observations {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly tally = new Tally();
  readonly traffic = new Traffic(this.tally);
  readonly connections = new ConnectionCounts();
  readonly handshakes = new HandshakeCounts();
  readonly journal: Journal;
  /** What the application said of itself when it was asked last; undefined before. */
  applicationReady: boolean | undefined;

  /** `now` gives milliseconds since the epoch. */
  constructor(now: () => number) {
    this.startedAt = now();
    this.journal = new Journal(this.tally, now);
  }
}
