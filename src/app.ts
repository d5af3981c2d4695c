import { ClientAccess } from "./client_access.ts";
import { allowRules } from "./config/allow_rules.ts";
import { type Config, describeConfig } from "./config/config.ts";
import { Connections } from "./connections.ts";
import { Deadlines } from "./deadlines.ts";
import { describeMaterial, followMaterial } from "./followed_material.ts";
import { followPeers } from "./followed_peers.ts";
import { followSealer } from "./followed_seal.ts";
import type { Followed } from "./followed_store.ts";
import { followUpstreamTls } from "./followed_upstream_tls.ts";
import { OctetWriters } from "./http/octet_writers.ts";
import { AccessRules } from "./identity/access_rules.ts";
import { Lifecycle } from "./lifecycle.ts";
import { type Monitor, MonitoredSidecar, openMonitor } from "./monitored.ts";
import { Observations } from "./observations/observations.ts";
import type { Logger } from "./log.ts";
import type { LineSink } from "./log/line_writer.ts";
import type { MaterialStore } from "./material/store.ts";
import { ConnectionLimits } from "./net/connection_limits.ts";
import { listen } from "./net/listener.ts";
import { Reception } from "./reception.ts";
import { sessionParts, tunnelParts, upstreamParts } from "./session_parts.ts";
import type { Limit } from "./tally.ts";
import { AdmissionGuard } from "./tls/admission.ts";
import { TlsDoor } from "./tls/door.ts";
import { type Grounds, TrustKeeper } from "./trust_keeper.ts";

/** What a sidecar needs from outside. */
export interface SidecarDependencies {
  readonly log: Logger;
  /** Takes the lines of the access log. */
  readonly accessLog: LineSink;
  /** Trust and certificate, in place of those on disk. For tests. */
  readonly store?: MaterialStore | Promise<MaterialStore>;
  /** In place of `MONITOR_PORT`; 0 lets the system choose. For tests. */
  readonly monitorPort?: number;
}

/** A sidecar that serves. */
export interface Sidecar {
  /** Where the mTLS port is. */
  readonly address: Deno.NetAddr;
  /** Where the monitor port is; undefined where it is off. */
  readonly monitor: Monitor["address"] | undefined;
  /** How many admitted connections and tunnels are open, and how many handshakes under way. */
  readonly connections: {
    readonly admitted: number;
    readonly handshaking: number;
    readonly tunnels: number;
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
  { log, accessLog, store: given, monitorPort }: SidecarDependencies,
): Promise<Sidecar> {
  log.info("starting", { settings: describeConfig(config) });
  const lifecycle = new Lifecycle();
  const deadlines = new Deadlines();
  const observations = new Observations(Date.now);
  const { journal, tally } = observations;
  const onLimit = (limit: Limit) => tally.add("limits_hit", limit);
  const access = new ClientAccess({
    rules: new AccessRules(allowRules(config)),
    audit: config.accessMode === "audit",
  });
  const connections: Connections<Grounds> = new Connections({
    deadlines,
    drainMs: 1000 * config.trustDrainSecs,
    now: Date.now,
    rejudge: (grounds) => keeper.rejudge(grounds),
    onExpired() {
      tally.add("connections_retired", "expired");
      log.info("what let a client in expired");
    },
  });
  const keeper = new TrustKeeper({
    connections,
    access,
    deadlines,
    log,
    observations,
    refuseLockout: config.refuseLockout,
    now: Date.now,
  });
  // Undone from its end, should the start fail.
  await using started = new AsyncDisposableStack();
  const watched = new MonitoredSidecar(config, { lifecycle, observations });
  // First, so that a start that takes its time can be told from one that hangs.
  const monitor = monitorPort === undefined && config.monitorPort === 0
    ? undefined
    : await openMonitor(config, {
      watched,
      deadlines,
      log,
      port: monitorPort ?? config.monitorPort,
    });
  started.defer(() => monitor?.close());
  const followed: Followed[] = [];
  const follows = <T extends Followed>(one: T): T => {
    followed.push(one);
    watched.followed.push(one.store);
    started.defer(() => one.stop());
    return one;
  };
  const store: MaterialStore = await given ?? follows(
    await followMaterial(config, { log, journal, admit: keeper.admit }),
  ).store;
  describeMaterial(store.current.material, log);
  watched.store = store;
  if (given !== undefined) watched.followed.push(store);
  store.onSwap(keeper.swapped);
  keeper.begin(store.current);
  started.defer(() => keeper.end());
  const pollMs = 1000 * config.reloadPollSecs;
  if (config.peersFile !== "") {
    watched.peers = follows(
      await followPeers(config.peersFile, {
        pollMs,
        access,
        keeper,
        log,
        journal,
      }),
    );
  }
  const sealer = config.sealKeyFile === "" ? undefined : follows(
    await followSealer(config.sealKeyFile, {
      id: config.sealId,
      pollMs,
      log,
      journal,
    }),
  ).sealer;
  const upstreamTls = config.upstream.scheme !== "https" ? undefined : follows(
    await followUpstreamTls(config, {
      pollMs,
      log,
      journal,
      onSwap: () => pool.refresh(),
    }),
  );
  watched.upstreamTls = upstreamTls;
  const writers = new OctetWriters();
  const { pool, upstream } = upstreamParts(config, {
    deadlines,
    writers,
    tls: upstreamTls && (() => upstreamTls.client),
  });
  started.defer(() => pool.close());
  const tunnels = tunnelParts(config, { deadlines, observations });
  let onIdle: (() => void) | undefined;
  const reception = new Reception({
    config,
    access,
    connections,
    sessions: sessionParts(config, {
      log,
      accessLog,
      deadlines,
      writers,
      upstream,
      tunnels,
      observations,
      onLimit,
    }),
    store,
    sealer,
    deadlines,
    log,
    observations,
    draining: lifecycle.draining,
    now: Date.now,
    onLimit,
    onEnded: () => onIdle?.(),
  });
  let acceptAgain = () => {};
  const limits = new ConnectionLimits({
    maxConnections: config.maxConnections,
    maxHandshakes: config.maxHandshakes,
    maxPerAddress: config.maxConnectionsPerAddress,
    deadlines,
    onLimit,
    onRoom: () => acceptAgain(),
  });
  const door = new TlsDoor({
    store,
    guard: new AdmissionGuard(store),
    deadlines,
    limits,
    handshakeTimeoutMs: 1000 * config.handshakeTimeoutSecs,
    unverified: config.unverified,
    http2: config.http2,
    proxyProtocol: config.proxyProtocol,
    handshakes: observations.handshakes,
    onAdmitted: reception.admitted,
    onUnverified: reception.unverified,
    onRefused: reception.refused,
    onLimit,
  });
  watched.door = door;
  started.defer(() => door.close());
  const { address, resume, stop } = listen({
    hostname: config.tlsListenHost,
    port: config.tlsListenPort,
    onConnection: (connection) => door.accept(connection),
    hasRoom: () => limits.hasRoom(),
    onAcceptError: (error, retryMs) =>
      log.warning("cannot accept connections", { error, retry_ms: retryMs }),
  });
  acceptAgain = resume;
  const running = started.move();
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
    await running.disposeAsync();
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
    monitor: monitor?.address,
    get connections() {
      return {
        admitted: connections.size,
        handshaking: door.handshaking,
        tunnels: tunnels?.open ?? 0,
      };
    },
    reload() {
      log.info("reload asked for");
      for (const one of followed) one.reload();
    },
    shutdown,
  };
}
