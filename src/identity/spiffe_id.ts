const PREFIX = "spiffe://";
const MAX_ID_OCTETS = 2048;
const MAX_TRUST_DOMAIN_OCTETS = 255;

const TRUST_DOMAIN = /^[a-z0-9._-]+$/;
const PATH_SEGMENT = /^[a-zA-Z0-9._-]+$/;

/**
 * Whether `text` is a SPIFFE ID (SPIFFE-ID §2): at most 2048 octets, scheme and
 * trust domain (at most 255 octets) in lower case, a path of segments that are
 * neither empty nor `.` nor `..`, or no path. The alphabets leave no room for user
 * information, a port, percent-encoding, a query or a fragment. Nothing is
 * normalised, so two IDs are the same when their texts are.
 */
export function isSpiffeId(text: string): boolean {
  if (text.length > MAX_ID_OCTETS || !text.startsWith(PREFIX)) return false;
  const [trustDomain = "", ...path] = text.slice(PREFIX.length).split("/");
  return trustDomain.length <= MAX_TRUST_DOMAIN_OCTETS &&
    TRUST_DOMAIN.test(trustDomain) && path.every(isPathSegment);
}

/**
 * The SPIFFE ID of a certificate with these URI SANs. X509-SVID §2 allows no URI
 * beside it: with two, which one counts would be for each reader to choose.
 */
export function spiffeIdOf(uris: readonly string[]): string | undefined {
  const [uri = ""] = uris;
  return uris.length === 1 && isSpiffeId(uri) ? uri : undefined;
}

function isPathSegment(segment: string): boolean {
  return PATH_SEGMENT.test(segment) && segment !== "." && segment !== "..";
}
