import { createHash } from "node:crypto";

const FORM = /^sha-256=:[A-Za-z0-9+/]{43}=:$/;

/** The value of `Content-Digest` for content (RFC 9530 §2), by SHA-256 alone. */
export function contentDigest(content: Uint8Array): string {
  return digestMember(createHash("sha256").update(content).digest("base64"));
}

/** The value of `Content-Digest`, of a SHA-256 in base64 that was made piece by piece. */
export function digestMember(base64: string): string {
  return `sha-256=:${base64}:`;
}

/** Of a request without content, which is sealed as such where bodies are. */
export const EMPTY_CONTENT_DIGEST: string = contentDigest(new Uint8Array(0));

/**
 * Whether a `Content-Digest` is that of the content. Any form but the one that
 * the sidecar writes is a mismatch. Not in constant time: a digest is no secret.
 */
export function matchesContentDigest(
  value: string,
  content: Uint8Array,
): boolean {
  return FORM.test(value) && value === contentDigest(content);
}
