import { flagOf, type Setting, SETTINGS } from "./settings.ts";

const LINE_WIDTH = 80;
const VARIABLE_COLUMN = 44;

const USAGE =
  `mtls-sidecar: mutual TLS in, plain HTTP out, in front of one application

Usage: mtls-sidecar [serve] [flags]
       mtls-sidecar check [--json] [--client-cert PATH [--client-chain PATH]]
                          [flags]
       mtls-sidecar demo [--once]
       mtls-sidecar status [--watch] [--json] [flags]
       mtls-sidecar healthcheck [--ready] [flags]

Commands
  serve                 Serve until SIGTERM or SIGINT (the default)
  check                 Say what serve would do with these flags, variables and
                        files, and every problem, without serving; --json for
                        programs. --client-cert tells whether a client with
                        this certificate, in PEM, and what stands after it or
                        in --client-chain, would get in, and what the
                        application would see of it
  demo                  Show it at work with a throw-away PKI and application;
                        --once ends after the calls
  status                Show how the sidecar does that serves with the same
                        MONITOR_HOST and MONITOR_PORT; --watch every two
                        seconds, --json for programs
  healthcheck           Exit with 0 if that sidecar is alive, with --ready if
                        it is ready, else with 1; for images without a shell

Every flag has an environment variable, named beside it. The flag goes first,
then the variable, then the default. An empty variable counts as unset. A flag
takes its value as --flag VALUE or --flag=VALUE; a boolean one may stand alone.
`;

const OTHER = `
Other
  -h, --help                                This text
  --version                                 The version
`;

/** What `--help` prints: every flag with its variable and default, in 80 columns. */
export function helpText(): string {
  let text = USAGE;
  let group = "";
  for (const setting of Object.values<Setting<unknown>>(SETTINGS)) {
    if (setting.group !== group) text += `\n${setting.group}\n`;
    group = setting.group;
    const flag = `  ${flagOf(setting)} ${setting.kind.placeholder}`;
    text += `${flag.padEnd(VARIABLE_COLUMN)}${setting.variable}\n`;
    const byDefault = setting.default === ""
      ? "(no default)"
      : `(default ${setting.default})`;
    const line = `      ${setting.description} ${byDefault}`;
    text += line.length <= LINE_WIDTH
      ? `${line}\n`
      : `      ${setting.description}\n      ${byDefault}\n`;
  }
  return (text + OTHER).trimEnd();
}

/**
 * README's table of settings in Markdown, its columns padded as `deno fmt` pads
 * them, so that the formatter and the test that compares both stay content.
 */
export function settingsTable(): string {
  const rows = Object.values<Setting<unknown>>(SETTINGS).map((setting) => [
    `\`${setting.variable}\``,
    `\`${flagOf(setting)}\``,
    setting.default === "" ? "" : `\`${setting.default}\``,
    setting.description,
  ]);
  const header = ["Variable", "Flag", "Default", "What it does"];
  const widths = header.map((_, column) =>
    Math.max(...[header, ...rows].map((row) => row[column]?.length ?? 0))
  );
  const rule = widths.map((width) => "-".repeat(width));
  return [header, rule, ...rows]
    .map((row) =>
      `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" | ")} |`
    )
    .join("\n");
}
