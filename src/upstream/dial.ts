import { SidecarError } from "../errors.ts";
import type { TcpConnection } from "./connection.ts";

/** Where the application listens. */
export interface UpstreamAddress {
  readonly hostname: string;
  readonly port: number;
}

/** Opens a TCP connection; `Deno.connect` unless a test puts another in its place. */
export type Connect = (
  options: UpstreamAddress & { signal: AbortSignal },
) => Promise<TcpConnection>;

/** How long one address may take to accept a connection, in milliseconds. */
const CONNECT_TIMEOUT_MS = 5_000;

/** `localhost` is both of these, whatever the resolver of the image says (RFC 6761 §6.3). */
const LOOPBACK = ["127.0.0.1", "::1"];

/**
 * Connects to the application. Names are resolved anew each time.
 *
 * Throws `SidecarError` with `UPSTREAM_CONNECT_FAILED`.
 */
export async function dial(
  { hostname, port }: UpstreamAddress,
  connect: Connect = (options) => Deno.connect(options),
): Promise<TcpConnection> {
  let cause: unknown;
  for (const address of hostname === "localhost" ? LOOPBACK : [hostname]) {
    try {
      return await connect({
        hostname: address,
        port,
        signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS),
      });
    } catch (error) {
      // The first address is the likely one: its failure tells more.
      cause ??= error;
    }
  }
  throw new SidecarError(
    "UPSTREAM_CONNECT_FAILED",
    `Cannot connect to the application at ${hostname} port ${port}: ${
      cause instanceof Error ? cause.message : String(cause)
    }`,
    { cause },
  );
}
