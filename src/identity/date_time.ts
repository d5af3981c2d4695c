const DATE_TIME =
  /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d{1,9})?(?:Z|([+-])(\d\d):(\d\d))$/;

/**
 * An RFC 3339 date-time in milliseconds since the epoch; what is finer is cut
 * off. Undefined for anything else: a time that does not exist, one without its
 * offset, a leap second, and the lower case that §5.6 leaves to the reader.
 */
export function parseDateTime(text: string): number | undefined {
  const match = DATE_TIME.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7).map(Number);
  const [fraction = "", sign = "+", hours = "0", minutes = "0"] = match.slice(
    7,
  );
  const offset = { hours: Number(hours), minutes: Number(minutes) };
  if (offset.hours > 23 || offset.minutes > 59) return undefined;
  const date = new Date(0);
  // Date.UTC takes the years 0 to 99 for 1900 to 1999.
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  // Both carry over (31 April becomes 1 May), so what comes back must be what
  // went in.
  const exists = date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day && date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute && date.getUTCSeconds() === second;
  if (!exists) return undefined;
  const eastMs = (sign === "+" ? 1 : -1) *
    (offset.hours * 60 + offset.minutes) * 60_000;
  const fractionMs = Number(fraction.slice(1, 4).padEnd(3, "0"));
  return date.getTime() + fractionMs - eastMs;
}
