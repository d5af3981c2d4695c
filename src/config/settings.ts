import { type AccessRule, ruleList } from "../identity/rule_list.ts";
import {
  boolean,
  choice,
  count,
  type Kind,
  listenHost,
  name,
  octets,
  optionalPath,
  path,
  port,
  seconds,
  words,
} from "./kinds.ts";
import { upgrades } from "./upgrades.ts";
import { readinessUrl, serverName, upstreamUrl } from "./upstream_url.ts";

/** One setting: the environment variable, the flag that mirrors it, the default. */
export interface Setting<T> {
  /** The environment variable. The flag is derived from it: `VIA` is `--via`. */
  readonly variable: string;
  readonly kind: Kind<T>;
  /** Read by `kind` like any other text, so that it can't escape its bounds. */
  readonly default: string;
  /** The heading it stands under in the help text. */
  readonly group: string;
  /** One sentence without a full stop. */
  readonly description: string;
}

const LISTENING = "Listening";
const APPLICATION = "The application";
const CERTIFICATES = "Certificates";
const ACCESS = "Who may enter";
const HEADERS = "Headers";
const SEAL = "The seal on requests to the application";
const MONITORING = "Monitoring";
const LIMITS = "Limits";
const TIME = "Time limits, in seconds";
const LOGS = "Logs";

const TEBIBYTE = 2 ** 40;
const DAY = { min: 1, max: 86400 };

/**
 * Every setting there is, by the property of `Config` that it fills. Flags,
 * variables, the help text, README's table and the type of `Config` all come
 * from here, in this order.
 */
