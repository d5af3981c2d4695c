import { isIPv6 } from "node:net";

/** What an IPv4-mapped address (RFC 4291 §2.5.5.2) looks like in the form of RFC 5952 §4. */
const MAPPED = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;

/**
 * The one way in which this program writes an IPv6 address: that of RFC 5952 §4,
 * and an IPv4-mapped one as the IPv4 address that it stands for. Undefined where
 * `text` is none, or has a zone.
 */
export function canonicalIpv6(text: string): string | undefined {
  if (!isIPv6(text) || text.includes("%")) return undefined;
  const address = new URL(`http://[${text}]`).hostname.slice(1, -1);
  const [, high, low] = MAPPED.exec(address) ?? [];
  if (high === undefined || low === undefined) return address;
  return [high, low].map((group) => parseInt(group, 16))
    .map((group) => `${group >>> 8}.${group & 0xff}`).join(".");
}
