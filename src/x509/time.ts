import { type Element, malformed, Tag } from "./der.ts";

const UTC_TIME = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;
const GENERALIZED_TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;

/**
 * A Time in milliseconds since the epoch (RFC 5280 §4.1.2.5): UTCTime for 1950
 * to 2049 or GeneralizedTime, both in Zulu with seconds and without fractions.
 * GeneralizedTime should begin in 2050, but public roots use it before then, and
 * it can't be misread, so it is taken. Throws `CERT_INVALID`.
 */
export function readTime(element: Element): number {
  const text = String.fromCharCode(...element.content.subarray(0, 16));
  if (element.tag === Tag.UTC_TIME) {
    const [, year, ...rest] = UTC_TIME.exec(text) ?? fail("YYMMDDHHMMSSZ");
    return toEpoch(
      Number(year) + (Number(year) < 50 ? 2000 : 1900),
      rest.map(Number),
    );
  }
  if (element.tag === Tag.GENERALIZED_TIME) {
    const [, year, ...rest] = GENERALIZED_TIME.exec(text) ??
      fail("YYYYMMDDHHMMSSZ");
    // Date.UTC takes the years 0 to 99 for 1900 to 1999.
    if (Number(year) < 1950) throw malformed("expected a year from 1950 on");
    return toEpoch(Number(year), rest.map(Number));
  }
  throw malformed("expected UTCTime or GeneralizedTime");
}

function fail(format: string): never {
  throw malformed(`expected a time as ${format}`);
}

function toEpoch(year: number, fields: number[]): number {
  const [month = 0, day = 0, hour = 0, minute = 0, second = 0] = fields;
  const time = Date.UTC(year, month - 1, day, hour, minute, second);
  const date = new Date(time);
  // Date.UTC carries over (31 April becomes 1 May, 23:59:60 the next day), so
  // what comes back must be what went in.
  const same = date.getUTCMonth() === month - 1 && date.getUTCDate() === day &&
    date.getUTCHours() === hour && date.getUTCMinutes() === minute &&
    date.getUTCSeconds() === second;
  if (!same) throw malformed("expected a time that exists");
  return time;
}
