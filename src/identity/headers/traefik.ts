import { parseCertificate } from "../../x509/certificate.ts";
import type { Name } from "../../x509/name.ts";
import type { ClientIdentity } from "../client_identity.ts";
import type { FormatOptions, HeaderFacts, HeaderLine } from "./header_facts.ts";

/** The attributes that Traefik passes on, in its order, and its names for them. */
const ATTRIBUTES: readonly (readonly [oid: string, key: string])[] = [
  ["0.9.2342.19200300.100.1.25", "DC"],
  ["2.5.4.6", "C"],
  ["2.5.4.8", "ST"],
  ["2.5.4.7", "L"],
  ["2.5.4.10", "O"],
  ["2.5.4.11", "OU"],
  ["2.5.4.5", "SN"],
  ["2.5.4.3", "CN"],
];

/** Traefik has no OU of an issuer. */
const ISSUER_ATTRIBUTES = ATTRIBUTES.filter(([, key]) => key !== "OU");

/** Of these Traefik takes the last alone. */
const SINGLE = ["SN", "CN"];

/** Nothing that looks like an IPv4 address. */
const DNS_NAME = /^(?![\d.]+$)[\w.*-]+$/;
const MAILBOX = /^[\w.!#$%&'*+/?^`{|}~-]+@[\w.-]+$/;
/**
 * Printable ASCII without `"`, `,`, `;`, `=` and backslash, after a scheme (RFC
 * 3986 §3.1), and nothing that looks like an IPv6 address.
 */
const URI = /^(?![\da-f:.]+$)[a-z][a-z\d+.-]*:[!#-+\--:<>-[\]-~]*$/i;

/**
 * `X-Forwarded-Tls-Client-Cert` and `-Info` as Traefik v3 sets them
 * (PassTLSClientCert, `pem` and all of `info`). The first is the base64 of the
 * leaf and the intermediates, joined by commas; v2 percent-encoded it, v3 does
 * not. The second, percent-encoded as a query, tells of the leaf alone.
 *
 * Traefik writes values as they are, so that a comma or a quote in one is read
 * as the end of it. Here such characters, and `%` itself, are percent-encoded
 * within a DN's value, beneath the encoding of the whole. Of the SAN list, which
 * says of no name of what type it is, a name is left out that has such a
 * character or could be taken for one of another type.
 */
export function traefikLines(
  { identity, leaf, chain }: HeaderFacts,
  { certificates }: FormatOptions,
): HeaderLine[] {
  const lines: HeaderLine[] = [];
  if (certificates) {
    const pems = [leaf, ...chain].map((der) => der.toBase64());
    lines.push(["X-Forwarded-Tls-Client-Cert", pems.join(",")]);
  }
  const { subject, issuer } = parseCertificate(leaf);
  const fields = [
    ["Subject", distinguishedName(subject, ATTRIBUTES)],
    ["Issuer", distinguishedName(issuer, ISSUER_ATTRIBUTES)],
    ["SerialNumber", String(BigInt(`0x${identity.serial}`))],
    ["NB", String(Math.floor(identity.notBefore / 1000))],
    ["NA", String(Math.floor(identity.notAfter / 1000))],
    ["SAN", alternativeNames(identity).join(",")],
  ];
  const info = fields.filter(([, value]) => value !== "")
    .map(([key, value]) => `${key}="${value}"`).join(";");
  lines.push(["X-Forwarded-Tls-Client-Cert-Info", queryEscape(info)]);
  return lines;
}

function distinguishedName(
  name: Name,
  attributes: readonly (readonly [oid: string, key: string])[],
): string {
  const present = name.rdns.flat();
  const parts: string[] = [];
  for (const [oid, key] of attributes) {
    const values = present.filter((attribute) => attribute.oid === oid)
      .map(({ value = "" }) => value);
    for (const value of SINGLE.includes(key) ? values.slice(-1) : values) {
      if (value !== "") parts.push(`${key}=${escapeDelimiters(value)}`);
    }
  }
  return parts.join(",");
}

/**
 * Percent-encodes what delimits in this format, `%`, what ends a line, and a blank
 * at either end, which many a reader would take off.
 */
function escapeDelimiters(value: string): string {
  return value.replace(
    /[\p{Cc}\p{Zl}\p{Zp}"%,;=\\]|^\p{Zs}|\p{Zs}$/gu,
    encodeURIComponent,
  );
}

/** In Traefik's order. No string satisfies the conditions of two types. */
function alternativeNames(identity: ClientIdentity): string[] {
  const { dnsNames, emails, ipAddresses, uris } = identity;
  return [
    ...dnsNames.filter((name) => DNS_NAME.test(name)),
    ...emails.filter((email) => MAILBOX.test(email)),
    ...ipAddresses,
    // All or none, because a SPIFFE ID is one only where it is the single URI.
    ...(uris.every((uri) => URI.test(uri)) ? uris : []),
  ];
}

/** As Go's `url.QueryEscape` does it: all but letters, digits and `-_.~`, a space as `+`. */
function queryEscape(text: string): string {
  return encodeURIComponent(text)
    .replace(
      /[!'()*]/g,
      (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
    )
    .replaceAll("%20", "+");
}
