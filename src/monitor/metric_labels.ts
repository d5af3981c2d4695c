import type {
  AccessCode,
  AdmissionCode,
  HandshakeCode,
  UpstreamCode,
} from "../errors.ts";
import { type Limit, LIMITS } from "../tally.ts";
import type { MetricSample } from "./metric_family.ts";

/** Labels that a counter has from the start: one that appears with its first count has no rise that shows. */
type Known<C extends string> = Readonly<Record<C, 0>>;

export const ACCESS_CODES: Known<AccessCode> = {
  ACCESS_NOT_ALLOWED: 0,
  ACCESS_NOT_PINNED: 0,
  ACCESS_PIN_MISMATCH: 0,
};

/** Why a connection has no client certificate that is good. */
export const HANDSHAKE_FAILURE_CODES: Known<
  AdmissionCode | HandshakeCode
> = {
  HANDSHAKE_FAILED: 0,
  HANDSHAKE_TIMEOUT: 0,
  PROXY_HEADER_INVALID: 0,
  TOO_MANY_HANDSHAKES: 0,
  TOO_MANY_CONNECTIONS: 0,
  UNAUTHORIZED: 0,
  LEAF_MISSING: 0,
  LEAF_MALFORMED: 0,
  LEAF_VERSION: 0,
  LEAF_IS_CA: 0,
  LEAF_NOT_YET_VALID: 0,
  LEAF_EXPIRED: 0,
  LEAF_KEY_USAGE: 0,
  LEAF_REVOKED: 0,
  CRL_EXPIRED: 0,
  PATH_NOT_FOUND: 0,
  PATH_REFUSED: 0,
};

export const UPSTREAM_CODES: Known<UpstreamCode> = {
  UPSTREAM_CONNECT_FAILED: 0,
  UPSTREAM_TLS_FAILED: 0,
  UPSTREAM_BUSY: 0,
  UPSTREAM_TIMEOUT: 0,
  UPSTREAM_CLOSED: 0,
  UPSTREAM_RESPONSE_INVALID: 0,
};

export const LIMIT_NAMES = Object.fromEntries(
  LIMITS.map((name) => [name, 0]),
) as Known<Limit>;

/** One sample for each count, and for each that is known and has none yet. */
export function labelled(
  counts: Iterable<readonly [text: string, count: number]>,
  { label, known }: { label: string; known: Readonly<Record<string, 0>> },
): MetricSample[] {
  const all = new Map<string, number>(Object.entries(known));
  for (const [text, count] of counts) all.set(text, count);
  return Array.from(all, ([text, value]) => ({
    labels: { [label]: text },
    value,
  }));
}

/** Whether a code is of a client with a good certificate. */
export function isAccessCode(code: string): code is AccessCode {
  return Object.hasOwn(ACCESS_CODES, code);
}
