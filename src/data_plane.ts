import { ClientAccess } from "./client_access.ts";
import { allowRules } from "./config/allow_rules.ts";
import type { Config } from "./config/config.ts";
import { Connections } from "./connections.ts";
import type { Deadlines } from "./deadlines.ts";
import type { UpstreamCredentials } from "./followed_upstream_tls.ts";
import { OctetWriters } from "./http/octet_writers.ts";
import { AccessRules } from "./identity/access_rules.ts";
import type { Peers } from "./identity/peers.ts";
import type { SealKeys } from "./identity/seal/seal_keys.ts";
import { Sealer } from "./identity/seal/signer.ts";
import type { Effect } from "./lockout.ts";
import type { Logger } from "./log.ts";
import type { LineSink } from "./log/line_writer.ts";
import type { Current, MaterialStore, Store } from "./material/store.ts";
import type { TlsMaterial } from "./material/tls_material.ts";
import { ConnectionLimits } from "./net/connection_limits.ts";
import { listen } from "./net/listener.ts";
import type { Observations } from "./observations/observations.ts";
import { Reception } from "./reception.ts";
import { sessionParts, tunnelParts, upstreamParts } from "./session_parts.ts";
import type { Limit } from "./tally.ts";
import { AdmissionGuard } from "./tls/admission.ts";
import { TlsDoor } from "./tls/door.ts";
import { type Grounds, TrustKeeper } from "./trust_keeper.ts";

/** How long connections that were cut may take to be gone, in milliseconds. */
const CUT_TIMEOUT_MS = 1_000;

/** What follows files, and what it is at the moment. Undefined is what the settings leave out. */
export interface Stores {
  readonly material: MaterialStore;
  readonly peers: Store<Peers> | undefined;
  readonly sealKeys: Store<SealKeys> | undefined;
  readonly upstreamTls: Store<UpstreamCredentials> | undefined;
}

/** The values in {@linkcode Stores}. */
export interface Values {
  readonly material: TlsMaterial;
  readonly peers: Peers;
  readonly sealKeys: SealKeys;
  readonly upstreamTls: UpstreamCredentials;
}

/**
 * What takes connections and serves them, from the port to the application:
 * one for each thread that serves.
 */
export interface DataPlane {
  /** Where the mTLS port is. */
  readonly address: Deno.NetAddr;
  readonly connections: ConnectionNumbers;
  /**
   * Goes by a value that a store now has in the place of another. Gives how many
   * connections end because of it; undefined where it took no trust away.
   */
  readonly applied: {
    readonly [K in keyof Values]: (
      current: Current<Values[K]>,
      previous: Current<Values[K]>,
    ) => number | undefined;
  };
  /**
   * Accepts nothing more, finishes what is in flight, and resolves when nothing
   * is left: to false where it had to cut after `SHUTDOWN_TIMEOUT_SECS`.
   */
  drain(): Promise<boolean>;
  /** Leaves nothing running. */
  close(): Promise<void>;
}

/** How many admitted connections and tunnels are open, and how many handshakes under way. */
export interface ConnectionNumbers {
  readonly admitted: number;
  readonly handshaking: number;
  readonly tunnels: number;
}

/** Where a data plane stands among those that share a port. */
export interface Place {
  /** From 0. */
  readonly index: number;
  /** Where all of them listen. */
  readonly port: number;
  /** Whether clients may be judged by what the stores hold now. */
  mayJudge(): boolean;
}

export interface DataPlaneOptions {
  readonly stores: Stores;
  readonly deadlines: Deadlines;
  readonly log: Logger;
  /** Takes the lines of the access log. */
  readonly accessLog: LineSink;
  readonly observations: Observations;
  /** Aborted when the connections there are shall be the last. */
  readonly draining: AbortSignal;
  /** Undefined for one that has the port for itself. */
  readonly place?: Place;
}

