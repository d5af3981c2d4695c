import { parseConfig } from "../src/config/config.ts";
import { Deadlines } from "../src/deadlines.ts";
import { followMaterial } from "../src/followed_material.ts";
import { createLogger } from "../src/log.ts";
import { ConnectionLimits } from "../src/net/connection_limits.ts";
import { listen } from "../src/net/listener.ts";
import { Observations } from "../src/observations/observations.ts";
import { AdmissionGuard } from "../src/tls/admission.ts";
import { TlsDoor } from "../src/tls/door.ts";
import type { AdmittedConnection } from "../src/tls/secure_connection.ts";

/**
 * Accepts mTLS connections as the sidecar does, by its settings, and hands over
 * those whose client is admitted. For programs that measure what is beneath
 * HTTP.
 */
export async function openDoor(
  onAdmitted: (connection: AdmittedConnection) => void,
): Promise<void> {
  const config = parseConfig({
    args: [],
    lookup: (name) => Deno.env.get(name),
  });
  const log = createLogger({
    level: "error",
    sink: { line: (line: string) => console.error(line) },
  });
  const { store } = await followMaterial(config, {
    log,
    journal: new Observations(Date.now).journal,
    pollMs: 1000 * config.reloadPollSecs,
    inForce: { applied: () => undefined },
  });
  const deadlines = new Deadlines();
  const limits = new ConnectionLimits({
    maxConnections: Infinity,
    maxHandshakes: Infinity,
    maxPerAddress: 0,
    deadlines,
    onLimit() {},
    onRoom() {},
  });
  const door = new TlsDoor({
    store,
    guard: new AdmissionGuard(store),
    deadlines,
    limits,
    onLimit() {},
    handshakeTimeoutMs: 1_000 * config.handshakeTimeoutSecs,
    unverified: "close",
    http2: false,
    proxyProtocol: false,
    onAdmitted,
    onUnverified() {},
    onRefused() {},
  });
  listen({
    hostname: config.tlsListenHost,
    port: config.tlsListenPort,
    onConnection: (connection) => door.accept(connection),
    onAcceptError: (error) => console.error(error),
  });
}

/** A setting by its environment variable, which must be there. */
export function setting(name: string): string {
  const value = Deno.env.get(name);
  if (value === undefined) {
    throw new Error(`Cannot read ${name}: it is not set`);
  }
  return value;
}
