const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * A length of time in a unit or two that suit it: `5.8 years`, `29 days`,
 * `3 d 4 h`, `12 min`, `8 s`. Rounded down, so that nothing seems to last longer
 * than it does. Not below 0.
 *
 * @param ms In milliseconds.
 */
export function lengthOfTime(ms: number): string {
  const length = Math.max(0, ms);
  const days = Math.floor(length / DAY);
  const hours = Math.floor(length % DAY / HOUR);
  const minutes = Math.floor(length % HOUR / MINUTE);
  if (days >= 730) return `${Math.floor(days / 36.525) / 10} years`;
  if (days >= 10) return `${days} days`;
  if (days > 0) return hours > 0 ? `${days} d ${hours} h` : `${days} d`;
  if (hours >= 10) return `${hours} hours`;
  if (hours > 0) {
    return minutes > 0 ? `${hours} h ${minutes} min` : `${hours} h`;
  }
  if (minutes > 0) return `${minutes} min`;
  return `${Math.floor(length / SECOND)} s`;
}

/** A time to answer, to two or three digits: `0.42 ms`, `17 ms`, `1.3 s`; `–` for null. */
export function latency(ms: number | null): string {
  if (ms === null) return "–";
  if (ms >= 10_000) return `${Math.round(ms / 1_000)} s`;
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms >= 10) return `${Math.round(ms)} ms`;
  return `${ms.toFixed(ms >= 1 ? 1 : 2)} ms`;
}

/** A number a second: whole from 10 on, with one digit below. */
export function perSecond(rate: number): string {
  return rate === 0 || rate >= 10 ? count(Math.round(rate)) : rate.toFixed(1);
}

/** A whole number with its thousands apart: `12,345`. */
export function count(whole: number): string {
  return String(whole).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `1 request`, `2 requests`. */
export function counted(whole: number, noun: string): string {
  return `${count(whole)} ${noun}${whole === 1 ? "" : "s"}`;
}

/** A part of a whole for people: `0 %`, `<0.1 %`, `2.5 %`, `71 %`. */
export function percentage(part: number, whole: number): string {
  const percent = whole === 0 ? 0 : 100 * part / whole;
  if (percent === 0) return "0 %";
  if (percent < 0.1) return "<0.1 %";
  return `${percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
}

/** `2026-11-21 12:03` of an RFC 3339 time in UTC. */
export function dateAndTime(time: string): string {
  return time.slice(0, 16).replace("T", " ");
}

/** `12:03:59` of an RFC 3339 time in UTC. */
export function timeOfDay(time: string): string {
  return time.slice(11, 19);
}

/** How long ago `then` was at `now`, both RFC 3339: `3 min ago`. */
export function ago(then: string, now: string): string {
  return `${lengthOfTime(Date.parse(now) - Date.parse(then))} ago`;
}
