import { escapeValue } from "../../x509/name.ts";
import type { HeaderFacts, HeaderLine } from "./header_facts.ts";

/**
 * What `INJECT_CLIENT_HEADERS` asks for: `X-Client-CN` where there is a
 * commonName, and `X-Client-Subject`, empty for an empty subject. Both are
 * escaped by RFC 4514 to printable ASCII, the commonName exactly as it stands
 * in the subject.
 */
export function nameLines({ identity }: HeaderFacts): HeaderLine[] {
  const lines: HeaderLine[] = [];
  if (identity.commonName !== undefined) {
    lines.push(["X-Client-CN", escapeValue(identity.commonName)]);
  }
  lines.push(["X-Client-Subject", identity.subject]);
  return lines;
}

/**
 * What the format `x-client` has beyond {@linkcode nameLines}: `X-Client-Id`, the
 * pinned peer's id, and `X-Client-Spiffe-Id`, both absent where there is none;
 * `X-Client-Fingerprint`, SHA-256 of the certificate in lower-case hex;
 * `X-Client-Not-After`, the certificate's last second in UTC (RFC 3339).
 */
export function xClientLines({ identity, peer }: HeaderFacts): HeaderLine[] {
  const lines: HeaderLine[] = [];
  if (peer !== undefined) lines.push(["X-Client-Id", peer]);
  if (identity.spiffeId !== undefined) {
    lines.push(["X-Client-Spiffe-Id", identity.spiffeId]);
  }
  const notAfter = new Date(identity.notAfter).toISOString();
  lines.push(
    ["X-Client-Fingerprint", identity.fingerprint],
    ["X-Client-Not-After", notAfter.replace(/\.\d+Z$/, "Z")],
  );
  return lines;
}
