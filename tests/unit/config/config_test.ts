import assert from "node:assert/strict";
import {
  type Config,
  ConfigError,
  describeConfig,
  parseConfig,
} from "../../../src/config/config.ts";
import { SidecarError } from "../../../src/errors.ts";

type Variables = Readonly<Record<string, string>>;

function configOf(variables: Variables, args: readonly string[] = []): Config {
  const map = new Map(Object.entries(variables));
  return parseConfig({ args, lookup: (name) => map.get(name) });
}

function problemsOf(
  variables: Variables,
  args: readonly string[] = [],
): readonly string[] {
  try {
    configOf(variables, args);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems;
  }
  assert.fail("no problem was found");
}

Deno.test("parseConfig() gives the defaults where nothing is set", () => {
  assert.deepEqual(configOf({}), {
    tlsListenHost: "0.0.0.0",
    tlsListenPort: 8443,
    http2: true,
    proxyProtocol: false,
    upstream: {
      scheme: "http",
      hostname: "localhost",
      port: 8080,
      authority: "localhost:8080",
      url: "http://localhost:8080",
    },
    upstreamProtocol: "http1",
    upstreamCaFile: "",
    upstreamCertFile: "",
    upstreamKeyFile: "",
    upstreamServerName: "",
    upstreamConnectTimeoutSecs: 5,
    upstreamTimeoutSecs: 60,
    upstreamMaxConnections: 1024,
    upstreamIdleTimeoutSecs: 4,
    upstreamKeepAlive: true,
    upgrades: ["websocket"],
    upstreamReadiness: {
      server: {
        scheme: "http",
        hostname: "localhost",
        port: 8080,
        authority: "localhost:8080",
        url: "http://localhost:8080",
      },
      url: "http://localhost:8080/ready",
      requestTarget: "/ready",
    },
    readinessTimeoutSecs: 1,
    certDir: "/etc/certs",
    caDir: "/etc/ca",
    caFromCertDir: true,
    crlFile: "",
    crlExpired: "refuse",
    trustDrainSecs: 30,
    refuseLockout: false,
    reloadPollSecs: 30,
    allowCn: [],
    allowOu: [],
    allowDns: [],
    allowUri: [],
    allowSpiffeId: [],
    allowSpki: [],
    peersFile: "",
    accessMode: "enforce",
    accessRefuse: "403",
    unverified: "close",
    injectClientHeaders: false,
    identityHeaders: [],
    xfccDetails: ["subject", "uri", "dns"],
    identityHeadersMaxBytes: 8192,
    preserveHost: false,
    via: true,
    workers: 1,
    sealKeyFile: "",
    sealId: "mtls-sidecar",
    sealBody: false,
    sealBodyMaxBytes: 65536,
    monitorPort: 8081,
    monitorHost: "0.0.0.0",
    enableMetrics: false,
    statusPage: true,
    statusDetail: "loopback",
    maxConnections: 10000,
    maxHandshakes: 256,
    maxConnectionsPerAddress: 0,
    maxBodyBytes: 0,
    handshakeTimeoutSecs: 10,
    headerTimeoutSecs: 10,
    bodyTimeoutSecs: 60,
    tunnelIdleTimeoutSecs: 3600,
    grpcIdleTimeoutSecs: 3600,
    keepAliveTimeoutSecs: 75,
    shutdownTimeoutSecs: 30,
    logLevel: "info",
    accessLog: "all",
  });
});

