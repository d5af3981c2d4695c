import {
  boolean,
  choice,
  count,
  listenHost,
  octets,
  port,
  seconds,
  threads,
} from "./kinds.ts";
import { setting } from "./setting.ts";

const MONITORING = "Monitoring";
const THREADS = "Threads";
const LIMITS = "Limits";
const TIME = "Time limits, in seconds";
const LOGS = "Logs";

const TEBIBYTE = 2 ** 40;
const DAY = { min: 1, max: 86400 };

/** What can be seen of the sidecar, and what it bears with. */
export const OPERATION_SETTINGS = {
  workers: setting({
    variable: "WORKERS",
    kind: threads,
    default: "1",
    group: THREADS,
    description: "Threads that serve; auto for one for each processor",
  }),
  monitorPort: setting({
    variable: "MONITOR_PORT",
    kind: port,
    default: "8081",
    group: MONITORING,
    description: "Plain port of probes, metrics and status; 0 turns it off",
  }),
  monitorHost: setting({
    variable: "MONITOR_HOST",
    kind: listenHost,
    default: "0.0.0.0",
    group: MONITORING,
    description: "Address of the monitor port; :: takes IPv4 and IPv6",
  }),
  enableMetrics: setting({
    variable: "ENABLE_METRICS",
    kind: boolean,
    default: "false",
    group: MONITORING,
    description: "Serve /metrics on the monitor port",
  }),
  statusPage: setting({
    variable: "STATUS_PAGE",
    kind: boolean,
    default: "true",
    group: MONITORING,
    description: "Serve /status and /status.json on the monitor port",
  }),
  statusDetail: setting({
    variable: "STATUS_DETAIL",
    kind: choice(["loopback", "all"]),
    default: "loopback",
    group: MONITORING,
    description:
      "Which callers the status shows whom it names and who was refused",
  }),
  maxConnections: setting({
    variable: "MAX_CONNECTIONS",
    kind: count({ min: 1, max: 1000000 }),
    default: "10000",
    group: LIMITS,
    description: "Connections of clients at once; others wait to be accepted",
  }),
  maxHandshakes: setting({
    variable: "MAX_HANDSHAKES",
    kind: count({ min: 1, max: 65535 }),
    default: "256",
    group: LIMITS,
    description:
      "TLS handshakes at once; others wait, and silent ones give way to them",
  }),
  maxConnectionsPerAddress: setting({
    variable: "MAX_CONNECTIONS_PER_ADDRESS",
    kind: count({ min: 0, max: 1000000 }),
    default: "0",
    group: LIMITS,
    description: "Connections of one address at once; 0 for any number",
  }),
  maxBodyBytes: setting({
    variable: "MAX_BODY_BYTES",
    kind: octets({ min: 0, max: TEBIBYTE }),
    default: "0",
    group: LIMITS,
    description: "Octets that a request's body may have; 0 for any number",
  }),
  handshakeTimeoutSecs: setting({
    variable: "HANDSHAKE_TIMEOUT_SECS",
    kind: seconds(DAY),
    default: "10",
    group: TIME,
    description: "How long a TLS handshake may take, in seconds",
  }),
  headerTimeoutSecs: setting({
    variable: "HEADER_TIMEOUT_SECS",
    kind: seconds(DAY),
    default: "10",
    group: TIME,
    description:
      "How long the head of a request may take to arrive, in seconds",
  }),
  bodyTimeoutSecs: setting({
    variable: "BODY_TIMEOUT_SECS",
    kind: seconds(DAY),
    default: "60",
    group: TIME,
    description: "How long a body, either way, may stand still, in seconds",
  }),
  grpcIdleTimeoutSecs: setting({
    variable: "GRPC_IDLE_TIMEOUT_SECS",
    kind: seconds(DAY),
    default: "3600",
    group: TIME,
    description: "How long either way of a gRPC call may be silent, in seconds",
  }),
  tunnelIdleTimeoutSecs: setting({
    variable: "TUNNEL_IDLE_TIMEOUT_SECS",
    kind: seconds({ min: 0, max: 86400 }),
    default: "3600",
    group: TIME,
    description:
      "How long nothing may move in a WebSocket, in seconds; 0 for no limit",
  }),
  keepAliveTimeoutSecs: setting({
    variable: "KEEP_ALIVE_TIMEOUT_SECS",
    kind: seconds(DAY),
    default: "75",
    group: TIME,
    description: "How long an idle connection is kept, in seconds",
  }),
  shutdownTimeoutSecs: setting({
    variable: "SHUTDOWN_TIMEOUT_SECS",
    kind: seconds({ min: 0, max: 86400 }),
    default: "30",
    group: TIME,
    description:
      "How long requests in flight may take to finish at shutdown, in seconds",
  }),
  logLevel: setting({
    variable: "LOG_LEVEL",
    kind: choice(["debug", "info", "warning", "error"]),
    default: "info",
    group: LOGS,
    description: "The least level that is logged",
  }),
  accessLog: setting({
    variable: "ACCESS_LOG",
    kind: choice(["all", "errors", "off"]),
    default: "all",
    group: LOGS,
    description:
      "Which requests are logged; errors are those answered 400 and above",
  }),
};
