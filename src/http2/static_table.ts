import { ascii, TOKEN_LOWER } from "../http/octets.ts";

/** RFC 7541 Appendix A, from index 1 on; entries of one name stand together. */
const ENTRIES: readonly (readonly [name: string, value: string])[] = [
  [":authority", ""],
  [":method", "GET"],
  [":method", "POST"],
  [":path", "/"],
  [":path", "/index.html"],
  [":scheme", "http"],
  [":scheme", "https"],
  [":status", "200"],
  [":status", "204"],
  [":status", "206"],
  [":status", "304"],
  [":status", "400"],
  [":status", "404"],
  [":status", "500"],
  ["accept-charset", ""],
  ["accept-encoding", "gzip, deflate"],
  ["accept-language", ""],
  ["accept-ranges", ""],
  ["accept", ""],
  ["access-control-allow-origin", ""],
  ["age", ""],
  ["allow", ""],
  ["authorization", ""],
  ["cache-control", ""],
  ["content-disposition", ""],
  ["content-encoding", ""],
  ["content-language", ""],
  ["content-length", ""],
  ["content-location", ""],
  ["content-range", ""],
  ["content-type", ""],
  ["cookie", ""],
  ["date", ""],
  ["etag", ""],
  ["expect", ""],
  ["expires", ""],
  ["from", ""],
  ["host", ""],
  ["if-match", ""],
  ["if-modified-since", ""],
  ["if-none-match", ""],
  ["if-range", ""],
  ["if-unmodified-since", ""],
  ["last-modified", ""],
  ["link", ""],
  ["location", ""],
  ["max-forwards", ""],
  ["proxy-authenticate", ""],
  ["proxy-authorization", ""],
  ["range", ""],
  ["referer", ""],
  ["refresh", ""],
  ["retry-after", ""],
  ["server", ""],
  ["set-cookie", ""],
  ["strict-transport-security", ""],
  ["transfer-encoding", ""],
  ["user-agent", ""],
  ["vary", ""],
  ["via", ""],
  ["www-authenticate", ""],
];

/** How many entries the static table has: greater indexes are the dynamic table's. */
export const STATIC_ENTRIES: number = ENTRIES.length;

/** The octets of all entries. */
export const STATIC_OCTETS: Uint8Array = ascii(ENTRIES.flat().join(""));

/** Three positions in `STATIC_OCTETS` an index: of its name, of its value, and the value's end. */
const MARKS = new Uint16Array(3 * (1 + STATIC_ENTRIES));

/** Names are looked up by their length, their first and their last octet. */
const BUCKETS = 256;

/** By bucket: the first index whose name is in it, or 0. */
const FIRST = new Uint8Array(BUCKETS);

/** By index: the next one, of another name, in the same bucket, or 0. */
const NEXT = new Uint8Array(1 + STATIC_ENTRIES);

for (let index = 1, at = 0; index <= STATIC_ENTRIES; index++) {
  const [name, value] = ENTRIES[index - 1]!;
  MARKS[3 * index] = at;
  MARKS[3 * index + 1] = at += name.length;
  MARKS[3 * index + 2] = at += value.length;
  if (ENTRIES[index - 2]?.[0] === name) continue;
  const bucket = bucketOf(STATIC_OCTETS, nameStart(index), nameEnd(index));
  NEXT[index] = FIRST[bucket]!;
  FIRST[bucket] = index;
}

/** Where the name of an entry begins in `STATIC_OCTETS`. */
export function nameStart(index: number): number {
  return MARKS[3 * index]!;
}

/** Where its name ends, and its value begins. */
export function nameEnd(index: number): number {
  return MARKS[3 * index + 1]!;
}

/** Where its value ends. */
export function valueEnd(index: number): number {
  return MARKS[3 * index + 2]!;
}

/** The octet in lower case; the colon of a pseudo-header field, which is in no token, is 0. */
function lower(octet: number): number {
  return TOKEN_LOWER[octet]!;
}

function bucketOf(bytes: Uint8Array, start: number, end: number): number {
  const first = lower(bytes[start]!);
  const last = lower(bytes[end - 1]!);
  return 37 * (end - start) + 5 * first + last & BUCKETS - 1;
}

/**
 * The first index of the name `bytes[start..end)`, in either case; 0 where the
 * static table has none. The name must not be empty.
 */
export function staticName(
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  let index = FIRST[bucketOf(bytes, start, end)]!;
  while (index !== 0 && !hasName(index, bytes, start, end)) {
    index = NEXT[index]!;
  }
  return index;
}

function hasName(
  index: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  let at = nameStart(index);
  if (nameEnd(index) - at !== end - start) return false;
  for (let i = start; i < end; i++, at++) {
    const octet = bytes[i]!;
    const expected = STATIC_OCTETS[at]!;
    if (octet !== expected && lower(octet) !== expected) return false;
  }
  return true;
}

/**
 * The index that has the value `bytes[start..end)` besides the name of `first`,
 * an index out of `staticName`; 0 where none has.
 */
export function staticField(
  first: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const name = ENTRIES[first - 1]![0];
  for (
    let index = first;
    index <= STATIC_ENTRIES && ENTRIES[index - 1]![0] === name;
    index++
  ) {
    let at = nameEnd(index);
    // An empty value is a name's alone: no field is sent as one.
    if (at === valueEnd(index) || valueEnd(index) - at !== end - start) {
      continue;
    }
    let i = start;
    while (i < end && bytes[i] === STATIC_OCTETS[at]) i++, at++;
    if (i === end) return index;
  }
  return 0;
}