Deno.test("parseConfig() reads every setting from its variable", () => {
  const variables = {
    TLS_LISTEN_HOST: "::",
    TLS_LISTEN_PORT: "0",
    HTTP2: "false",
    PROXY_PROTOCOL: "true",
    UPSTREAM_URL: "https://app:81",
    UPSTREAM_PROTOCOL: "http1",
    UPSTREAM_CA_FILE: "app/ca.crt",
    UPSTREAM_CERT_FILE: "app/tls.crt",
    UPSTREAM_KEY_FILE: "app/tls.key",
    UPSTREAM_SERVER_NAME: "app.example",
    UPSTREAM_CONNECT_TIMEOUT_SECS: "3",
    UPSTREAM_TIMEOUT_SECS: "2",
    UPSTREAM_MAX_CONNECTIONS: "7",
    UPSTREAM_IDLE_TIMEOUT_SECS: "1",
    UPSTREAM_KEEP_ALIVE: "false",
    UPGRADES: "echo,spdy/3.1",
    UPSTREAM_READINESS_URL: "none",
    READINESS_TIMEOUT_SECS: "3",
    CERT_DIR: "certs",
    CA_DIR: "ca",
    CA_FROM_CERT_DIR: "false",
    CRL_FILE: "ca/crl.der",
    CRL_EXPIRED: "warn",
    TRUST_DRAIN_SECS: "0",
    REFUSE_LOCKOUT: "true",
    RELOAD_POLL_SECS: "5",
    ALLOW_CN: "billing, a\\,b",
    ALLOW_OU: "ops",
    ALLOW_DNS: "*.acme.example",
    ALLOW_URI: "urn:acme:billing",
    ALLOW_SPIFFE_ID: "spiffe://acme/ns/*/sa/billing",
    ALLOW_SPKI: `sha256:${"a1".repeat(32)}`,
    PEERS_FILE: "peers.json",
    ACCESS_MODE: "audit",
    ACCESS_REFUSE: "close",
    UNVERIFIED: "401",
    INJECT_CLIENT_HEADERS: "true",
    IDENTITY_HEADERS: "nginx,xfcc",
    XFCC_DETAILS: "chain",
    IDENTITY_HEADERS_MAX_BYTES: "1024",
    PRESERVE_HOST: "true",
    VIA: "false",
    SEAL_KEY_FILE: "seal.keys",
    SEAL_ID: "pod-1",
    SEAL_BODY: "true",
    SEAL_BODY_MAX_BYTES: "1",
    WORKERS: "auto",
    MONITOR_PORT: "0",
    MONITOR_HOST: "::1",
    ENABLE_METRICS: "true",
    STATUS_PAGE: "false",
    STATUS_DETAIL: "all",
    MAX_CONNECTIONS: "100",
    MAX_HANDSHAKES: "10",
    MAX_CONNECTIONS_PER_ADDRESS: "8",
    MAX_BODY_BYTES: "1099511627776",
    HANDSHAKE_TIMEOUT_SECS: "4",
    HEADER_TIMEOUT_SECS: "5",
    BODY_TIMEOUT_SECS: "6",
    TUNNEL_IDLE_TIMEOUT_SECS: "0",
    GRPC_IDLE_TIMEOUT_SECS: "8",
    KEEP_ALIVE_TIMEOUT_SECS: "7",
    SHUTDOWN_TIMEOUT_SECS: "0",
    LOG_LEVEL: "debug",
    ACCESS_LOG: "off",
  };
  const described = Object.entries(describeConfig(configOf(variables)));
  const texts = described.map(([name, value]) => [name, String(value)]);
  assert.deepEqual(Object.fromEntries(texts), variables);
  assert.equal(configOf(variables).upstreamReadiness, null);
});

Deno.test("parseConfig() puts a flag before its variable", () => {
  const config = configOf({ VIA: "true", MONITOR_PORT: "1" }, ["--via=false"]);
  assert.equal(config.via, false);
  assert.equal(config.monitorPort, 1);
});

Deno.test("parseConfig() does not read a variable that a flag overrides", () => {
  const read: string[] = [];
  const lookup = (name: string) => {
    read.push(name);
    return undefined;
  };
  parseConfig({ args: ["--via"], lookup });
  assert.ok(!read.includes("VIA"));
  assert.ok(read.includes("CERT_DIR"));
});

Deno.test("parseConfig() takes an empty variable for unset", () => {
  assert.equal(configOf({ CERT_DIR: "", VIA: "" }).certDir, "/etc/certs");
});

