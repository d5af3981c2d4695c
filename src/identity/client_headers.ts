import { SidecarError } from "../errors.ts";
import { escapeValue } from "../x509/name.ts";
import type { ClientIdentity } from "./client_identity.ts";

const MAX_VALUE_LENGTH = 8192;

/**
 * The header lines that tell the application who the client is, each ended by
 * CR LF: `X-Client-CN` where there is a commonName, and `X-Client-Subject`. Both
 * values are escaped by RFC 4514 to printable ASCII, the commonName exactly as it
 * stands in the subject, so no identity can end a line or begin another.
 *
 * A value of more than 8192 characters throws `LEAF_MALFORMED`: cut short it
 * could be another client's, so the connection must be refused.
 */
export function clientHeaders(identity: ClientIdentity): Uint8Array {
  let lines = "";
  if (identity.commonName !== undefined) {
    lines += headerLine("X-Client-CN", escapeValue(identity.commonName));
  }
  lines += headerLine("X-Client-Subject", identity.subject);
  return new TextEncoder().encode(lines);
}

function headerLine(name: string, value: string): string {
  if (value.length > MAX_VALUE_LENGTH) {
    throw new SidecarError(
      "LEAF_MALFORMED",
      `Cannot write ${name} of ${value.length} characters: expected at most ${MAX_VALUE_LENGTH}`,
    );
  }
  return `${name}: ${value}\r\n`;
}
