/** What stands before the IPv4 address in an IPv4-mapped one (RFC 4291 §2.5.5.2), in hex. */
const MAPPED_PREFIX = "00000000000000000000ffff";

/**
 * The one canonical text of an address of 4 or 16 octets: dotted decimal, or
 * RFC 5952. An IPv4-mapped address keeps its prefix (`::ffff:192.0.2.1`, §5), so
 * that it is never taken for the IPv4 address within.
 */
export function formatIpAddress(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join(".");
  const hex = octets.toHex();
  if (hex.startsWith(MAPPED_PREFIX)) {
    return `::ffff:${octets.subarray(12).join(".")}`;
  }
  const groups = hex.match(/.{4}/g) ?? [];
  return shorten(groups.map((group) => group.replace(/^0{1,3}/, "")).join(":"));
}

/** Writes the longest run of two zero groups or more as `::`, the first of equals (§4.2). */
function shorten(text: string): string {
  let start = 0;
  let end = 0;
  for (const { 0: run, index } of text.matchAll(/\b0(?::0)+\b/g)) {
    if (run.length > end - start) {
      start = index;
      end = index + run.length;
    }
  }
  if (end === 0) return text;
  // The colon on either side is one of the two that are written.
  return `${text.slice(0, Math.max(start - 1, 0))}::${text.slice(end + 1)}`;
}
