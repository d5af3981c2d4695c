import { createHash } from "node:crypto";
import type { Counted } from "../tally.ts";
import { CODE_CLASSES, REQUEST_PROTOCOLS } from "../observations/traffic.ts";
import { CONNECTION_PROTOCOLS } from "../observations/connection_counts.ts";
import type { TlsMaterial } from "../material/tls_material.ts";
import type { MetricFamily, MetricSample } from "./metric_family.ts";
import {
  ACCESS_CODES,
  HANDSHAKE_FAILURE_CODES,
  isAccessCode,
  labelled,
  LIMIT_NAMES,
  UPSTREAM_CODES,
} from "./metric_labels.ts";
import { downSource, firstDiffering, type Watched } from "./watched.ts";

const PREFIX = "mtls_sidecar_";
const ID_DIGITS = 16;

/**
 * All metrics of a sidecar. Their labels are protocols, classes, codes and hashes
 * of CAs: bounded in number, and never a client's identity.
 */
export function sidecarMetrics(watched: Watched): MetricFamily[] {
  const { applicationReady } = watched.observations;
  return [
    ...requestMetrics(watched),
    ...connectionMetrics(watched),
    ...materialMetrics(watched),
    ...olderNames(watched),
    ...workerMetrics(watched),
    gauge(
      [
        "application_ready",
        "Whether the application was ready when it was asked last; left out before",
      ],
      applicationReady === undefined
        ? []
        : [{ value: applicationReady ? 1 : 0 }],
    ),
    gauge(["build_info", "Always 1; says which version runs"], [{
      labels: {
        version: watched.version,
        runtime: `deno ${Deno.version.deno}`,
      },
      value: 1,
    }]),
  ];
}

function requestMetrics({ observations }: Watched): MetricFamily[] {
  const { traffic, tally } = observations;
  const requests = REQUEST_PROTOCOLS.flatMap((protocol) =>
    CODE_CLASSES.map((code_class, index) => ({
      labels: { protocol, code_class },
      value: traffic.requests[protocol][index]!,
    }))
  );
  return [
    counter(["requests", "Requests that are over, by their status"], requests),
    {
      name: `${PREFIX}request_duration_seconds`,
      help: "From a request's head to the end of its response",
      type: "histogram",
      histogram: traffic.duration,
    },
    {
      name: `${PREFIX}upstream_duration_seconds`,
      help: "How long the application took until its response began",
      type: "histogram",
      histogram: traffic.upstreamDuration,
    },
    gauge(["requests_in_flight", "Requests that are being answered"], [
      { value: traffic.inFlight },
    ]),
    counter(["bytes", "Octets of content, from clients and to them"], [
      { labels: { direction: "received" }, value: traffic.received },
      { labels: { direction: "sent" }, value: traffic.sent },
    ]),
    counter(
      [
        "upstream_errors",
        "Requests that the application did not answer wholly, by reason",
      ],
      labelled(tally.entries("upstream_errors"), {
        label: "code",
        known: UPSTREAM_CODES,
      }),
    ),
    counter(
      ["limits_hit", "How often a limit of the sidecar ended something"],
      labelled(tally.entries("limits_hit"), {
        label: "limit",
        known: LIMIT_NAMES,
      }),
    ),
  ];
}

function connectionMetrics(watched: Watched): MetricFamily[] {
  const { connections, handshakes, tally } = watched.observations;
  const byProtocol = (counts: typeof connections.total) =>
    CONNECTION_PROTOCOLS.map((protocol) => ({
      labels: { protocol },
      value: counts[protocol],
    }));
  const byReason = (what: Counted, known: Readonly<Record<string, 0>>) =>
    labelled(tally.entries(what), { label: "reason", known });
  return [
    gauge(
      ["connections_open", "Connections of clients"],
      byProtocol(connections.open),
    ),
    counter(
      ["connections", "Connections of clients since the start"],
      byProtocol(connections.total),
    ),
    counter([
      "handshakes",
      "TLS handshakes, whatever is thought of the client after",
    ], [
      { labels: { result: "ok" }, value: handshakes.completed },
      { labels: { result: "failed" }, value: handshakes.failed },
    ]),
    {
      name: `${PREFIX}handshake_duration_seconds`,
      help: "How long TLS handshakes took that were completed",
      type: "histogram",
      histogram: handshakes.duration,
    },
    counter(["sessions_resumed", "TLS handshakes that resumed a session"], [
      { value: handshakes.resumed },
    ]),
    counter(
      [
        "handshake_failures",
        "Connections without a client certificate that is good, by reason",
      ],
      labelled(handshakeFailures(watched), {
        label: "reason",
        known: HANDSHAKE_FAILURE_CODES,
      }),
    ),
    counter([
      "access_denied",
      "Clients with a good certificate that may not enter",
    ], byReason("access_denied", ACCESS_CODES)),
    counter(
      ["access_would_deny", "Clients let in by ACCESS_MODE=audit alone"],
      byReason("access_would_deny", ACCESS_CODES),
    ),
    counter([
      "connections_retired",
      "Connections ended because trust in their client ended",
    ], byReason("connections_retired", { trust: 0, expired: 0 })),
  ];
}

