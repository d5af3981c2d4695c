import { type Config, describeConfig } from "./config/config.ts";
import { MAX_THREADS } from "./config/kinds.ts";
import { mostWorkers } from "./config/shared_limits.ts";
import {
  type ConnectionNumbers,
  type DataPlane,
  type LocalDataPlane,
  openDataPlane,
} from "./data_plane.ts";
import { Deadlines } from "./deadlines.ts";
import { followStores } from "./followed_stores.ts";
import { inForceEverywhere, inForceHere } from "./in_force.ts";
import { Lifecycle } from "./lifecycle.ts";
import { type Monitor, MonitoredSidecar, openMonitor } from "./monitored.ts";
import { Observations } from "./observations/observations.ts";
import type { Logger } from "./log.ts";
import type { LineSink } from "./log/line_writer.ts";
import type { MaterialStore } from "./material/store.ts";
import type { Spawn } from "./workers/worker_link.ts";
import { Workers } from "./workers/workers.ts";

/** What a sidecar needs from outside. */
export interface SidecarDependencies {
  readonly log: Logger;
  /** Takes the lines of the access log. */
  readonly accessLog: LineSink;
  /** How many processors there are, for `WORKERS=auto`; 1 if left out. */
  readonly processors?: number;
  /**
   * Trust and certificate, in place of those on disk, where this thread serves.
   * For tests.
   */
  readonly store?: MaterialStore | Promise<MaterialStore>;
  /** In place of `MONITOR_PORT`; 0 lets the system choose. For tests. */
  readonly monitorPort?: number;
  /** Starts the workers. For tests. */
  readonly spawn?: Spawn;
}

/** A sidecar that serves. */
export interface Sidecar {
  /** Where the mTLS port is. */
  readonly address: Deno.NetAddr;
  /** Where the monitor port is; undefined where it is off. */
  readonly monitor: Monitor["address"] | undefined;
  readonly connections: ConnectionNumbers;
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
  dependencies: SidecarDependencies,
): Promise<Sidecar> {
  const { log, accessLog, monitorPort } = dependencies;
  log.info("starting", { settings: describeConfig(config) });
  const lifecycle = new Lifecycle();
  const deadlines = new Deadlines();
  const observations = new Observations(Date.now);
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
  const { processors = 1, spawn } = dependencies;
  const count = config.workers ||
    Math.min(processors, MAX_THREADS, mostWorkers(config));
  // One would only be a detour: this thread serves by itself.
  const workers = count === 1 ? undefined : new Workers(config, {
    count,
    deadlines,
    log,
    accessLog,
    observations,
    ...(spawn && { spawn }),
  });
  let here: LocalDataPlane | undefined;
  const reloads: (() => void)[] = [];
  const stores = await followStores(config, {
    log,
    journal: observations.journal,
    store: dependencies.store,
    inForce: workers
      ? inForceEverywhere(workers)
      : inForceHere(() => here, { ...config, log }),
    onFollowed({ store, reload, stop }) {
      watched.followed.push(store);
      if (reload) reloads.push(reload);
      if (stop) started.defer(stop);
    },
  });
  watched.stores = stores;
  let plane: DataPlane;
  if (workers !== undefined) {
    started.defer(() => workers.close());
    await workers.start();
    plane = workers;
  } else {
    plane = here = openDataPlane(config, {
      stores,
      deadlines,
      log,
      accessLog,
      observations,
      draining: lifecycle.draining,
    });
    started.defer(() => plane.close());
  }
  watched.serve(plane, workers?.reports);
  const running = started.move();
  lifecycle.enter("serving");
  const { address } = plane;
  log.info("serving", {
    address: address.hostname,
    port: address.port,
    upstream_host: config.upstream.authority,
    ...(workers && { workers: count }),
  });

  return {
    address,
    monitor: monitor?.address,
    get connections() {
      return plane.connections;
    },
    reload() {
      log.info("reload asked for");
      for (const reload of reloads) reload();
    },
    async shutdown() {
      lifecycle.enter("draining");
      await watched.refresh();
      const { admitted, handshaking } = plane.connections;
      log.info("shutting down", {
        connections: admitted,
        handshakes: handshaking,
      });
      const finished = await plane.drain();
      await running.disposeAsync();
      lifecycle.enter("stopped");
      log.info("stopped", { finished, ...observations.tally.snapshot() });
      return finished;
    },
  };
}
