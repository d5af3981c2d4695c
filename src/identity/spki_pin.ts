const PREFIX = "sha256:";
const HEX = /^[0-9A-Fa-f]{64}$/;
/** 43 characters are the 256 bits, two of them to spare; one `=` fills the last group up. */
const BASE64 = /^[A-Za-z0-9+/]{43}=?$/;
const BASE64URL = /^[A-Za-z0-9_-]{43}=?$/;

/**
 * The SHA-256 of a SubjectPublicKeyInfo, in lower-case hex, that stands behind
 * `sha256:` in 64 hex digits or in base64: the standard alphabet or the one safe
 * in URLs (RFC 4648 §4, §5), padded or not. Undefined for anything else, and for
 * base64 whose spare bits are not zero (RFC 4648 §3.5).
 */
export function parseSpkiPin(text: string): string | undefined {
  if (!text.startsWith(PREFIX)) return undefined;
  const digest = text.slice(PREFIX.length);
  if (HEX.test(digest)) return digest.toLowerCase();
  const alphabet = BASE64.test(digest)
    ? "base64"
    : BASE64URL.test(digest)
    ? "base64url"
    : undefined;
  if (alphabet === undefined) return undefined;
  try {
    return Uint8Array.fromBase64(digest.padEnd(44, "="), {
      alphabet,
      lastChunkHandling: "strict",
    }).toHex();
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