function materialMetrics(watched: Watched): MetricFamily[] {
  const { observations: { journal, tally }, store } = watched;
  return [
    counter(
      ["reloads", "Attempts to put changed files in force, by result"],
      labelled(tally.entries("reloads"), {
        label: "result",
        known: { ok: 0 },
      }),
    ),
    gauge([
      "reload_last_success_timestamp_seconds",
      "When files were last loaded with success",
    ], [
      { value: journal.loadedAt / 1000 },
    ]),
    gauge(["disk_differs", "1 while what is on disk is not what is served"], [
      { value: firstDiffering(watched) === undefined ? 0 : 1 },
    ]),
    gauge(["source_healthy", "1 while the files can be followed"], [
      { value: downSource(watched) === undefined ? 1 : 0 },
    ]),
    gauge([
      "trust_generation",
      "Rises whenever trust in client certificates shrinks",
    ], [
      { value: store?.current.generation ?? 0 },
    ]),
    gauge([
      "certificate_not_after_timestamp_seconds",
      "When a certificate of the sidecar's, a CA or a CRL ends",
    ], store === undefined ? [] : expiries(store.current.material, watched)),
  ];
}

function workerMetrics(
  { workers, observations: { tally } }: Watched,
): MetricFamily[] {
  return [
    gauge(["workers", "Threads that serve"], [{ value: workers.running }]),
    gauge(["workers_wanted", "Threads that should serve"], [
      { value: workers.wanted },
    ]),
    gauge(["workers_silent", "Threads that do not answer any more"], [
      { value: workers.silent.length },
    ]),
    counter(["workers_replaced", "Threads whose place another took"], [
      { value: tally.get("workers_replaced", "ended") },
    ]),
  ];
}

/** CAs are told apart by a hash of theirs, CRLs by one of their issuer's name, which outlives them. */
function expiries(
  { certificate, anchors, revocation }: TlsMaterial,
  { upstreamCertificate }: Watched,
): MetricSample[] {
  const byIssuer = Map.groupBy(revocation.all(), ({ issuer }) => issuer);
  return [
    { labels: { role: "server" }, value: certificate.notAfter / 1000 },
    ...upstreamCertificate === undefined ? [] : [{
      labels: { role: "upstream" },
      value: upstreamCertificate.notAfter / 1000,
    }],
    ...anchors.map(({ fingerprint, notAfter }) => ({
      labels: { role: "ca", id: fingerprint.slice(0, ID_DIGITS) },
      value: notAfter / 1000,
    })),
    ...Array.from(byIssuer, ([issuer, crls]) => ({
      labels: { role: "crl", id: shortHash(issuer) },
      value: Math.min(...crls.map(({ nextUpdate }) => nextUpdate)) / 1000,
    })),
  ];
}

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, ID_DIGITS);
}

function handshakeFailures(
  { observations: { tally } }: Watched,
): [reason: string, count: number][] {
  return Array.from(
    tally.entries("connections_refused"),
    ([reason, count]): [string, number] => [reason, count],
  ).filter(([reason]) => !isAccessCode(reason));
}

/** Under which names the dashboards of the program before this one look. */
function olderNames(watched: Watched): MetricFamily[] {
  const { tally, traffic } = watched.observations;
  const failures = handshakeFailures(watched)
    .reduce((sum, [, count]) => sum + count, 0);
  const bare = (name: string, help: string, value: number): MetricFamily => ({
    name,
    help,
    type: "counter",
    samples: [{ value }],
  });
  return [
    bare(
      "requests_total",
      "As mtls_sidecar_requests_total, in one",
      traffic.total,
    ),
    bare(
      "tls_reloads_total",
      "Reloads that succeeded",
      tally.get("reloads", "ok"),
    ),
    bare(
      "mtls_failures_total",
      "As mtls_sidecar_handshake_failures_total, in one",
      failures,
    ),
  ];
}

/** A counter's name stands here without its `_total`. */
function counter(
  [name, help]: readonly [string, string],
  samples: readonly MetricSample[],
): MetricFamily {
  return { name: `${PREFIX}${name}_total`, help, type: "counter", samples };
}

function gauge(
  [name, help]: readonly [string, string],
  samples: readonly MetricSample[],
): MetricFamily {
  return { name: PREFIX + name, help, type: "gauge", samples };
}
