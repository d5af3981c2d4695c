import { HYPHEN, TOKEN_LOWER } from "./octets.ts";

/**
 * What a field's name means to a proxy. Anything that we neither act on nor
 * remove is `OTHER` and goes on as it came.
 */
export const FieldKind = {
  OTHER: 0,
  HOST: 1,
  CONTENT_LENGTH: 2,
  TRANSFER_ENCODING: 3,
  CONNECTION: 4,
  TE: 5,
  EXPECT: 6,
  DATE: 7,
  /** Fields of this hop alone (RFC 9110 §7.6.1): never forwarded. */
  HOP_BY_HOP: 8,
  /** Fields in which a client could claim who it is: never forwarded from one. */
  CLIENT_CLAIM: 9,
  /**
   * Any name above with `_`, `.` or the like in place of a hyphen. CGI makes
   * variables of names, and one variable of all of these (RFC 3875 §4.1.18).
   */
  LOOKALIKE: 10,
  /** A message signature or what it covers (RFC 9421), which one of ours takes the place of. */
  SIGNATURE: 11,
  /** RFC 9530 §2 */
  CONTENT_DIGEST: 12,
  /** `X-Request-Id`, which names a request in the logs of all who handle it. */
  REQUEST_ID: 13,
  /** W3C Trace Context §3.2 */
  TRACEPARENT: 14,
} as const;

const NAMES: readonly (readonly [string, number])[] = [
  ["host", FieldKind.HOST],
  ["content-length", FieldKind.CONTENT_LENGTH],
  ["transfer-encoding", FieldKind.TRANSFER_ENCODING],
  ["connection", FieldKind.CONNECTION],
  ["te", FieldKind.TE],
  ["expect", FieldKind.EXPECT],
  ["date", FieldKind.DATE],
  ["keep-alive", FieldKind.HOP_BY_HOP],
  // To CGI a `Proxy` field is the variable HTTP_PROXY.
  ["proxy", FieldKind.HOP_BY_HOP],
  ["proxy-connection", FieldKind.HOP_BY_HOP],
  ["proxy-authenticate", FieldKind.HOP_BY_HOP],
  ["proxy-authorization", FieldKind.HOP_BY_HOP],
  ["upgrade", FieldKind.HOP_BY_HOP],
  ["http2-settings", FieldKind.HOP_BY_HOP],
  ["signature", FieldKind.SIGNATURE],
  ["signature-input", FieldKind.SIGNATURE],
  ["content-digest", FieldKind.CONTENT_DIGEST],
  ["x-request-id", FieldKind.REQUEST_ID],
  ["traceparent", FieldKind.TRACEPARENT],
  ["forwarded", FieldKind.CLIENT_CLAIM],
  ["x-forwarded", FieldKind.CLIENT_CLAIM],
  ["x-real-ip", FieldKind.CLIENT_CLAIM],
  // Where many an nginx puts what we write as X-SSL-Client-Cert.
  ["x-ssl-cert", FieldKind.CLIENT_CLAIM],
];

/**
 * Any field whose name begins so is a `CLIENT_CLAIM`. With the names above they
 * cover every header of `src/identity/headers/`, and their namesakes elsewhere.
 */
const CLAIM_PREFIXES = [
  "client-cert",
  "x-client-",
  "x-forwarded-",
  "x-ssl-client-",
  "ssl-client-",
];

/** Octets folded for comparison: lower case, and all but letters and digits taken for `-`. */
const FOLDED = TOKEN_LOWER.map((octet) =>
  octet === 0 || /[a-z0-9]/.test(String.fromCharCode(octet)) ? octet : HYPHEN
);

/** One step of the hash over a name's folded octets that `fieldKind` wants. */
export function hashStep(hash: number, lowerOctet: number): number {
  return Math.imul(hash, 31) + FOLDED[lowerOctet]! | 0;
}

interface KnownName {
  readonly octets: Uint8Array;
  readonly kind: number;
}

const KNOWN = new Map<number, KnownName>();
for (const [name, kind] of NAMES) {
  const octets = new TextEncoder().encode(name);
  const hash = octets.reduce(hashStep, 0);
  if (KNOWN.has(hash)) throw new Error(`hash of field name ${name} is taken`);
  KNOWN.set(hash, { octets, kind });
}

const PREFIXES = CLAIM_PREFIXES.map((name) => new TextEncoder().encode(name));

function startsWith(
  bytes: Uint8Array,
  start: number,
  folded: Uint8Array,
): boolean {
  for (let i = 0; i < folded.length; i++) {
    if (FOLDED[bytes[start + i]!] !== folded[i]) return false;
  }
  return true;
}

/** Whether an octet other than a hyphen is taken for one. */
function isRespelled(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const octet = bytes[i]!;
    if (octet !== HYPHEN && FOLDED[octet] === HYPHEN) return true;
  }
  return false;
}

/**
 * The kind of the field name `bytes[start..end)`, whose octets have been
 * checked to be a token and folded into `hash` by `hashStep`. Positional,
 * because it runs once a field line of every message.
 */
export function fieldKind(
  bytes: Uint8Array,
  start: number,
  end: number,
  hash: number,
): number {
  const length = end - start;
  let kind: number = FieldKind.OTHER;
  const known = KNOWN.get(hash);
  if (
    known !== undefined && known.octets.length === length &&
    startsWith(bytes, start, known.octets)
  ) {
    kind = known.kind;
  } else {
    for (const prefix of PREFIXES) {
      if (length >= prefix.length && startsWith(bytes, start, prefix)) {
        kind = FieldKind.CLIENT_CLAIM;
      }
    }
  }
  if (kind !== FieldKind.OTHER && isRespelled(bytes, start, end)) {
    return FieldKind.LOOKALIKE;
  }
  return kind;
}