/** A data plane in this thread. */
export interface LocalDataPlane extends DataPlane {
  /** What a value would do to those who are connected now. */
  effectOf(candidate: { material: TlsMaterial } | { peers: Peers }): Effect;
  /** Judges those who wait since `mayJudge` said no. */
  resume(): void;
}

/**
 * Builds the parts of a data plane, introduces them to each other, and listens.
 * Throws `SidecarError` with `LISTEN_FAILED` where the port cannot be had.
 */
export function openDataPlane(
  config: Config,
  options: DataPlaneOptions,
): LocalDataPlane {
  const { stores, deadlines, log, accessLog, observations, draining, place } =
    options;
  using opened = new DisposableStack();
  const { tally } = observations;
  const onLimit = (limit: Limit) => tally.add("limits_hit", limit);
  const access = new ClientAccess({
    rules: new AccessRules(allowRules(config)),
    audit: config.accessMode === "audit",
  });
  if (stores.peers) access.pin(stores.peers.current.material);
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
    tally,
    now: Date.now,
  });
  keeper.begin(stores.material.current);
  opened.defer(() => keeper.end());
  const sealer = stores.sealKeys && new Sealer({
    keys: stores.sealKeys.current.material,
    id: config.sealId,
    worker: place?.index ?? 0,
    now: Date.now,
  });
  const writers = new OctetWriters();
  const { upstreamTls } = stores;
  const { pool, upstream } = upstreamParts(config, {
    deadlines,
    writers,
    tls: upstreamTls && (() => upstreamTls.current.material.client),
  });
  opened.defer(() => pool.close());
  const tunnels = tunnelParts(config, { deadlines, observations });
  let onIdle = () => {};
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
    store: stores.material,
    sealer,
    deadlines,
    log,
    observations,
    draining,
    now: Date.now,
    onLimit,
    onEnded: () => onIdle(),
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
    store: stores.material,
    guard: new AdmissionGuard(stores.material),
    deadlines,
    limits,
    handshakeTimeoutMs: 1000 * config.handshakeTimeoutSecs,
    unverified: config.unverified,
    http2: config.http2,
    proxyProtocol: config.proxyProtocol,
    handshakes: observations.handshakes,
    ...(place && { mayJudge: () => place.mayJudge() }),
    onAdmitted: reception.admitted,
    onUnverified: reception.unverified,
    onRefused: reception.refused,
    onLimit,
  });
  opened.defer(() => door.close());
  const { address, resume, stop } = listen({
    hostname: config.tlsListenHost,
    port: place?.port ?? config.tlsListenPort,
    shared: place !== undefined,
    onConnection: (connection) => door.accept(connection),
    hasRoom: () => limits.hasRoom(),
    onAcceptError: (error, retryMs) =>
      log.warning("cannot accept connections", { error, retry_ms: retryMs }),
  });
  acceptAgain = resume;
  const running = opened.move();

  /** Resolves when no connection is left, or to false when that takes longer than `timeoutMs`. */
  function emptied(timeoutMs: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), timeoutMs);
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
    connections: {
      get admitted() {
        return connections.size;
      },
      get handshaking() {
        return door.handshaking;
      },
      get tunnels() {
        return tunnels?.open ?? 0;
      },
    },
    applied: {
      material: (current, previous) =>
        keeper.materialSwapped(current, previous),
      peers: (current, previous) => keeper.peersSwapped(current, previous),
      sealKeys: ({ material }) => void sealer?.rotate(material),
      upstreamTls: () => void pool.refresh(),
    },
    effectOf: (candidate) => keeper.effectOf(candidate),
    resume: () => door.resume(),
    async drain() {
      await stop();
      connections.retireAll();
      if (await emptied(1000 * config.shutdownTimeoutSecs)) return true;
      door.close();
      connections.destroyAll();
      // What is cut is counted and logged when it is gone.
      await emptied(CUT_TIMEOUT_MS);
      return false;
    },
    async close() {
      await stop();
      running.dispose();
    },
  };
}
