import { escapedPem } from "./escaped_pem.ts";
import type { FormatOptions, HeaderFacts, HeaderLine } from "./header_facts.ts";

/** A part of the certificate that Envoy passes on where it is told to. */
export type XfccDetail = "subject" | "uri" | "dns" | "cert" | "chain";

/**
 * `X-Forwarded-Client-Cert` as Envoy sets it with `sanitize_set`: one element,
 * of the client before us (Envoy, HTTP connection manager, HTTP header
 * manipulation, x-forwarded-client-cert). `By`, once for each URI name of ours,
 * and `Hash` are always there; `details` adds `Cert`, `Chain` (which begins with
 * the leaf), `Subject`, `URI` and `DNS`, the last two once for each name, `URI=`
 * where there is none.
 *
 * A name with a backslash or a control character is left out: Envoy's document
 * does not say how to write the one, and no field holds the other. A URI takes
 * the client's other URIs with it, because a SPIFFE ID is one only where it is
 * the single URI. So a reader sees fewer names than there are, never another.
 */
export function xfccLines(
  { identity, leaf, chain, by = [] }: HeaderFacts,
  { certificates, details }: FormatOptions & {
    readonly details: readonly XfccDetail[];
  },
): HeaderLine[] {
  const wanted = new Set(details);
  const pairs = by.filter(isWritable).map((uri) => pair("By", uri));
  pairs.push(pair("Hash", identity.fingerprint));
  if (certificates && wanted.has("cert")) {
    pairs.push(`Cert="${escapedPem([leaf])}"`);
  }
  if (certificates && wanted.has("chain")) {
    pairs.push(`Chain="${escapedPem([leaf, ...chain])}"`);
  }
  if (wanted.has("subject")) {
    pairs.push(`Subject="${withoutQuotes(identity.subject)}"`);
  }
  if (wanted.has("uri")) {
    const uris = identity.uris.every(isWritable) ? identity.uris : [];
    if (uris.length === 0) pairs.push("URI=");
    pairs.push(...uris.map((uri) => pair("URI", uri)));
  }
  if (wanted.has("dns")) {
    const names = identity.dnsNames.filter(isWritable);
    pairs.push(...names.map((name) => pair("DNS", name)));
  }
  return [["X-Forwarded-Client-Cert", pairs.join(";")]];
}

/** Printable ASCII without the backslash. */
function isWritable(value: string): boolean {
  return /^[ -[\]-~]+$/.test(value);
}

function pair(key: string, value: string): string {
  // Beyond what Envoy quotes, a space: readers trim what is not quoted.
  return /[,;=" ]/.test(value)
    ? `${key}="${value.replaceAll('"', '\\"')}"`
    : `${key}=${value}`;
}

/**
 * An RFC 4514 string with its escaped quotes and backslashes as hex pairs
 * (§2.4). Then no backslash of it stands before a quote or another backslash,
 * and readers that undo `\"` alone, as Envoy's document has it, and those that
 * undo `\\` as well, as Envoy's own does, get the same string.
 */
function withoutQuotes(subject: string): string {
  return subject.replace(
    /\\["\\]/g,
    (escaped) => escaped === '\\"' ? "\\22" : "\\5C",
  );
}
