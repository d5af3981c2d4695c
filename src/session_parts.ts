import type { Config } from "./config/config.ts";
import type { Deadlines } from "./deadlines.ts";
import type { OctetWriters } from "./http/octet_writers.ts";
import { contentDigest } from "./identity/seal/content_digest.ts";
import type { Logger } from "./log.ts";
import type { LineSink } from "./log/line_writer.ts";
import type { Observations } from "./observations/observations.ts";
import { AccessLog } from "./proxy/access_log.ts";
import { BodyLimit } from "./proxy/body_limit.ts";
import { Http1Upstream } from "./proxy/http1_request.ts";
import { Http2Upstream } from "./proxy/http2_request.ts";
import { Http2RequestHeads } from "./proxy/http2_request_head.ts";
import { RequestHeadWriter } from "./proxy/request_head_writer.ts";
import { RequestIds } from "./proxy/request_id.ts";
import { ResponseHeadWriter } from "./proxy/response_head_writer.ts";
import type { SessionDependencies } from "./proxy/session.ts";
import { RuntimeSpans, runtimeTracer } from "./proxy/spans.ts";
import { Tunnels } from "./proxy/tunnels.ts";
import type { Upstream } from "./proxy/upstream_request.ts";
import type { Limit } from "./tally.ts";
import type { UpstreamTls } from "./upstream/dial.ts";
import { Http2Pool } from "./upstream/http2_pool.ts";
import { UpstreamPool } from "./upstream/pool.ts";

/** The application, in the protocol that it speaks, and the connections to it. */
export function upstreamParts(
  config: Config,
  { deadlines, writers, tls }: {
    deadlines: Deadlines;
    writers: OctetWriters;
    tls: (() => UpstreamTls) | undefined;
  },
): { pool: UpstreamPool | Http2Pool; upstream: Upstream } {
  const requestHeads = new RequestHeadWriter({
    authority: config.upstream.authority,
    preserveHost: config.preserveHost,
    via: config.via,
    keepAlive: config.upstreamKeepAlive,
    seal: config.sealKeyFile === ""
      ? "none"
      : config.sealBody
      ? "head and body"
      : "head",
  });
  const options = {
    address: config.upstream,
    deadlines,
    ...(tls && { tls }),
    connectTimeoutMs: 1000 * config.upstreamConnectTimeoutSecs,
    maxConnections: config.upstreamMaxConnections,
    waitTimeoutMs: 1000 * config.upstreamTimeoutSecs,
    idleTimeoutMs: 1000 * config.upstreamIdleTimeoutSecs,
  };
  if (config.upstreamProtocol === "http1") {
    const pool = new UpstreamPool(options);
    return {
      pool,
      upstream: new Http1Upstream({ pool, writers, requestHeads }),
    };
  }
  const pool = new Http2Pool({
    ...options,
    writers,
    bodyTimeoutMs: 1000 * config.bodyTimeoutSecs,
  });
  const upstream = new Http2Upstream({
    pool,
    writers,
    requestHeads: new Http2RequestHeads(requestHeads),
  });
  return { pool, upstream };
}

/**
 * Undefined where there are none. Over HTTP/2 the application is asked for none:
 * what a client asks for in vain is then the same as where they are turned off.
 */
export function tunnelParts(
  config: Config,
  { deadlines, observations: { tally, connections } }: {
    deadlines: Deadlines;
    observations: Observations;
  },
): Tunnels | undefined {
  const { upgrades, upstreamProtocol } = config;
  if (upgrades.length === 0 || upstreamProtocol !== "http1") return undefined;
  return new Tunnels({
    protocols: upgrades,
    deadlines,
    tally,
    counts: connections,
    idleMs: 1000 * config.tunnelIdleTimeoutSecs || Infinity,
    halfClosedMs: 1000 * config.bodyTimeoutSecs,
  });
}

/** What all sessions share, by the settings. */
export function sessionParts(
  config: Config,
  parts: {
    log: Logger;
    accessLog: LineSink;
    deadlines: Deadlines;
    writers: OctetWriters;
    upstream: Upstream;
    tunnels: Tunnels | undefined;
    observations: Observations;
    onLimit: (limit: Limit) => void;
  },
): SessionDependencies {
  const { log, accessLog, observations, onLimit } = parts;
  const { deadlines, writers, upstream, tunnels } = parts;
  const tracer = runtimeTracer();
  // Who calls an application that speaks no HTTP/2 makes no calls of gRPC, and
  // must not be waited for as if.
  const grpcIdleMs = config.upstreamProtocol === "h2c"
    ? 1000 * config.grpcIdleTimeoutSecs
    : undefined;
  return {
    upstream,
    tunnels,
    writers,
    deadlines,
    responseHeads: new ResponseHeadWriter(),
    accessLog: new AccessLog({ lines: accessLog, which: config.accessLog }),
    traffic: observations.traffic,
    requestIds: new RequestIds(),
    spans: tracer && new RuntimeSpans(tracer),
    upstreamTimeoutMs: 1000 * config.upstreamTimeoutSecs,
    bodyTimeoutMs: 1000 * config.bodyTimeoutSecs,
    grpcLimits: grpcIdleMs === undefined ? undefined : {
      upstreamTimeoutMs: grpcIdleMs,
      bodyTimeoutMs: grpcIdleMs,
      uploadTimeoutMs: grpcIdleMs,
    },
    bodyLimit: config.maxBodyBytes > 0
      ? new BodyLimit(config.maxBodyBytes, () => onLimit("body_size"))
      : undefined,
    bodySeal: config.sealBody
      ? { maxOctets: config.sealBodyMaxBytes, digest: contentDigest }
      : undefined,
    now: () => performance.now(),
    onUnexpected: (error) =>
      log.error("unexpected error in an exchange", {
        code: "INTERNAL",
        error,
        stack: error instanceof Error ? error.stack : undefined,
      }),
  };
}
