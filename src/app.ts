import { type Config, describeConfig } from "./config/config.ts";
import { Connections } from "./connections.ts";
import { Deadlines } from "./deadlines.ts";
import { SidecarError } from "./errors.ts";
import { describeMaterial, followMaterial } from "./followed_material.ts";
import { OctetWriters } from "./http/octet_writers.ts";
import { ServerConnection } from "./http/server_connection.ts";
import { clientHeaders } from "./identity/client_headers.ts";
import { Lifecycle } from "./lifecycle.ts";
import type { Logger } from "./log.ts";
import type { LineSink } from "./log/line_writer.ts";
import type { MaterialStore } from "./material/store.ts";
import { listen } from "./net/listener.ts";
import { AccessLog } from "./proxy/access_log.ts";
import { Http1Upstream } from "./proxy/http1_request.ts";
import { RequestHeadWriter } from "./proxy/request_head_writer.ts";
import { ResponseHeadWriter } from "./proxy/response_head_writer.ts";
import { Session, type SessionDependencies } from "./proxy/session.ts";
import { Tally } from "./tally.ts";
import { AdmissionGuard } from "./tls/admission.ts";
import { type Refusal, TlsDoor } from "./tls/door.ts";
import type { SecureConnection } from "./tls/secure_connection.ts";
import { rejudge, type Standing } from "./tls/standing.ts";
import { TrustKeeper } from "./trust_keeper.ts";
import { UpstreamPool } from "./upstream/pool.ts";

const NO_LINES: Uint8Array = new Uint8Array(0);

/** What a sidecar needs from outside. */
export interface SidecarDependencies {
  readonly log: Logger;
  /** Takes the lines of the access log. */
  readonly accessLog: LineSink;
  /** Trust and certificate, in place of those on disk. For tests. */
  readonly store?: MaterialStore;
}

/** A sidecar that serves. */
export interface Sidecar {
  /** Where the mTLS port is. */
  readonly address: Deno.NetAddr;
  /** How many admitted connections are open, and how many handshakes under way. */
  readonly connections: {
    readonly admitted: number;
    readonly handshaking: number;
  };
  /** Loads the files at once, and takes what is there as meant (SIGHUP). */
  reload(): void;
  /**
   * Accepts nothing more, finishes what is in flight, and resolves when nothing
   * is left: to false where it had to cut after `SHUTDOWN_TIMEOUT_SECS`.
   */
  shutdown(): Promise<boolean>;
}

/**
 * Builds the parts, introduces them to each other, and serves. Throws
 * `SidecarError` where the material cannot be loaded or the port not be had;
 * then nothing is left open.
 */
