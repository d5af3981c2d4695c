import type { Deadlines } from "../deadlines.ts";
import { floodError } from "./frame_rules.ts";

/** What a connection begins with, and has at most. */
const MAX_CREDIT = 1_000;

/** What comes back with time: a client that is slow about it does no harm. */
const CREDIT_PER_SECOND = 20;

/** What a request brings that was answered to its end. */
const CREDIT_PER_REQUEST = 10;

/** Some clients enlarge their windows for every few kilobytes that they are sent. */
const OCTETS_PER_CREDIT = 256;

/** What frames cost that serve no request by themselves. */
export const FloodCost = {
  /** PING, SETTINGS, PRIORITY, WINDOW_UPDATE, empty DATA, and what is ignored. */
  FRAME: 1,
  /** A stream that ends by a reset before it was any use, whichever side had to send it. */
  RESET: 5,
} as const;

/**
 * Ends a connection whose client keeps us busy without wanting anything: each
 * frame that serves no request costs credit, which requests and content bring
 * back. A thousand such frames may come at once, and 200 resets.
 */
export class FloodGuard {
  readonly #deadlines: Pick<Deadlines, "now">;
  #credit = MAX_CREDIT;
  /** Until when time has been turned into credit. */
  #since: number;

  constructor(deadlines: Pick<Deadlines, "now">) {
    this.#deadlines = deadlines;
    this.#since = deadlines.now;
  }

  /** Counts a frame of a type. Throws `Http2Error`, `HTTP2_FLOOD`, where it is one too many. */
  spend(type: number, cost: number): void {
    this.#credit -= cost;
    if (this.#credit >= 0) return;
    const { now } = this.#deadlines;
    this.#earn(Math.floor((now - this.#since) * CREDIT_PER_SECOND / 1000));
    this.#since = now;
    if (this.#credit < 0) {
      throw floodError(type, "fewer frames that serve no request");
    }
  }

  /** A request was answered to its end. */
  earnRequest(): void {
    this.#earn(CREDIT_PER_REQUEST);
  }

  /** A frame of content was sent: the peer may open two windows after it. */
  earnContent(octets: number): void {
    this.#earn(2 + Math.floor(octets / OCTETS_PER_CREDIT));
  }

  #earn(credit: number): void {
    this.#credit = Math.min(MAX_CREDIT, this.#credit + credit);
  }
}
