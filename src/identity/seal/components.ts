/** The dictionary key of the sidecar's signature (RFC 9421 §4.1). */
export const LABEL = "seal";

/**
 * Tells what the signature is for (RFC 9421 §2.3). It is signed, as the label is
 * not: a signature made with the same key for another purpose is no seal.
 */
export const TAG = "mtls-sidecar";

/** What every seal covers of the request line and `Host`, in the order of the seal. */
export const DERIVED_COMPONENTS = [
  "@method",
  "@authority",
  "@path",
  "@query",
] as const;

/** The scheme by which the application is reached: its default port is left out. */
export type Scheme = "http" | "https";

/** The octets that the sidecar's own id may have. */
export const KEY_ID = /^[A-Za-z0-9._~-]{1,64}$/;

/**
 * `@authority`: `Host` in lower case without the scheme's default port or an
 * empty one (RFC 9421 §2.2.3, RFC 9110 §4.2.3).
 */
export function authorityComponent(host: string, scheme: Scheme): string {
  const lower = host.toLowerCase();
  const port = scheme === "http" ? ":80" : ":443";
  if (lower.endsWith(port)) return lower.slice(0, -port.length);
  return lower.endsWith(":") ? lower.slice(0, -1) : lower;
}

/**
 * `@path` of a target in origin-form or asterisk-form, as it came: no octet is
 * decoded, no segment resolved (RFC 9421 §2.2.6). An empty one is `/`, and so is
 * that of `*` (RFC 9112 §3.3).
 */
export function pathComponent(target: string): string {
  const query = target.indexOf("?");
  const path = query < 0 ? target : target.slice(0, query);
  return path === "" || path === "*" ? "/" : path;
}

/** `@query`: with its `?`, which stands alone where there is none (RFC 9421 §2.2.7). */
export function queryComponent(target: string): string {
  const query = target.indexOf("?");
  return query < 0 ? "?" : target.slice(query);
}

const IDENTITY_HEADERS = [
  "x-client-*",
  "x-forwarded-client-cert",
  "client-cert*",
  "x-forwarded-tls-client-cert",
  "x-forwarded-tls-client-cert-info",
  "x-ssl-client-*",
  "x-ssl-cert",
  "ssl-client-*",
];

/**
 * A test whether a header says who the client is: by the formats that the sidecar
 * can write, and by `more` names, where a `*` at the end stands for any rest.
 * Whatever is neither a letter nor a digit counts as a hyphen, because CGI (RFC
 * 3875 §4.1.18) makes one variable of all of these.
 */
export function identityHeaderTest(
  more: readonly string[] = [],
): (lowerName: string) => boolean {
  const exact = new Set<string>();
  const prefixes: string[] = [];
  for (const pattern of [...IDENTITY_HEADERS, ...more]) {
    const name = pattern.toLowerCase();
    if (name.endsWith("*")) prefixes.push(folded(name.slice(0, -1)));
    else exact.add(folded(name));
  }
  return (lowerName) => {
    const name = folded(lowerName);
    return exact.has(name) ||
      prefixes.some((prefix) => name.startsWith(prefix));
  };
}

function folded(lowerName: string): string {
  return lowerName.replace(/[^a-z0-9]/g, "-");
}
