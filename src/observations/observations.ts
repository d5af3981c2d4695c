import { Tally } from "../tally.ts";
import {
  ConnectionCounts,
  type DrainedHandshakes,
  HandshakeCounts,
} from "./connection_counts.ts";
import { DELAY_BOUNDS } from "./event_loop_delay.ts";
import { Histogram, type HistogramCounts } from "./histogram.ts";
import { type DrainedRefusals, Journal } from "./journal.ts";
import { type DrainedTraffic, Traffic } from "./traffic.ts";

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
  /** How late timers are, in seconds; empty where nobody looks. */
  readonly eventLoopDelay = new Histogram(DELAY_BOUNDS);
  /** What the application said of itself when it was asked last; undefined before. */
  applicationReady: boolean | undefined;

  /** `now` gives milliseconds since the epoch. */
  constructor(now: () => number) {
    this.startedAt = now();
    this.journal = new Journal(this.tally, now);
  }

  /** Gives away all that was counted and remembered of clients so far, for `absorb`. */
  drain(): DrainedObservations {
    return {
      tally: this.tally.drain(),
      traffic: this.traffic.drain(),
      connections: this.connections.drain(),
      handshakes: this.handshakes.drain(),
      refusals: this.journal.drainRefusals(),
      eventLoopDelay: this.eventLoopDelay.drain(),
    };
  }

  /** Takes in what another gave away: nothing of it counts twice. */
  absorb(drained: DrainedObservations): void {
    this.tally.absorb(drained.tally);
    this.traffic.absorb(drained.traffic);
    this.connections.absorb(drained.connections);
    this.handshakes.absorb(drained.handshakes);
    this.journal.absorbRefusals(drained.refusals);
    this.eventLoopDelay.absorb(drained.eventLoopDelay);
  }
}

/** What was observed in another thread since it was asked last. Can be cloned. */
export interface DrainedObservations {
  readonly tally: ReturnType<Tally["drain"]>;
  readonly traffic: DrainedTraffic;
  readonly connections: ReturnType<ConnectionCounts["drain"]>;
  readonly handshakes: DrainedHandshakes;
  readonly refusals: DrainedRefusals;
  readonly eventLoopDelay: HistogramCounts;
}
