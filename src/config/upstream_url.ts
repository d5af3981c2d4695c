import { isIPv6 } from "node:net";
import { isHostName, type Kind, type Parsed } from "./kinds.ts";

/** A server on TCP. */
export interface TcpTarget {
  /** For `Deno.connect`: lower case, an IPv6 address without brackets. */
  readonly hostname: string;
  /** 1 to 65535. */
  readonly port: number;
  /** For the Host field: host, and the port unless it is the scheme's (RFC 9110 §7.2, §4.2.3). */
  readonly authority: string;
  /** The URL as understood, for logs. */
  readonly url: string;
}

/** Where the application listens, and what it speaks beneath HTTP. */
export type UpstreamTarget =
  | { readonly scheme: "http" | "https" } & TcpTarget
  | {
    readonly scheme: "unix";
    /** Absolute. */
    readonly path: string;
    /** For the Host field. A socket has no name, and the application is on this host. */
    readonly authority: "localhost";
    /** `unix:` and the path, for logs. */
    readonly url: string;
  };

/** What the readiness probe asks for, and where. */
export interface ReadinessTarget {
  /** Undefined for where requests go. */
  readonly server: UpstreamTarget | undefined;
  /** The request target in origin-form (RFC 9112 §3.2.1), a path without a query. */
  readonly requestTarget: string;
  /** As understood, for logs. */
  readonly url: string;
}

interface ParsedUrl extends TcpTarget {
  readonly requestTarget: string;
}

const FORM = "a URL of the form http://host:port";
const FORMS = `${FORM}, https://host:port or unix:/path`;

/** What a socket's address holds beside its terminator on Linux (unix(7)), in octets. */
const MAX_SOCKET_PATH = 107;

/**
 * `http://host[:port]` or `https://host[:port]`, with an optional `/` at the end,
 * or `unix:/path`. A path of a URL is refused: the path of each request goes to
 * the application as it came, so there is nothing that a base path could mean
 * without rewriting it.
 */
export const upstreamUrl: Kind<UpstreamTarget> = {
  placeholder: "URL",
  parse(text) {
    if (/^unix:/i.test(text)) return parseUnix(text);
    const scheme = /^https:/i.test(text) ? "https" : "http";
    const parsed = parseTcp(text, { scheme, form: FORMS });
    if ("expected" in parsed) return parsed;
    const { requestTarget, ...target } = parsed.value;
    if (requestTarget !== "/") {
      return { expected: "no path, since every request keeps its own" };
    }
    return { value: Object.freeze({ scheme, ...target }) };
  },
  format: (value) => value.url,
};

/** A host name or an IP address without brackets, or nothing for what the setting says of that. */
export const serverName: Kind<string> = {
  placeholder: "NAME",
  parse(text) {
    return text === "" || isHostName(text) || isIPv6(text)
      ? { value: text.toLowerCase() }
      : { expected: "a host name or an IP address without brackets" };
  },
  format: (value) => value,
};

/**
 * `http://host[:port][/path]`, the same with `https`, `/path` for where requests
 * go, or `none`, which is null.
 */
export const readinessUrl: Kind<ReadinessTarget | null> = {
  placeholder: "URL|none",
  parse(text) {
    if (text === "none") return { value: null };
    if (PATH.test(text)) {
      const value = { server: undefined, requestTarget: text, url: text };
      return { value: Object.freeze(value) };
    }
    const scheme = /^https:/i.test(text) ? "https" : "http";
    const form = `${FORM}/path, /path alone or none`;
    const parsed = parseTcp(text, { scheme, form });
    if ("expected" in parsed) return parsed;
    const { requestTarget, ...server } = parsed.value;
    return {
      value: Object.freeze({
        server: Object.freeze({ scheme, ...server }),
        requestTarget,
        url: server.url + requestTarget,
      }),
    };
  },
  format: (value) => value?.url ?? "none",
};

/** `unix:/path` and `unix:///path`. The path is taken as it is written: `%` is no escape. */
function parseUnix(text: string): Parsed<UpstreamTarget> {
  const [, path] = /^unix:(?:\/\/)?(\/[^/\p{Cc}]\P{Cc}*)$/iu.exec(text) ?? [];
  if (path === undefined) return { expected: "an absolute path after unix:" };
  if (new TextEncoder().encode(path).length > MAX_SOCKET_PATH) {
    return { expected: `a path of at most ${MAX_SOCKET_PATH} octets` };
  }
  const url = `unix:${path}`;
  return {
    value: Object.freeze({
      scheme: "unix",
      path,
      authority: "localhost",
      url,
    }),
  };
}

const PATH = /^\/(?:[a-z0-9\-._~!$&'()*+,;=:@/]|%[0-9a-f]{2})*$/i;

const DEFAULT_PORT = { http: 80, https: 443 };

// Scheme, bracketed or plain host, port, and a path of pchar (RFC 3986 §3.3).
// The URL class is not asked: it takes `http:host`, backslashes, tabs and `0x7f.1`,
// and what it makes of them is not what was written.
const TCP_URL =
  /^https?:\/\/(?:\[([0-9a-f:.]+)\]|([^/:@\[\]]+))(?::([0-9]{1,5}))?(\/(?:[a-z0-9\-._~!$&'()*+,;=:@/]|%[0-9a-f]{2})*)?$/i;

/** Refuses with the most telling reason: what is wrong is named where it can be. */
function parseTcp(
  text: string,
  { scheme, form }: { scheme: "http" | "https"; form: string },
): Parsed<ParsedUrl> {
  if (!/^https?:\/\//i.test(text)) return { expected: form };
  if (/[?#]/.test(text)) {
    return { expected: "a URL without a query or fragment" };
  }
  if (/^https?:\/\/[^/]*@/i.test(text)) {
    return { expected: "a URL without credentials" };
  }

  const [, ipv6, name, digits, path] = TCP_URL.exec(text) ?? [];
  const hostname = (ipv6 ?? name ?? "").toLowerCase();
  if (ipv6 === undefined ? !isHostName(hostname) : !isIPv6(hostname)) {
    return { expected: form };
  }
  const port = Number(digits ?? DEFAULT_PORT[scheme]);
  if (port < 1 || port > 65535) return { expected: "a port from 1 to 65535" };
  const host = ipv6 === undefined ? hostname : `[${hostname}]`;
  const authority = port === DEFAULT_PORT[scheme] ? host : `${host}:${port}`;
  return {
    value: {
      hostname,
      port,
      authority,
      url: `${scheme}://${authority}`,
      requestTarget: path ?? "/",
    },
  };
}
