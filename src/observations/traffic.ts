import type { ErrorCode } from "../errors.ts";
import type { Limit, Tally } from "../tally.ts";
import { Histogram, type HistogramCounts } from "./histogram.ts";

/** In what requests are spoken, by ALPN protocol ID (RFC 7301 §6). */
export const REQUEST_PROTOCOLS = ["http/1.0", "http/1.1", "h2"] as const;

export type RequestProtocol = (typeof REQUEST_PROTOCOLS)[number];

/** What became of a request, by the first digit of its status; `none` without an answer. */
export const CODE_CLASSES = [
  "none",
  "1xx",
  "2xx",
  "3xx",
  "4xx",
  "5xx",
] as const;

/** What came of a request. */
export interface Exchanged {
  readonly protocol: RequestProtocol;
  /** The status that was sent; 0 where none was. */
  readonly status: number;
  /** What went wrong, where something did. */
  readonly fault: { readonly code: ErrorCode } | undefined;
  /** From the request's head to the response's end, in milliseconds. */
  readonly durationMs: number;
  /** How long the application took from the request to the head of its response; -1 where there was none. */
  readonly upstreamMs: number;
  /** Octets of content that the client sent. */
  readonly received: number;
  /** Octets of content that it was sent. */
  readonly sent: number;
}

/** Requests that were counted elsewhere. */
export interface DrainedTraffic {
  readonly requests: Traffic["requests"];
  readonly received: number;
  readonly sent: number;
  readonly duration: HistogramCounts;
  readonly upstreamDuration: HistogramCounts;
}

/** Faults that are a limit of ours; where there are others they are told of as they are met. */
const LIMITS: Readonly<Partial<Record<ErrorCode, Limit>>> = {
  TARGET_TOO_LONG: "header_size",
  FIELDS_TOO_LARGE: "header_size",
};

/** Counts requests. What runs with each of them is a few stores to fields. */
export class Traffic {
  /** By protocol, at the indices of `CODE_CLASSES`. */
  readonly requests: Readonly<Record<RequestProtocol, Float64Array>> = {
    "http/1.0": new Float64Array(CODE_CLASSES.length),
    "http/1.1": new Float64Array(CODE_CLASSES.length),
    "h2": new Float64Array(CODE_CLASSES.length),
  };
  /** In seconds. */
  readonly duration = new Histogram();
  /** How long the application took until its response began, in seconds. */
  readonly upstreamDuration = new Histogram();
  /** Octets of content from clients. */
  received = 0;
  /** Octets of content to clients. */
  sent = 0;
  #begun = 0;
  #ended = 0;
  readonly #tally: Tally;

  /** Faults are rare, and counted by the tally. */
  constructor(tally: Tally) {
    this.#tally = tally;
  }

  get inFlight(): number {
    return this.#begun - this.#ended;
  }

  /** All requests with an answer of a class, whatever their protocol. */
  answered(codeClass: (typeof CODE_CLASSES)[number]): number {
    const index = CODE_CLASSES.indexOf(codeClass);
    let count = 0;
    for (const counts of Object.values(this.requests)) count += counts[index]!;
    return count;
  }

  /** All requests that are over. */
  get total(): number {
    let count = 0;
    for (const codeClass of CODE_CLASSES) count += this.answered(codeClass);
    return count;
  }

  begin(): void {
    this.#begun++;
  }

  /** Once for every `begin`. */
  end(exchanged: Exchanged): void {
    this.#ended++;
    // A tunnel lasts as long as its ends like.
    if (exchanged.status !== 101) {
      this.duration.observe(exchanged.durationMs / 1000);
    }
    if (exchanged.upstreamMs >= 0) {
      this.upstreamDuration.observe(exchanged.upstreamMs / 1000);
    }
    this.received += exchanged.received;
    this.sent += exchanged.sent;
    this.refused(exchanged);
  }

  /** For what could not be taken for a request, and did not `begin`. */
  refused({ protocol, status, fault }: Exchanged): void {
    // Statuses of an application go up to 999 (RFC 9110 §15).
    const codeClass = Math.min(5, status / 100 | 0);
    this.requests[protocol][codeClass]!++;
    if (fault !== undefined) this.#addFault(fault.code);
  }

  /** Gives away what was counted so far, for `absorb`; what is in flight stays. */
  drain(): DrainedTraffic {
    const { requests, received, sent } = this;
    const drained = {
      requests: structuredClone(requests),
      received,
      sent,
      duration: this.duration.drain(),
      upstreamDuration: this.upstreamDuration.drain(),
    };
    for (const counts of Object.values(requests)) counts.fill(0);
    this.received = this.sent = 0;
    return drained;
  }

  absorb(drained: DrainedTraffic): void {
    for (const protocol of REQUEST_PROTOCOLS) {
      for (const [index, count] of drained.requests[protocol].entries()) {
        this.requests[protocol][index]! += count;
      }
    }
    this.received += drained.received;
    this.sent += drained.sent;
    this.duration.absorb(drained.duration);
    this.upstreamDuration.absorb(drained.upstreamDuration);
  }

  /** Shows so many as being answered, elsewhere than here. */
  show(inFlight: number): void {
    this.#begun = this.#ended + inFlight;
  }

  #addFault(code: ErrorCode): void {
    if (code.startsWith("UPSTREAM_")) this.#tally.add("upstream_errors", code);
    const limit = LIMITS[code];
    if (limit !== undefined) this.#tally.add("limits_hit", limit);
  }
}
