import { isIPv6 } from "node:net";
import { isHostName, type Kind, type Parsed } from "./kinds.ts";

/** Where the application listens. */
export interface UpstreamTarget {
  /** For `Deno.connect`: lower case, an IPv6 address without brackets. */
  readonly hostname: string;
  /** 1 to 65535. */
  readonly port: number;
  /** For the Host field: host, and the port unless it is 80 (RFC 9110 §7.2, §4.2.3). */
  readonly authority: string;
  /** The URL as understood, for logs. */
  readonly url: string;
}

/** What the readiness probe asks for. */
export interface ReadinessTarget extends UpstreamTarget {
  /** The request target in origin-form (RFC 9112 §3.2.1), a path without a query. */
  readonly requestTarget: string;
}

/**
 * `http://host[:port]`, with an optional `/` at the end. A path is refused: the
 * path of each request goes to the application as it came, so there is nothing
 * that a base path could mean without rewriting it.
 */
export const upstreamUrl: Kind<UpstreamTarget> = {
  placeholder: "URL",
  parse(text) {
    const parsed = parseHttpUrl(text);
    if ("expected" in parsed) return parsed;
    const { requestTarget, ...target } = parsed.value;
    if (requestTarget === "/") return { value: Object.freeze(target) };
    return { expected: "no path, since every request keeps its own" };
  },
  format: (value) => value.url,
};

/** `http://host[:port][/path]`, or `none`, which is null. */
export const readinessUrl: Kind<ReadinessTarget | null> = {
  placeholder: "URL|none",
  parse(text) {
    if (text === "none") return { value: null };
    const parsed = parseHttpUrl(text);
    if ("expected" in parsed) return parsed;
    const { url, requestTarget } = parsed.value;
    return {
      value: Object.freeze({ ...parsed.value, url: url + requestTarget }),
    };
  },
  format: (value) => value?.url ?? "none",
};

// Scheme, bracketed or plain host, port, and a path of pchar (RFC 3986 §3.3).
// The URL class is not asked: it takes `http:host`, backslashes, tabs and `0x7f.1`,
// and what it makes of them is not what was written.
const HTTP_URL =
  /^http:\/\/(?:\[([0-9a-f:.]+)\]|([^/:@\[\]]+))(?::([0-9]{1,5}))?(\/(?:[a-z0-9\-._~!$&'()*+,;=:@/]|%[0-9a-f]{2})*)?$/i;

/** Refuses with the most telling reason: what is wrong is named where it can be. */
function parseHttpUrl(text: string): Parsed<ReadinessTarget> {
  if (/^https:\/\//i.test(text)) {
    return { expected: "an http:// URL, since https:// is not yet supported" };
  }
  if (!/^http:\/\//i.test(text)) {
    return { expected: "a URL of the form http://host:port" };
  }
  if (/[?#]/.test(text)) {
    return { expected: "a URL without a query or fragment" };
  }
  if (/^http:\/\/[^/]*@/i.test(text)) {
    return { expected: "a URL without credentials" };
  }

  const [, ipv6, name, digits, path] = HTTP_URL.exec(text) ?? [];
  const hostname = (ipv6 ?? name ?? "").toLowerCase();
  if (ipv6 === undefined ? !isHostName(hostname) : !isIPv6(hostname)) {
    return { expected: "a URL of the form http://host:port" };
  }
  const port = Number(digits ?? 80);
  if (port < 1 || port > 65535) return { expected: "a port from 1 to 65535" };
  const host = ipv6 === undefined ? hostname : `[${hostname}]`;
  const authority = port === 80 ? host : `${host}:${port}`;
  const requestTarget = path ?? "/";
  return {
    value: {
      hostname,
      port,
      authority,
      url: `http://${authority}`,
      requestTarget,
    },
  };
}