Deno.test("parseConfig() refuses an empty flag", () => {
  assert.deepEqual(problemsOf({}, ["--cert-dir=", "--via="]), [
    'Cannot parse --cert-dir "": expected a path without control characters',
    'Cannot parse --via "": expected true, false, 1 or 0',
  ]);
});

Deno.test("parseConfig() refuses to seal bodies without a key", () => {
  assert.deepEqual(problemsOf({ SEAL_BODY: "true" }), [
    "Cannot seal bodies by SEAL_BODY: expected a SEAL_KEY_FILE",
  ]);
});

Deno.test("parseConfig() refuses TLS settings for an application without TLS", () => {
  assert.deepEqual(
    problemsOf({ UPSTREAM_CA_FILE: "ca.crt", UPSTREAM_SERVER_NAME: "app" }),
    [
      "Cannot use UPSTREAM_CA_FILE, UPSTREAM_SERVER_NAME: expected an UPSTREAM_URL with https",
    ],
  );
});

Deno.test("parseConfig() refuses half of what the application is shown", () => {
  const https = { UPSTREAM_URL: "https://app" };
  for (const half of ["UPSTREAM_CERT_FILE", "UPSTREAM_KEY_FILE"]) {
    assert.deepEqual(problemsOf({ ...https, [half]: "file" }), [
      "Cannot show a certificate to the application: expected both UPSTREAM_CERT_FILE and UPSTREAM_KEY_FILE",
    ]);
  }
});

Deno.test("parseConfig() refuses h2c over https, and takes it over a Unix socket", () => {
  const h2c = { UPSTREAM_PROTOCOL: "h2c" };
  assert.deepEqual(problemsOf({ ...h2c, UPSTREAM_URL: "https://app" }), [
    "Cannot speak h2c by UPSTREAM_PROTOCOL over https: expected an UPSTREAM_URL with http or unix",
  ]);
  const config = configOf({ ...h2c, UPSTREAM_URL: "unix:/app.sock" });
  assert.equal(config.upstreamProtocol, "h2c");
  assert.deepEqual(problemsOf({ UPSTREAM_PROTOCOL: "h2" }).length, 1);
});

Deno.test("parseConfig() refuses a readiness probe that could not be made", () => {
  assert.deepEqual(
    problemsOf({ UPSTREAM_READINESS_URL: "https://app/ready" }),
    [
      "Cannot ask UPSTREAM_READINESS_URL over https: expected an UPSTREAM_URL with https",
    ],
  );
  assert.deepEqual(
    problemsOf({ UPSTREAM_READINESS_URL: "/x", UPSTREAM_PROTOCOL: "h2c" }),
    [
      "Cannot ask UPSTREAM_READINESS_URL by its path alone with UPSTREAM_PROTOCOL=h2c: expected an http:// URL or none",
    ],
  );
});

Deno.test("parseConfig() says which rule of a list is none", () => {
  assert.deepEqual(problemsOf({ ALLOW_DNS: "a.example,*" }).length, 1);
  assert.match(
    problemsOf({ ALLOW_DNS: "a.example,*" })[0]!,
    /^Cannot parse ALLOW_DNS "a\.example,\*": expected rule 2 to /,
  );
});

Deno.test("parseConfig() reports all problems at once", () => {
  const problems = problemsOf(
    { MONITOR_PORT: "80a", UPSTREAM_URL: "https:app" },
    ["--log-level", "loud", "--nonsense", "--ca-dir"],
  );
  assert.deepEqual(problems, [
    'Cannot use unknown flag "--nonsense": expected one that --help lists',
    "Cannot use --ca-dir alone: expected a value after it",
    'Cannot parse UPSTREAM_URL "https:app": expected a URL of the form http://host:port, https://host:port or unix:/path',
    'Cannot parse MONITOR_PORT "80a": expected an integer from 0 to 65535',
    'Cannot parse --log-level "loud": expected one of debug, info, warning, error',
  ]);
});

Deno.test("parseConfig() throws a SidecarError that joins its problems", () => {
  const variables = { MONITOR_PORT: "x", VIA: "y" };
  assert.throws(() => configOf(variables), (error: unknown) => {
    assert.ok(error instanceof SidecarError);
    assert.equal(error.code, "CONFIG_INVALID");
    assert.equal(error.message, problemsOf(variables).join("\n"));
    assert.equal(error.message.split("\n").length, 2);
    return true;
  });
});

