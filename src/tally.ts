/** What is counted, by reason or result. */
export type Counted =
  /** Verified clients that may not enter, once a connection. */
  | "access_denied"
  /** Those that entered because of `ACCESS_MODE=audit` alone. */
  | "access_would_deny"
  /** Identity headers without the certificate, for want of room. */
  | "identity_headers_trimmed"
  | "connections_refused"
  /** By the `Limit`, each time that a client meets it. */
  | "limits_hit"
  | "connections_retired"
  | "reloads"
  /** Tunnels that have ended: by both sides in order, or why they were cut. */
  | "tunnels"
  | "upstream_errors"
  /** Threads that ended by themselves, or had to be ended. */
  | "workers_replaced";

/** What of a client is limited: the labels of `limits_hit`. */
export const LIMITS = [
  /** `MAX_CONNECTIONS` were there. */
  "connections",
  /** `MAX_CONNECTIONS_PER_ADDRESS`. */
  "connections_per_address",
  /** `MAX_HANDSHAKES` were under way. */
  "handshakes",
  /** `HANDSHAKE_TIMEOUT_SECS`. */
  "handshake_time",
  /** `HEADER_TIMEOUT_SECS`, for a head or for the first octet of all. */
  "header_time",
  /** The octets of a head. */
  "header_size",
  /** `BODY_TIMEOUT_SECS`, for the request's body. */
  "body_time",
  /** `MAX_BODY_BYTES`. */
  "body_size",
  /** `BODY_TIMEOUT_SECS`, for the client to take what it is sent. */
  "send_time",
  /** `KEEP_ALIVE_TIMEOUT_SECS`. */
  "idle",
  /** Streams at once that an HTTP/2 client was told that it may open. */
  "concurrent_streams",
  /** Frames of an HTTP/2 client that serve no request, beyond its credit. */
  "flood",
  /** Content of HTTP/2 clients that nobody has taken yet, all together. */
  "held_content",
  /** For an HTTP/2 client to acknowledge our settings. */
  "settings_time",
] as const;

export type Limit = (typeof LIMITS)[number];

/** Counts by reason or result. The labels are codes, so their number is bounded. */
export class Tally {
  readonly #counts = new Map<Counted, Map<string, number>>();

  add(what: Counted, label: string, count = 1): void {
    if (count === 0) return;
    let labels = this.#counts.get(what);
    if (labels === undefined) this.#counts.set(what, labels = new Map());
    labels.set(label, (labels.get(label) ?? 0) + count);
  }

  get(what: Counted, label: string): number {
    return this.#counts.get(what)?.get(label) ?? 0;
  }

  /** Each label of one kind with its count. */
  entries(what: Counted): Iterable<readonly [label: string, count: number]> {
    return this.#counts.get(what) ?? [];
  }

  /** Gives away all counts so far, for `absorb`. */
  drain(): [what: Counted, labels: ReadonlyMap<string, number>][] {
    const drained = [...this.#counts];
    this.#counts.clear();
    return drained;
  }

  absorb(drained: ReturnType<Tally["drain"]>): void {
    for (const [what, labels] of drained) {
      for (const [label, count] of labels) this.add(what, label, count);
    }
  }

  /** All counts, for the log. */
  snapshot(): Record<string, Record<string, number>> {
    return Object.fromEntries(
      Array.from(
        this.#counts,
        ([what, labels]) => [what, Object.fromEntries(labels)],
      ),
    );
  }
}
