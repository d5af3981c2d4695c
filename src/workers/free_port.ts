import type { Config } from "../config/config.ts";
import { listen } from "../net/listener.ts";

/**
 * A port that nobody listens on, as the settings have it: others could listen on
 * that of the workers too, and would take a part of their connections. Throws
 * `LISTEN_FAILED` where it cannot be had.
 */
export async function freePort(
  { tlsListenHost: hostname, tlsListenPort: port }: Config,
): Promise<Deno.NetAddr> {
  const { address, stop } = listen({
    hostname,
    port,
    onConnection: (connection) => connection.close(),
    onAcceptError() {},
  });
  await stop();
  return address;
}