Deno.test("parseConfig() keeps each time limit in its bounds", () => {
  const limits = {
    UPSTREAM_CONNECT_TIMEOUT_SECS: 1,
    UPSTREAM_TIMEOUT_SECS: 1,
    UPSTREAM_IDLE_TIMEOUT_SECS: 1,
    READINESS_TIMEOUT_SECS: 1,
    HANDSHAKE_TIMEOUT_SECS: 1,
    HEADER_TIMEOUT_SECS: 1,
    BODY_TIMEOUT_SECS: 1,
    TUNNEL_IDLE_TIMEOUT_SECS: 0,
    GRPC_IDLE_TIMEOUT_SECS: 1,
    KEEP_ALIVE_TIMEOUT_SECS: 1,
    SHUTDOWN_TIMEOUT_SECS: 0,
  };
  for (const [name, min] of Object.entries(limits)) {
    for (const value of [min - 1, 86401]) {
      assert.deepEqual(problemsOf({ [name]: String(value) }), [
        `Cannot parse ${name} "${value}": expected an integer from ${min} to 86400`,
      ]);
    }
    configOf({ [name]: String(min) });
    configOf({ [name]: "86400" });
  }
});

Deno.test("parseConfig() refuses more workers than a limit can be shared out among", () => {
  const limits = {
    MAX_CONNECTIONS_PER_ADDRESS: "3",
    UPSTREAM_MAX_CONNECTIONS: "4",
  };
  assert.equal(configOf({ ...limits, WORKERS: "3" }).workers, 3);
  assert.deepEqual(problemsOf({ ...limits, WORKERS: "4" }), [
    "Cannot share out MAX_CONNECTIONS_PER_ADDRESS 3 among 4 WORKERS: expected at least 4",
  ]);
  // A number of processors is nothing that anyone asked for.
  assert.equal(configOf({ ...limits, WORKERS: "auto" }).workers, 0);
});

Deno.test("parseConfig() refuses one port for both listeners", () => {
  const ports = { TLS_LISTEN_PORT: "9000", MONITOR_PORT: "9000" };
  assert.deepEqual(problemsOf(ports), [
    "Cannot use port 9000 for both TLS_LISTEN_PORT and MONITOR_PORT: expected two ports",
  ]);
  const none = configOf({ TLS_LISTEN_PORT: "0", MONITOR_PORT: "0" });
  assert.equal(none.monitorPort, 0);
});

Deno.test("parseConfig() reports a variable that can't be read, unseen", () => {
  const lookup = (name: string) => {
    if (name === "VIA") throw new TypeError("not unicode: secret");
    return undefined;
  };
  assert.throws(() => parseConfig({ args: [], lookup }), {
    message: "Cannot read VIA: expected Unicode text that may be read",
  });
});

Deno.test("parseConfig() never repeats the credentials of a URL", () => {
  const [problem] = problemsOf({ UPSTREAM_URL: "http://user:word@app" });
  assert.equal(
    problem,
    'Cannot parse UPSTREAM_URL "http://***@app": expected a URL without credentials',
  );
});

Deno.test("parseConfig() gives a frozen Config", () => {
  const config = configOf({});
  assert.ok(Object.isFrozen(config));
  assert.ok(Object.isFrozen(config.upstream));
  assert.ok(Object.isFrozen(config.upstreamReadiness));
});

Deno.test("describeConfig() shows URLs as understood", () => {
  const described = describeConfig(
    configOf({ UPSTREAM_URL: "HTTP://App:80/" }),
  );
  assert.equal(described["UPSTREAM_URL"], "http://app");
  assert.equal(
    described["UPSTREAM_READINESS_URL"],
    "http://localhost:8080/ready",
  );
  assert.equal(described["TLS_LISTEN_PORT"], 8443);
  assert.equal(described["VIA"], true);
});
