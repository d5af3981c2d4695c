import denoJson from "../deno.json" with { type: "json" };
import { allowRules } from "./config/allow_rules.ts";
import type { Config } from "./config/config.ts";
import type { Deadlines } from "./deadlines.ts";
import { SidecarError } from "./errors.ts";
import type { DataPlane, Stores } from "./data_plane.ts";
import type { Followed } from "./followed_store.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { Logger } from "./log.ts";
import type { MaterialStore } from "./material/store.ts";
import { Exporter } from "./monitor/exporter.ts";
import { HttpProbe } from "./monitor/application_probe.ts";
import { Readiness } from "./monitor/readiness.ts";
import { Routes } from "./monitor/routes.ts";
import { MonitorServer } from "./monitor/server.ts";
import type { AccessReport } from "./monitor/status_report.ts";
import type { Watched, WatchedWorkers } from "./monitor/watched.ts";
import type { Observations } from "./observations/observations.ts";
import { Samples } from "./observations/samples.ts";
import type { UpstreamTls } from "./upstream/dial.ts";
import { UpstreamPool } from "./upstream/pool.ts";
import type { Reports } from "./workers/reports.ts";
import type { Certificate } from "./x509/certificate.ts";

/** Who looks at it sees a thread that answers. */
const THIS_THREAD: WatchedWorkers = {
  wanted: 1,
  running: 1,
  silent: [],
  heapUsed: 0,
};

/** What of a sidecar the monitor port shows, from its start on. */
export class MonitoredSidecar implements Watched {
  readonly version = denoJson.version;
  readonly observations: Observations;
  readonly #config: Config;
  readonly #lifecycle: Lifecycle;
  /** Set once all files were read. */
  stores: Stores | undefined;
  readonly followed: Followed["store"][] = [];
  #plane: DataPlane | undefined;
  #workers: Reports | undefined;

  constructor(
    config: Config,
    { lifecycle, observations }: {
      lifecycle: Lifecycle;
      observations: Observations;
    },
  ) {
    this.#config = config;
    this.#lifecycle = lifecycle;
    this.observations = observations;
  }

  get phase() {
    return this.#lifecycle.phase;
  }

  /** From now on connections are taken, by workers or without any. */
  serve(plane: DataPlane, workers: Reports | undefined): void {
    this.#plane = plane;
    this.#workers = workers;
  }

  get store(): MaterialStore | undefined {
    return this.stores?.material;
  }

  get upstreamCertificate(): Certificate | undefined {
    return this.stores?.upstreamTls?.current.material.certificate;
  }

  get handshaking(): number {
    return this.#plane?.connections.handshaking ?? 0;
  }

  get workers(): WatchedWorkers {
    return this.#workers ?? THIS_THREAD;
  }

  async refresh(): Promise<void> {
    await this.#workers?.refresh();
  }

  get access(): AccessReport {
    const { accessMode, accessRefuse, unverified } = this.#config;
    return {
      mode: accessMode,
      refuse: accessRefuse,
      unverified,
      rules: allowRules(this.#config).map(({ form, text }) => ({
        by: form,
        rule: text,
      })),
      peers: this.stores?.peers?.current.material.describe() ?? null,
    };
  }
}

/** The monitor port of a sidecar. */
export interface Monitor {
  readonly address: { readonly hostname: string; readonly port: number };
  /** Leaves nothing running. */
  close(): Promise<void>;
}

/**
 * Opens the monitor port. Throws `SidecarError` with `LISTEN_FAILED` where it
 * cannot be had.
 *
 * @param options.port In place of `MONITOR_PORT`; 0 lets the system choose.
 */
export async function openMonitor(
  config: Config,
  { watched, deadlines, log, port }: {
    watched: MonitoredSidecar;
    deadlines: Deadlines;
    log: Logger;
    port: number;
  },
): Promise<Monitor> {
  const { observations } = watched;
  await using opened = new AsyncDisposableStack();
  const exporter = config.enableMetrics ? new Exporter(watched) : undefined;
  opened.defer(() => exporter?.end());
  const samples = config.statusPage
    ? new Samples({
      traffic: observations.traffic,
      refused: () => observations.journal.refused,
      deadlines,
      now: Date.now,
    })
    : undefined;
  opened.defer(() => samples?.end());
  const routes = new Routes({
    watched,
    readiness: new Readiness({
      watched,
      application: applicationProbe(config, { deadlines, watched }),
      now: Date.now,
    }),
    exporter,
    samples,
    statusDetail: config.statusDetail,
    now: Date.now,
  });
  const server = await MonitorServer.listen({
    hostname: config.monitorHost,
    port,
    answerMs: 1000 * config.readinessTimeoutSecs,
    deadlines,
    async answer(request) {
      const answer = await routes.answer(request);
      const { status } = answer;
      const [path] = (request.url ?? "").split("?", 1);
      log.debug("asked at the monitor port", { path, status });
      return answer;
    },
    onUnexpected: (error) =>
      log.error("unexpected error at the monitor port", {
        code: "INTERNAL",
        error,
      }),
  });
  opened.defer(() => server.close());
  const { address } = server;
  log.info("monitor port open", {
    address: address.hostname,
    port: address.port,
  });
  const running = opened.move();
  return {
    address,
    close: () => running.disposeAsync(),
  };
}

/** With connections of its own: those of traffic are none of its. */
function applicationProbe(
  { upstream, upstreamReadiness, readinessTimeoutSecs }: Config,
  { deadlines, watched }: {
    deadlines: Deadlines;
    watched: MonitoredSidecar;
  },
): HttpProbe | undefined {
  if (upstreamReadiness === null) return undefined;
  const { server = upstream, requestTarget } = upstreamReadiness;
  const pool = new UpstreamPool({
    address: server,
    deadlines,
    ...(server.scheme === "https" && { tls: () => tlsOf(watched) }),
  });
  return new HttpProbe({
    connect: () => pool.connect(),
    authority: server.authority,
    requestTarget,
    timeoutMs: 1000 * readinessTimeoutSecs,
  });
}

/** As requests have it: the probe speaks of the same application. */
function tlsOf({ stores }: MonitoredSidecar): UpstreamTls {
  const tls = stores?.upstreamTls;
  if (tls !== undefined) return tls.current.material.client;
  throw new SidecarError(
    "UPSTREAM_TLS_FAILED",
    "Cannot ask the application yet: what to verify it by is not loaded",
  );
}
