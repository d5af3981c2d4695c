import type { Phase } from "../lifecycle.ts";

/**
 * What `/status.json` says, and what the page and `mtls-sidecar status` show.
 * Times are RFC 3339 in UTC with milliseconds. Texts are of printable characters
 * and bounded, but come from certificates and files: who shows them escapes them.
 */
export interface StatusReport {
  readonly version: string;
  /** Of the report. */
  readonly time: string;
  readonly startedAt: string;
  readonly phase: Phase;
  /** Whether `/ready` would answer 200. */
  readonly ready: boolean;
  readonly conditions: readonly Condition[];
  readonly certificates: readonly CertificateReport[];
  /** Rises whenever trust in client certificates shrinks, from 1; 0 before there is any. */
  readonly trustGeneration: number;
  /** Whether the files can be followed, and if not since when and why. */
  readonly source: {
    readonly healthy: boolean;
    readonly since?: string;
    readonly code?: string;
    readonly error?: string;
  };
  /** Why what is on disk is not what is served; null where it is. */
  readonly differs:
    | { readonly since: string; readonly code: string; readonly error: string }
    | null;
  /** The threads that serve. */
  readonly workers: {
    /** How many there should be. */
    readonly wanted: number;
    readonly running: number;
    /** How many of them do not answer any more. */
    readonly silent: number;
    /** How many had their place taken by another, since the start. */
    readonly replaced: number;
  };
  readonly access: AccessReport;
  readonly traffic: TrafficReport;
  readonly connections: {
    readonly open: Readonly<Record<"http/1.1" | "h2" | "tunnel", number>>;
    /** Since the start. */
    readonly total: number;
    /** How many handshakes are under way. */
    readonly handshaking: number;
    /** How many handshakes resumed a session, since the start. */
    readonly resumed: number;
  };
  /** Newest first, at most 20. */
  readonly reloads: readonly ReloadReport[];
  /** Newest first, at most 20. */
  readonly refusals: readonly RefusalReport[];
}

/** One of the conditions that all hold where the sidecar is ready. */
export interface Condition {
  readonly name: string;
  readonly ok: boolean;
  /** Why, for people. */
  readonly detail: string;
}

/** Something that ends with its validity: a certificate, or a CRL. */
export interface CertificateReport {
  readonly role: "server" | "ca" | "crl" | "upstream";
  /** The subject, or of a CRL the issuer, as an RFC 4514 string. */
  readonly name: string;
  readonly issuer?: string;
  /** Subject alternative names. */
  readonly names?: readonly string[];
  /** SHA-256 over the DER, lower-case hex. */
  readonly fingerprint?: string;
  readonly notBefore?: string;
  /** Of a CRL its nextUpdate. */
  readonly notAfter: string;
}

/** By what clients are let in. */
export interface AccessReport {
  readonly mode: "enforce" | "audit";
  readonly refuse: "403" | "close";
  readonly unverified: "close" | "401";
  readonly rules: readonly { readonly by: string; readonly rule: string }[];
  /** Null where no peers are pinned. */
  readonly peers: null | {
    readonly unpinned: "refuse" | "accept";
    readonly bootstrapUntil?: string;
    readonly peers: readonly {
      readonly id: string;
      /** How many keys are pinned. */
      readonly pins: number;
      readonly spiffe?: string;
    }[];
  };
}

export interface TrafficReport {
  /** The time between two samples, in seconds. */
  readonly stepSecs: number;
  /** Oldest first, at most 60. */
  readonly samples: readonly TrafficSample[];
  readonly inFlight: number;
  /** Over all samples; null without a request. In milliseconds. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

/** What happened within one step. */
export interface TrafficSample {
  /** When it ended. */
  readonly at: string;
  readonly requests: number;
  /** Answered 4xx. */
  readonly clientErrors: number;
  /** Answered 5xx. */
  readonly serverErrors: number;
  /** Clients that were not let in. */
  readonly refused: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

export interface ReloadReport {
  readonly at: string;
  /** What was loaded: `TLS material`, `pinned peers`, `seal keys`. */
  readonly what: string;
  /** `ok`, or the code of what was wrong. */
  readonly outcome: string;
  readonly detail: string;
}

/**
 * A client that was not let in. Who it is, from `address` on, is left out unless
 * the caller may see that.
 */
export interface RefusalReport {
  readonly at: string;
  readonly code: string;
  readonly detail: string;
  /** What would let it in. Tells nothing of who it is. */
  readonly advice: string;
  readonly address?: string;
  readonly subject?: string;
  readonly issuer?: string;
  /** SHA-256 over the DER of its SubjectPublicKeyInfo, lower-case hex. */
  readonly spki?: string;
}
