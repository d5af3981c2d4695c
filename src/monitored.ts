import denoJson from "../deno.json" with { type: "json" };
import { allowRules } from "./config/allow_rules.ts";
import type { Config } from "./config/config.ts";
import type { Deadlines } from "./deadlines.ts";
import { SidecarError } from "./errors.ts";
import type { FollowedPeers } from "./followed_peers.ts";
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
import type { Watched } from "./monitor/watched.ts";
import type { Observations } from "./observations/observations.ts";
import { Samples } from "./observations/samples.ts";
import type { UpstreamTls } from "./upstream/dial.ts";
import { UpstreamPool } from "./upstream/pool.ts";
import type { Certificate } from "./x509/certificate.ts";

/** What of a sidecar the monitor port shows, from its start on. */
export class MonitoredSidecar implements Watched {
  readonly version = denoJson.version;
  readonly observations: Observations;
  readonly #config: Config;
  readonly #lifecycle: Lifecycle;
  /** Set once there is some material. */
  store: MaterialStore | undefined;
  /** Set once there are some. */
  peers: FollowedPeers | undefined;
  /** Set once there is some. */
  upstreamTls:
    | {
      readonly client: UpstreamTls;
      readonly certificate: Certificate | undefined;
    }
    | undefined;
  /** Set once connections are taken. */
  door: { readonly handshaking: number } | undefined;
  readonly followed: Followed["store"][] = [];

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

  get upstreamCertificate(): Certificate | undefined {
    return this.upstreamTls?.certificate;
  }

  get handshaking(): number {
    return this.door?.handshaking ?? 0;
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
      peers: this.peers?.store.current.material.describe() ?? null,
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
function tlsOf({ upstreamTls }: MonitoredSidecar): UpstreamTls {
  if (upstreamTls !== undefined) return upstreamTls.client;
  throw new SidecarError(
    "UPSTREAM_TLS_FAILED",
    "Cannot ask the application yet: what to verify it by is not loaded",
  );
}
