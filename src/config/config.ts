import { SidecarError } from "../errors.ts";
import { parseCommandLine } from "./command_line.ts";
import { quote } from "./quote.ts";
import { SHARED_LIMITS } from "./shared_limits.ts";
import { flagOf, type Setting, SETTINGS } from "./settings.ts";

/** The settings in force. Deeply frozen; its properties are those of `SETTINGS`. */
export type Config = {
  readonly [K in keyof typeof SETTINGS]: (typeof SETTINGS)[K] extends
    Setting<infer T> ? T : never;
};

/** Everything that is wrong with the settings, so that one run tells it all. */
export class ConfigError extends SidecarError {
  /** One message each, in the order of the arguments, then of the settings. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super("CONFIG_INVALID", problems.join("\n"));
    this.problems = problems;
  }
}

/**
 * Reads the settings: a flag goes before its environment variable, that before
 * the default. An empty variable counts as unset, an empty flag does not. A
 * variable that a flag overrides is not read.
 *
 * @param from.args The arguments of the command line.
 * @param from.lookup Reads an environment variable. Where it throws, as for a
 * value that is not Unicode, that is a problem like any other.
 * @throws {ConfigError} With all problems at once.
 */
export function parseConfig(
  from: {
    readonly args: readonly string[];
    readonly lookup: (name: string) => string | undefined;
  },
): Config {
  const commandLine = parseCommandLine(from.args);
  const problems = [...commandLine.problems];
  const values: Record<string, unknown> = {};

  for (
    const [property, setting] of Object.entries<Setting<unknown>>(SETTINGS)
  ) {
    const { variable, kind } = setting;
    const flagValue = commandLine.values.get(variable);
    let text = flagValue;
    try {
      text ??= from.lookup(variable) || setting.default;
    } catch {
      // The runtime's own message would quote the value, whatever it is.
      problems.push(
        `Cannot read ${variable}: expected Unicode text that may be read`,
      );
      continue;
    }
    const parsed = kind.parse(text);
    if ("value" in parsed) {
      values[property] = parsed.value;
    } else {
      const name = flagValue === undefined ? variable : flagOf(setting);
      problems.push(
        `Cannot parse ${name} ${quote(text)}: expected ${parsed.expected}`,
      );
    }
  }

  // The loop has filled every property with what its own kind returned, or has
  // left a problem; the compiler can't follow that through a computed key.
  const config = Object.freeze(values) as Config;
  if (
    problems.length === 0 && config.tlsListenPort === config.monitorPort &&
    config.monitorPort !== 0
  ) {
    problems.push(
      `Cannot use port ${config.monitorPort} for both TLS_LISTEN_PORT and MONITOR_PORT: expected two ports`,
    );
  }
  if (problems.length === 0 && config.sealBody && config.sealKeyFile === "") {
    problems.push("Cannot seal bodies by SEAL_BODY: expected a SEAL_KEY_FILE");
  }
  if (problems.length === 0) problems.push(...upstreamTlsProblems(config));
  if (problems.length === 0) problems.push(...workersProblems(config));
  if (
    problems.length === 0 && config.upstreamProtocol === "h2c" &&
    config.upstream.scheme === "https"
  ) {
    problems.push(
      "Cannot speak h2c by UPSTREAM_PROTOCOL over https: expected an UPSTREAM_URL with http or unix",
    );
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

function workersProblems(config: Config): string[] {
  const { workers } = config;
  return Object.entries(SHARED_LIMITS)
    .map(([variable, property]) => ({ variable, limit: config[property] }))
    .filter(({ limit }) => limit > 0 && limit < workers)
    .map(({ variable, limit }) =>
      `Cannot share out ${variable} ${limit} among ${workers} WORKERS: expected at least ${workers}`
    );
}

function upstreamTlsProblems(config: Config): string[] {
  const {
    upstream,
    upstreamCaFile,
    upstreamCertFile,
    upstreamKeyFile,
    upstreamServerName,
    upstreamProtocol,
    upstreamReadiness,
  } = config;
  const https = Object.entries({
    UPSTREAM_CA_FILE: upstreamCaFile,
    UPSTREAM_CERT_FILE: upstreamCertFile,
    UPSTREAM_KEY_FILE: upstreamKeyFile,
    UPSTREAM_SERVER_NAME: upstreamServerName,
  }).filter(([, value]) => value !== "").map(([name]) => name);
  if (upstream.scheme !== "https" && https.length > 0) {
    return [
      `Cannot use ${https.join(", ")}: expected an UPSTREAM_URL with https`,
    ];
  }
  if (
    upstreamReadiness?.server?.scheme === "https" && upstream.scheme !== "https"
  ) {
    return [
      "Cannot ask UPSTREAM_READINESS_URL over https: expected an UPSTREAM_URL with https",
    ];
  }
  if (upstreamProtocol === "h2c" && upstreamReadiness?.server === undefined) {
    if (upstreamReadiness !== null) {
      return [
        "Cannot ask UPSTREAM_READINESS_URL by its path alone with UPSTREAM_PROTOCOL=h2c: expected an http:// URL or none",
      ];
    }
  }
  if ((upstreamCertFile === "") !== (upstreamKeyFile === "")) {
    return [
      "Cannot show a certificate to the application: expected both UPSTREAM_CERT_FILE and UPSTREAM_KEY_FILE",
    ];
  }
  return [];
}

/**
 * The settings in force by their variables' names, for the start log. No
 * setting holds a secret: URLs with credentials are refused.
 */
export function describeConfig(
  config: Config,
): Record<string, string | number | boolean> {
  const settings: [string, Setting<unknown>][] = Object.entries(SETTINGS);
  const values: Readonly<Record<string, unknown>> = config;
  return Object.fromEntries(
    settings.map((
      [property, { variable, kind }],
    ) => [variable, kind.format(values[property])]),
  );
}
