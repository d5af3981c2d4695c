/** What is counted, by reason or result. */
export type Counted =
  /** Verified clients that may not enter, once a connection. */
  | "access_denied"
  /** Those that entered because of `ACCESS_MODE=audit` alone. */
  | "access_would_deny"
  /** Identity headers without the certificate, for want of room. */
  | "identity_headers_trimmed"
  | "connections_refused"
  | "connections_retired"
  | "reloads";

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
