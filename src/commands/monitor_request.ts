import { get, type IncomingMessage, type RequestOptions } from "node:http";
import type { Config } from "../config/config.ts";

/** What the settings say of where the monitor port is, and how long it may take. */
export type MonitorSettings = Pick<
  Config,
  "monitorHost" | "monitorPort" | "readinessTimeoutSecs"
>;

/** What came back, or why nothing did: a sentence without a full stop. */
export type MonitorAnswer =
  | { readonly status: number; readonly body: string }
  | { readonly problem: string };

/** For the sidecar's own work, beside that of the application that it asks. */
const GRACE_MS = 4_000;
/** A status with everything in it has far less. */
const MAX_OCTETS = 8 * 1024 * 1024;

/** Where to ask who listens everywhere. */
const LOOPBACK: ReadonlyMap<string, string> = new Map([
  ["0.0.0.0", "127.0.0.1"],
  ["::", "::1"],
]);

/**
 * Asks the monitor port of the sidecar that serves with these settings. Never
 * rejects. No proxy variable is obeyed: the port is on this host as a rule, and
 * where a proxy led is somewhere else.
 *
 * @param path Begins with `/`.
 * @param options.signal Gives up when it aborts.
 */
export async function askMonitor(
  path: string,
  { monitorHost, monitorPort, readinessTimeoutSecs, signal }:
    & MonitorSettings
    & { readonly signal: AbortSignal },
): Promise<MonitorAnswer> {
  if (monitorPort === 0) {
    return { problem: "Cannot use MONITOR_PORT 0: expected a port that is on" };
  }
  const host = LOOPBACK.get(monitorHost) ?? monitorHost;
  const timeoutMs = 1000 * readinessTimeoutSecs + GRACE_MS;
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await requested({
      host,
      port: monitorPort,
      path,
      agent: false,
      signal: AbortSignal.any([signal, timeout]),
    });
    return { status: response.statusCode ?? 0, body: await read(response) };
  } catch (error) {
    const reason = timeout.aborted
      ? `no answer within ${timeoutMs / 1000} s`
      : signal.aborted
      ? "interrupted"
      : reasonOf(error);
    const name = host.includes(":") ? `[${host}]` : host;
    return {
      problem: `Cannot ask http://${name}:${monitorPort}${path}: ${reason}`,
    };
  }
}

function requested(options: RequestOptions): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  get(options, resolve).on("error", reject);
  return promise;
}

async function read(response: IncomingMessage): Promise<string> {
  const decoder = new TextDecoder();
  let body = "";
  let octets = 0;
  for await (const piece of response) {
    octets += piece.length;
    if (octets > MAX_OCTETS) throw new Error("the answer is too long");
    body += decoder.decode(piece, { stream: true });
  }
  return body + decoder.decode();
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error && error.code === "ECONNREFUSED"
    ? "nothing listens there"
    : error.message;
}
