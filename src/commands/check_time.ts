const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Two times, both ends included, in milliseconds since the epoch. */
export interface Period {
  readonly begin: number;
  readonly end: number;
}

/** How a validity period stands to a moment. */
export type Standing =
  | "not yet valid"
  | "valid"
  /** It ends within 30 days. */
  | "soon"
  /** It ends within 7 days. */
  | "imminent"
  | "expired";

/**
 * How a period stands to `now`, in milliseconds since the epoch. What lives for
 * less than 90 days is renewed late as a matter of course: it ends soon when a
 * third of its time is left, and imminently with a twelfth.
 */
export function standingAt({ begin, end }: Period, now: number): Standing {
  if (now < begin) return "not yet valid";
  if (now > end) return "expired";
  const left = end - now;
  const whole = end - begin;
  if (left < Math.min(7 * DAY, whole / 12)) return "imminent";
  return left < Math.min(30 * DAY, whole / 3) ? "soon" : "valid";
}

/** Whole days, rounded down. */
export function wholeDays(milliseconds: number): number {
  return Math.floor(milliseconds / DAY);
}

/** A length of time in its largest fitting unit: `2 days`, `47 hours`, `1 minute`. */
export function duration(milliseconds: number): string {
  const length = Math.abs(milliseconds);
  if (length >= 2 * DAY) return counted(Math.floor(length / DAY), "day");
  if (length >= 2 * HOUR) return counted(Math.floor(length / HOUR), "hour");
  return counted(Math.floor(length / MINUTE), "minute");
}

/** `1 key`, `2 keys`. */
export function counted(
  count: number,
  noun: string,
  plural = `${noun}s`,
): string {
  return `${count} ${count === 1 ? noun : plural}`;
}
