import type { CertificateReport } from "../status_report.ts";

/** How much a reader should care, from not at all to at once. */
export type Level = "good" | "warn" | "bad";

/** How much of its validity something has left. */
export interface Life {
  /** From 1, at the start, to 0, at the end; null where the start is unknown. */
  readonly share: number | null;
  /** In milliseconds; negative once it is over. */
  readonly leftMs: number;
  /** Whether it has not begun. */
  readonly early: boolean;
  readonly level: Level;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Below what a life is `warn` and `bad`: by its share that is left, or by its time. */
const BOUNDS = {
  // cert-manager and others renew with a third left: below that, renewal is late.
  share: { warn: 0.3, bad: 0.1 },
  // Those of deploy/prometheus/alerts.yaml.
  unknown: { warn: 3 * DAY, bad: 12 * HOUR },
  // A CA lives for years as a rule, so that a third of it is no news; but it takes
  // its owners weeks to bring a new one to all who need it. One that lives for
  // days, as SPIFFE's do, is judged by its share.
  ca: { warn: 30 * DAY, bad: 3 * DAY },
  // Many are issued anew but a day before they end.
  crl: { warn: 0.1, bad: 0.02 },
} as const;

/**
 * What a certificate or CRL has left of its life at `now` (RFC 3339). Outside its
 * validity it is `bad`, and so is what can't be read.
 */
export function lifeOf(
  { role, notBefore, notAfter }: CertificateReport,
  now: string,
): Life {
  const at = Date.parse(now);
  const end = Date.parse(notAfter);
  const start = notBefore === undefined ? NaN : Date.parse(notBefore);
  const leftMs = end - at;
  const early = at < start;
  const share = start < end
    ? Math.min(1, Math.max(0, leftMs / (end - start)))
    : null;
  const level = early || !(leftMs > 0)
    ? "bad"
    : share === null
    ? levelOf(leftMs, BOUNDS.unknown)
    : role === "ca"
    ? milder(levelOf(leftMs, BOUNDS.ca), levelOf(share, BOUNDS.share))
    : levelOf(share, role === "crl" ? BOUNDS.crl : BOUNDS.share);
  return { share, leftMs, early, level };
}

function milder(one: Level, other: Level): Level {
  if (one === "good" || other === "good") return "good";
  return one === "warn" ? one : other;
}

function levelOf(
  left: number,
  { warn, bad }: { warn: number; bad: number },
): Level {
  if (left >= warn) return "good";
  return left >= bad ? "warn" : "bad";
}