export const SETTINGS = {
  tlsListenHost: setting({
    variable: "TLS_LISTEN_HOST",
    kind: listenHost,
    default: "0.0.0.0",
    group: LISTENING,
    description: "Address of the mTLS port; :: takes IPv4 and IPv6",
  }),
  tlsListenPort: setting({
    variable: "TLS_LISTEN_PORT",
    kind: port,
    default: "8443",
    group: LISTENING,
    description: "The mTLS port; 0 lets the system choose a free one",
  }),
  http2: setting({
    variable: "HTTP2",
    kind: boolean,
    default: "true",
    group: LISTENING,
    description: "Speak HTTP/2 with clients that can",
  }),
  proxyProtocol: setting({
    variable: "PROXY_PROTOCOL",
    kind: boolean,
    default: "false",
    group: LISTENING,
    description:
      "Expect a PROXY protocol header before TLS, from a load balancer",
  }),
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
  certDir: setting({
    variable: "CERT_DIR",
    kind: path,
    default: "/etc/certs",
    group: CERTIFICATES,
    description: "Holds tls.crt and tls.key, or certificate and private_key",
  }),
  caDir: setting({
    variable: "CA_DIR",
    kind: path,
    default: "/etc/ca",
    group: CERTIFICATES,
    description:
      "Holds ca-bundle.pem or ca.crt, which client certificates must lead to",
  }),
  caFromCertDir: setting({
    variable: "CA_FROM_CERT_DIR",
    kind: boolean,
    default: "true",
    group: CERTIFICATES,
    description: "Also trust ca.crt or issuing_ca in CERT_DIR",
  }),
  /** Empty where it is not set. */
  crlFile: setting({
    variable: "CRL_FILE",
    kind: optionalPath,
    default: "",
    group: CERTIFICATES,
    description:
      "CRLs of the CAs, in PEM or DER; if empty, crl.pem in CA_DIR where present",
  }),
  crlExpired: setting({
    variable: "CRL_EXPIRED",
    kind: choice(["refuse", "warn"]),
    default: "refuse",
    group: CERTIFICATES,
    description: "What to do with clients whose CA's CRL has expired",
  }),
  trustDrainSecs: setting({
    variable: "TRUST_DRAIN_SECS",
    kind: seconds({ min: 0, max: 86400 }),
    default: "30",
    group: CERTIFICATES,
    description:
      "How long the request in hand of a client that lost trust may take",
  }),
  refuseLockout: setting({
    variable: "REFUSE_LOCKOUT",
    kind: boolean,
    default: "false",
    group: CERTIFICATES,
    description:
      "Keep the old trust where new would refuse all clients connected now",
  }),
  reloadPollSecs: setting({
    variable: "RELOAD_POLL_SECS",
    kind: seconds({ min: 1, max: 3600 }),
    default: "30",
    group: CERTIFICATES,
    description:
      "How often the files are compared beside the watch on them, in seconds",
  }),
  allowCn: setting<readonly AccessRule[]>({
    variable: "ALLOW_CN",
    kind: ruleList("cn"),
    default: "",
    group: ACCESS,
    description:
      "Common names that may enter; without any rule all clients may",
  }),
  allowOu: setting<readonly AccessRule[]>({
    variable: "ALLOW_OU",
    kind: ruleList("ou"),
    default: "",
    group: ACCESS,
    description: "Organizational units that may enter",
  }),
  allowDns: setting<readonly AccessRule[]>({
    variable: "ALLOW_DNS",
    kind: ruleList("dns"),
    default: "",
    group: ACCESS,
    description: "DNS names that may enter; * is one label, ** several",
  }),
  allowUri: setting<readonly AccessRule[]>({
    variable: "ALLOW_URI",
    kind: ruleList("uri"),
    default: "",
    group: ACCESS,
    description: "URIs that may enter; * is one path segment, ** several",
  }),
  allowSpiffeId: setting<readonly AccessRule[]>({
    variable: "ALLOW_SPIFFE_ID",
    kind: ruleList("spiffe-id"),
    default: "",
    group: ACCESS,
    description: "SPIFFE IDs that may enter, with wildcards as for URIs",
  }),
  allowSpki: setting<readonly AccessRule[]>({
    variable: "ALLOW_SPKI",
    kind: ruleList("spki"),
    default: "",
    group: ACCESS,
    description: "Public keys that may enter, as sha256: and base64 or hex",
  }),
  /** Empty where it is not set. */
  peersFile: setting({
    variable: "PEERS_FILE",
    kind: optionalPath,
    default: "",
    group: ACCESS,
    description: "Pinned peers, in JSON; none if empty",
  }),
  accessMode: setting({
    variable: "ACCESS_MODE",
    kind: choice(["enforce", "audit"]),
    default: "enforce",
    group: ACCESS,
    description: "With audit everyone enters, and who would not is logged",
  }),
  accessRefuse: setting({
    variable: "ACCESS_REFUSE",
    kind: choice(["403", "close"]),
    default: "403",
    group: ACCESS,
    description: "What a client meets that may not enter",
  }),
  unverified: setting({
    variable: "UNVERIFIED",
    kind: choice(["close", "401"]),
    default: "close",
    group: ACCESS,
    description: "What a client meets whose certificate is missing or not good",
  }),
  injectClientHeaders: setting({
    variable: "INJECT_CLIENT_HEADERS",
    kind: boolean,
    default: "false",
    group: HEADERS,
    description: "Tell the application X-Client-CN and X-Client-Subject",
  }),
  identityHeaders: setting({
    variable: "IDENTITY_HEADERS",
    kind: words(["x-client", "xfcc", "rfc9440", "traefik", "nginx"]),
    default: "",
    group: HEADERS,
    description: "Formats in which to tell the application who the client is",
  }),
  xfccDetails: setting({
    variable: "XFCC_DETAILS",
    kind: words(["subject", "uri", "dns", "cert", "chain"]),
    default: "subject,uri,dns",
    group: HEADERS,
    description: "What xfcc says beside By and Hash",
  }),
  identityHeadersMaxBytes: setting({
    variable: "IDENTITY_HEADERS_MAX_BYTES",
    kind: octets({ min: 1024, max: 65536 }),
    default: "8192",
    group: HEADERS,
    description: "Limit on identity headers; certificates are left out first",
  }),
  preserveHost: setting({
    variable: "PRESERVE_HOST",
    kind: boolean,
    default: "false",
    group: HEADERS,
    description: "Pass the client's Host on instead of the application's own",
  }),
  via: setting({
    variable: "VIA",
    kind: boolean,
    default: "true",
    group: HEADERS,
    description: "Add Via to requests (RFC 9110 §7.6.3)",
  }),
  /** Empty where it is not set. */
  sealKeyFile: setting({
    variable: "SEAL_KEY_FILE",
    kind: optionalPath,
    default: "",
    group: SEAL,
    description: "One or two keys to sign each request with; no seal if empty",
  }),
  sealId: setting({
    variable: "SEAL_ID",
    kind: name,
    default: "mtls-sidecar",
    group: SEAL,
    description: "Who signs: the keyid of the signature",
  }),
  sealBody: setting({
    variable: "SEAL_BODY",
    kind: boolean,
    default: "false",
    group: SEAL,
    description: "Also sign bodies, held back until they are whole",
  }),
  sealBodyMaxBytes: setting({
    variable: "SEAL_BODY_MAX_BYTES",
    kind: octets({ min: 1, max: 16777216 }),
    default: "65536",
    group: SEAL,
    description: "Bodies larger than this are passed on unsigned",
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
    description: "Which callers the status shows who was refused",
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

/** The flag that mirrors a setting's variable: `UPSTREAM_URL` gives `--upstream-url`. */
export function flagOf(setting: { readonly variable: string }): string {
  return `--${setting.variable.toLowerCase().replaceAll("_", "-")}`;
}

/** Lets T be inferred entry by entry, which a type over the whole table could not. */
function setting<T>(entry: Setting<T>): Setting<T> {
  return Object.freeze(entry);
}
