import { type ErrorCode, SidecarError } from "../errors.ts";
import type { Transport } from "./connection.ts";

/** Where the application listens, and what it speaks beneath HTTP. */
export type UpstreamAddress =
  | {
    readonly scheme: "http" | "https";
    readonly hostname: string;
    readonly port: number;
  }
  | { readonly scheme: "unix"; readonly path: string };

/** TLS as a connection that is made now is to have it. */
export interface UpstreamTls {
  /**
   * Takes over a TCP connection, and closes it where the handshake fails or
   * `signal` is aborted before its end: then it rejects, with an `Error` whose
   * message tells why, to follow a colon.
   */
  secure(
    tcp: Transport,
    to: { readonly hostname: string; readonly signal: AbortSignal },
  ): Promise<Transport>;
}

/** How connections are opened; `SYSTEM_SOCKETS` unless a test puts others in their place. */
export interface Sockets {
  tcp(
    to: { hostname: string; port: number; signal: AbortSignal },
  ): Promise<Transport>;
  unix(path: string): Promise<Transport>;
}

export interface DialOptions {
  /** Milliseconds in which the name is resolved, the connection made and TLS agreed. */
  readonly timeoutMs: number;
  /** For `https`, which fails without. */
  readonly tls?: UpstreamTls | undefined;
  readonly sockets?: Sockets | undefined;
}

/** `localhost` is both of these, whatever the resolver of the image says (RFC 6761 §6.3). */
const LOOPBACK = ["127.0.0.1", "::1"];

const SYSTEM_SOCKETS: Sockets = {
  async tcp(to) {
    // A name may stand for several addresses, of which one may be dead.
    const tcp = await Deno.connect({ ...to, autoSelectFamily: true });
    // Else a body that is sent after its head waits for the application to
    // acknowledge that, which it does 40 ms later.
    tcp.setNoDelay(true);
    return tcp;
  },
  unix: (path) => Deno.connect({ transport: "unix", path }),
};

/**
 * Connects to the application. Names are resolved anew each time, and failures are
 * not remembered: an application that is back is found by the next request.
 *
 * Throws `SidecarError` with `UPSTREAM_CONNECT_FAILED` or `UPSTREAM_TLS_FAILED`.
 */
export async function dial(
  address: UpstreamAddress,
  { timeoutMs, tls, sockets = SYSTEM_SOCKETS }: DialOptions,
): Promise<Transport> {
  const expiry = new AbortController();
  const { signal } = expiry;
  const timer = setTimeout(
    () => expiry.abort(new Error(`it took longer than ${timeoutMs / 1000} s`)),
    timeoutMs,
  );
  // The step in hand, for whoever reads that it failed.
  let code: ErrorCode = "UPSTREAM_CONNECT_FAILED";
  try {
    if (address.scheme === "unix") {
      return await inTime(sockets.unix(address.path), signal);
    }
    if (address.scheme === "http") {
      return await dialTcp(address, { sockets, signal });
    }
    if (tls === undefined) throw new Error("no TLS material is loaded");
    const tcp = await dialTcp(address, { sockets, signal });
    code = "UPSTREAM_TLS_FAILED";
    return await tls.secure(tcp, { hostname: address.hostname, signal });
  } catch (cause) {
    throw failed(code, { address, cause });
  } finally {
    clearTimeout(timer);
  }
}

async function dialTcp(
  { hostname, port }: { hostname: string; port: number },
  { sockets, signal }: { sockets: Sockets; signal: AbortSignal },
): Promise<Transport> {
  let first: unknown;
  for (const host of hostname === "localhost" ? LOOPBACK : [hostname]) {
    try {
      const connecting = sockets.tcp({ hostname: host, port, signal });
      return await inTime(connecting, signal);
    } catch (error) {
      // The first address is the likely one: its failure tells more.
      first ??= error;
    }
  }
  throw first;
}

/**
 * What `connecting` gives, unless `signal` is aborted before: the runtime does not
 * let go of a name that it can't resolve. What comes too late is closed.
 */
function inTime<T extends Transport>(
  connecting: Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const abort = () => reject(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  connecting.then((transport) => {
    if (signal.aborted) transport.close();
    else resolve(transport);
  }, reject);
  return promise;
}

function failed(
  code: ErrorCode,
  { address, cause }: { address: UpstreamAddress; cause: unknown },
): SidecarError {
  const at = address.scheme === "unix"
    ? address.path
    : `${address.hostname} port ${address.port}`;
  const what = code === "UPSTREAM_TLS_FAILED" ? "make TLS with" : "connect to";
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new SidecarError(
    code,
    `Cannot ${what} the application at ${at}: ${reason}`,
    { cause },
  );
}
