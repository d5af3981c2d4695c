import type { Certificate } from "../x509/certificate.ts";

/** From here on a pool is worth a word, whatever its octets. */
const MANY_ANCHORS = 100;
/** The largest handshake message, in octets, that clients built on rustls read. */
const RUSTLS_LIMIT = 65_536;
/** The same for OpenSSL, unless the client raised it. */
const OPENSSL_LIMIT = 102_400;

/**
 * Warns of a CA pool that clients may choke on: the runtime sends every CA along
 * as if it were part of the server's chain, so each handshake carries the pool.
 */
export function certificateMessageWarnings(
  chain: readonly Certificate[],
  anchors: readonly Certificate[],
): string[] {
  const octets = certificateMessageOctets([...chain, ...anchors]);
  if (octets <= RUSTLS_LIMIT && anchors.length < MANY_ANCHORS) return [];
  const consequence = octets > OPENSSL_LIMIT
    ? "nearly all clients fail on it"
    : octets > RUSTLS_LIMIT
    ? `clients built on rustls fail on it, those on OpenSSL from ${OPENSSL_LIMIT}`
    : `some clients fail from ${RUSTLS_LIMIT}`;
  return [
    `The ${anchors.length} trusted CAs make a Certificate message of ${octets} octets in each handshake: ${consequence}`,
  ];
}

/** The length of a TLS 1.3 Certificate message (RFC 8446 §4.4.2) without extensions. */
function certificateMessageOctets(list: readonly Certificate[]): number {
  const header = 4 + 1 + 3;
  return list.reduce((sum, { der }) => sum + 3 + der.length + 2, header);
}
