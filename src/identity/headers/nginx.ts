import { createHash } from "node:crypto";
import { escapedPem } from "./escaped_pem.ts";
import type { FormatOptions, HeaderFacts, HeaderLine } from "./header_facts.ts";

/**
 * The variables of nginx's ngx_http_ssl_module under the names that
 * `proxy_set_header` usually gives them: `$ssl_client_verify`, `_s_dn` and
 * `_i_dn` (RFC 2253), `_serial`, `_fingerprint` (SHA-1, as nginx has it; the
 * format of our own has SHA-256) and `$ssl_client_escaped_cert`.
 *
 * A name's attributes that RFC 4514 §3 gives no short name, such as
 * emailAddress, are written as OID and hex, where nginx writes OpenSSL's name.
 */
export function nginxLines(
  { identity, leaf }: HeaderFacts,
  { certificates }: FormatOptions,
): HeaderLine[] {
  const lines: HeaderLine[] = [
    // Whoever is not verified never comes near the application.
    ["X-SSL-Client-Verify", "SUCCESS"],
    ["X-SSL-Client-S-DN", identity.subject],
    ["X-SSL-Client-I-DN", identity.issuer],
    ["X-SSL-Client-Serial", serialNumber(identity.serial)],
    [
      "X-SSL-Client-Fingerprint",
      createHash("sha1").update(leaf).digest("hex"),
    ],
  ];
  if (certificates) lines.push(["X-SSL-Client-Cert", escapedPem([leaf])]);
  return lines;
}

/** Upper-case hex of the magnitude: nginx leaves out the octet that holds the sign alone. */
function serialNumber(hex: string): string {
  return hex.replace(/^00(?=.)/, "").toUpperCase();
}