export async function startSidecar(
  config: Config,
  { log, accessLog, store: given }: SidecarDependencies,
): Promise<Sidecar> {
  log.info("starting", { settings: describeConfig(config) });
  const lifecycle = new Lifecycle();
  const deadlines = new Deadlines();
  const tally = new Tally();
  const connections: Connections<Standing> = new Connections({
    deadlines,
    drainMs: 1000 * config.trustDrainSecs,
    now: Date.now,
    rejudge(standing) {
      const { material } = store.current;
      const judgement = rejudge(standing, { material, now: Date.now() });
      return judgement.ok ? judgement.standing : undefined;
    },
    onExpired() {
      tally.add("connections_retired", "expired");
      log.info("a client's certificate expired");
    },
  });
  const keeper = new TrustKeeper({
    connections,
    deadlines,
    log,
    tally,
    refuseLockout: config.refuseLockout,
    now: Date.now,
  });
  const followed = given === undefined
    ? await followMaterial(config, { log, tally, admit: keeper.admit })
    : undefined;
  const store: MaterialStore = given ?? followed!.store;
  describeMaterial(store.current.material, log);
  store.onSwap(keeper.swapped);
  keeper.begin(store.current);
  const pool = new UpstreamPool({ address: config.upstream, deadlines });
  const sessionDependencies = sessionParts(config, { log, accessLog, pool });
  const timeouts = {
    headerMs: 1000 * config.headerTimeoutSecs,
    keepAliveMs: 1000 * config.keepAliveTimeoutSecs,
    bodyMs: 1000 * config.bodyTimeoutSecs,
  };
  let onIdle: (() => void) | undefined;

  function logRefusal({ code, detail, address }: Refusal): void {
    tally.add("connections_refused", code);
    log.info("connection refused", { code, detail, client: address });
  }

  function serveConnection(secure: SecureConnection): void {
    const { facts } = secure;
    let identityLines = NO_LINES;
    try {
      if (config.injectClientHeaders) {
        identityLines = clientHeaders(facts.standing.client);
      }
    } catch (error) {
      secure.destroy();
      const known = error instanceof SidecarError;
      logRefusal({
        code: known ? error.code : "INTERNAL",
        detail: known ? error.message : String(error),
        address: facts.address,
      });
      return;
    }
    const session = new Session(sessionDependencies, {
      address: facts.address,
      tlsVersion: facts.tlsVersion,
      subjectHash: facts.standing.client.subjectHash,
      identityLines,
      refusal: undefined,
    });
    const connection: ServerConnection = new ServerConnection(secure, {
      timeouts,
      deadlines,
      mayServe: () => connections.trusts(connection),
    });
    connections.add(connection, facts.standing);
    if (lifecycle.draining.aborted) connection.retire();
    connection.run(session).then(() => {
      connections.delete(connection);
      onIdle?.();
    });
  }

  const door = new TlsDoor({
    store,
    guard: new AdmissionGuard(store),
    deadlines,
    handshakeTimeoutMs: 1000 * config.handshakeTimeoutSecs,
    onAdmitted: serveConnection,
    onRefused(refusal) {
      logRefusal(refusal);
      onIdle?.();
    },
  });

  let listener;
  try {
    listener = listen({
      hostname: config.tlsListenHost,
      port: config.tlsListenPort,
      onConnection: (connection) => door.accept(connection),
      onAcceptError: (error, retryMs) =>
        log.warning("cannot accept connections", { error, retry_ms: retryMs }),
    });
  } catch (error) {
    door.close();
    keeper.end();
    await followed?.stop();
    throw error;
  }
  const { address, stop } = listener;
  lifecycle.enter("serving");
  log.info("serving", {
    address: address.hostname,
    port: address.port,
    upstream_host: config.upstream.authority,
  });

  async function shutdown(): Promise<boolean> {
    lifecycle.enter("draining");
    log.info("shutting down", {
      connections: connections.size,
      handshakes: door.handshaking,
    });
    await stop();
    connections.retireAll();
    const finished = await drained();
    connections.destroyAll();
    door.close();
    pool.close();
    keeper.end();
    await followed?.stop();
    lifecycle.enter("stopped");
    log.info("stopped", { finished, ...tally.snapshot() });
    return finished;
  }

  /** Resolves when no connection is left, or to false when that takes too long. */
  function drained(): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(
      () => resolve(false),
      1000 * config.shutdownTimeoutSecs,
    );
    onIdle = () => {
      if (connections.size > 0 || door.handshaking > 0) return;
      clearTimeout(timer);
      resolve(true);
    };
    onIdle();
    return promise;
  }

  return {
    address,
    get connections() {
      return { admitted: connections.size, handshaking: door.handshaking };
    },
    reload() {
      log.info("reload asked for");
      followed?.reload();
    },
    shutdown,
  };
}

function sessionParts(
  config: Config,
  { log, accessLog, pool }: {
    log: Logger;
    accessLog: LineSink;
    pool: UpstreamPool;
  },
): SessionDependencies {
  const writers = new OctetWriters();
  const requestHeads = new RequestHeadWriter({
    authority: config.upstream.authority,
    preserveHost: config.preserveHost,
    via: config.via,
    keepAlive: config.upstreamKeepAlive,
  });
  return {
    upstream: new Http1Upstream({ pool, writers, requestHeads }),
    writers,
    responseHeads: new ResponseHeadWriter(),
    accessLog: new AccessLog({ lines: accessLog, which: config.accessLog }),
    upstreamTimeoutMs: 1000 * config.upstreamTimeoutSecs,
    bodyTimeoutMs: 1000 * config.bodyTimeoutSecs,
    now: () => performance.now(),
    onUnexpected: (error) =>
      log.error("unexpected error in an exchange", {
        code: "INTERNAL",
        error,
        stack: error instanceof Error ? error.stack : undefined,
      }),
  };
}
