import { boolean, choice, count, optionalPath, seconds } from "./kinds.ts";
import { setting } from "./setting.ts";
import { upgrades } from "./upgrades.ts";
import { readinessUrl, serverName, upstreamUrl } from "./upstream_url.ts";

const APPLICATION = "The application";
const DAY = { min: 1, max: 86400 };

/** Where requests go, and how. */
export const APPLICATION_SETTINGS = {
  upstream: setting({
    variable: "UPSTREAM_URL",
    kind: upstreamUrl,
    default: "http://localhost:8080",
    group: APPLICATION,
    description: "Where requests go: http://host:port, https:// or unix:/path",
  }),
  upstreamProtocol: setting({
    variable: "UPSTREAM_PROTOCOL",
    kind: choice(["http1", "h2c"]),
    default: "http1",
    group: APPLICATION,
    description: "What it speaks: http1, or h2c, HTTP/2 without TLS, for gRPC",
  }),
  /** Empty where it is not set; for `https` alone, as the three after it. */
  upstreamCaFile: setting({
    variable: "UPSTREAM_CA_FILE",
    kind: optionalPath,
    default: "",
    group: APPLICATION,
    description: "CAs that it must lead to; if empty, those of the system",
  }),
  upstreamCertFile: setting({
    variable: "UPSTREAM_CERT_FILE",
    kind: optionalPath,
    default: "",
    group: APPLICATION,
    description: "Certificate and chain to show to it over https",
  }),
  upstreamKeyFile: setting({
    variable: "UPSTREAM_KEY_FILE",
    kind: optionalPath,
    default: "",
    group: APPLICATION,
    description: "Private key of UPSTREAM_CERT_FILE",
  }),
  upstreamServerName: setting({
    variable: "UPSTREAM_SERVER_NAME",
    kind: serverName,
    default: "",
    group: APPLICATION,
    description: "Name it must prove; if empty, the host of UPSTREAM_URL",
  }),
  upstreamConnectTimeoutSecs: setting({
    variable: "UPSTREAM_CONNECT_TIMEOUT_SECS",
    kind: seconds(DAY),
    default: "5",
    group: APPLICATION,
    description: "How long a connection to it may take to be made, in seconds",
  }),
  upstreamTimeoutSecs: setting({
    variable: "UPSTREAM_TIMEOUT_SECS",
    kind: seconds(DAY),
    default: "60",
    group: APPLICATION,
    description:
      "How long the application may take to begin its answer, in seconds",
  }),
  upstreamMaxConnections: setting({
    variable: "UPSTREAM_MAX_CONNECTIONS",
    kind: count({ min: 1, max: 65535 }),
    default: "1024",
    group: APPLICATION,
    description: "Connections to it at once; requests beyond wait their turn",
  }),
  upstreamIdleTimeoutSecs: setting({
    variable: "UPSTREAM_IDLE_TIMEOUT_SECS",
    kind: seconds(DAY),
    default: "4",
    group: APPLICATION,
    description:
      "How long an idle one is kept, in seconds; less than it does itself",
  }),
  upstreamKeepAlive: setting({
    variable: "UPSTREAM_KEEP_ALIVE",
    kind: boolean,
    default: "true",
    group: APPLICATION,
    description:
      "Use connections to it again; false where it leaves bodies unread",
  }),
  /** In lower case; empty where connections speak HTTP alone. */
  upgrades: setting({
    variable: "UPGRADES",
    kind: upgrades,
    default: "websocket",
    group: APPLICATION,
    description:
      "Protocols that a connection may change to (RFC 9110 §7.8), or none",
  }),
  /** Null where the application is left out of readiness (`none`). */
  upstreamReadiness: setting({
    variable: "UPSTREAM_READINESS_URL",
    kind: readinessUrl,
    default: "http://localhost:8080/ready",
    group: APPLICATION,
    description:
      "Asked by /ready: a URL, or a path of UPSTREAM_URL; none asks nothing",
  }),
  readinessTimeoutSecs: setting({
    variable: "READINESS_TIMEOUT_SECS",
    kind: seconds(DAY),
    default: "1",
    group: APPLICATION,
    description: "How long the readiness answer may take, in seconds",
  }),
};
