import { type Kind, path } from "./kinds.ts";
import { nearest } from "./nearest.ts";
import { quote } from "./quote.ts";
import { flagOf, type Setting, SETTINGS } from "./settings.ts";

const COMMANDS = [
  "serve",
  "check",
  "demo",
  "status",
  "healthcheck",
] as const;
type Command = (typeof COMMANDS)[number];

/** What the arguments ask for. */
export interface CommandLine {
  readonly command: Command | "help" | "version";
  /** `demo --once`: end after the calls. */
  readonly once: boolean;
  /** `check --json`, `status --json`: report in JSON. */
  readonly json: boolean;
  /** `status --watch`: report again and again. */
  readonly watch: boolean;
  /** `healthcheck --ready`: ask whether it is ready, and not only alive. */
  readonly ready: boolean;
  /** `check --client-cert`, `--client-chain`: the certificates of a client to be judged. */
  readonly client?: { readonly certificate: string; readonly chain?: string };
  /** The text of each setting's flag that was given, by the setting's variable. */
  readonly values: ReadonlyMap<string, string>;
  /** What can't be understood, one message each. Empty for help and version. */
  readonly problems: readonly string[];
}

const SETTING_BY_FLAG: ReadonlyMap<string, Setting<unknown>> = new Map(
  Object.values<Setting<unknown>>(SETTINGS).map((
    setting,
  ) => [flagOf(setting), setting]),
);
/** The flags of some commands alone; those without a kind take no value. */
const COMMAND_FLAGS: ReadonlyMap<
  string,
  { readonly commands: readonly Command[]; readonly kind?: Kind<string> }
> = new Map<string, { commands: Command[]; kind?: Kind<string> }>([
  ["--once", { commands: ["demo"] }],
  ["--json", { commands: ["check", "status"] }],
  ["--client-cert", { commands: ["check"], kind: path }],
  ["--client-chain", { commands: ["check"], kind: path }],
  ["--watch", { commands: ["status"] }],
  ["--ready", { commands: ["healthcheck"] }],
]);
const FLAGS: readonly string[] = [
  ...SETTING_BY_FLAG.keys(),
  ...["--help", "--version"],
  ...COMMAND_FLAGS.keys(),
];

/**
 * Splits arguments into a command, switches and the settings' flags. It never
 * throws: problems are collected so that those of the environment can be told
 * with them. Whoever asks for help gets it, whatever else stands there.
 *
 * This is our own because of what the alternatives lack: commander costs 4.4 MB
 * of memory for the life of the process, and `parseArgs` of node:util knows no
 * boolean with a value after it, nor more than the first problem.
 */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const values = new Map<string, string>();
  const paths = new Map<string, string>();
  const seen = new Set<string>();
  const problems: string[] = [];
  let command: Command | undefined;

  for (let at = 0; at < args.length; at++) {
    const argument = args[at] ?? "";
    if (!argument.startsWith("-")) {
      const named = COMMANDS.find((name) => name === argument);
      if (command === undefined && named !== undefined) command = named;
      else {
        problems.push(
          `Cannot use argument ${
            quote(argument)
          }: expected a flag, serve, check, demo, status or healthcheck`,
        );
      }
      continue;
    }

    const equals = argument.indexOf("=");
    const written = equals < 0 ? argument : argument.slice(0, equals);
    const flag = written === "-h" ? "--help" : written;
    const setting = SETTING_BY_FLAG.get(flag);
    const kind = setting?.kind ?? COMMAND_FLAGS.get(flag)?.kind;
    let value = equals < 0 ? undefined : argument.slice(equals + 1);

    if (!FLAGS.includes(flag)) {
      problems.push(unknownFlag(flag));
      // What follows is taken for its value: one slip shall be one message.
      if (value === undefined && isValue(args[at + 1])) at++;
      continue;
    }
    if (seen.has(flag)) {
      problems.push(`Cannot use ${flag} twice: expected it once`);
    }
    seen.add(flag);

    if (kind === undefined) {
      if (value !== undefined) {
        problems.push(`Cannot use ${flag} with a value: expected none`);
      }
      continue;
    }
    if (value === undefined && takesNext(kind, args[at + 1])) {
      value = args[++at];
    }
    value ??= kind.standsAlone ? "true" : undefined;
    if (value === undefined) {
      problems.push(`Cannot use ${flag} alone: expected a value after it`);
    } else if (setting !== undefined) values.set(setting.variable, value);
    else {
      paths.set(flag, value);
      const parsed = kind.parse(value);
      if ("expected" in parsed) {
        problems.push(
          `Cannot parse ${flag} ${quote(value)}: expected ${parsed.expected}`,
        );
      }
    }
  }

  const switches = {
    once: seen.has("--once"),
    json: seen.has("--json"),
    watch: seen.has("--watch"),
    ready: seen.has("--ready"),
  };
  if (seen.has("--help")) {
    return { command: "help", ...switches, values, problems: [] };
  }
  if (seen.has("--version")) {
    return { command: "version", ...switches, values, problems: [] };
  }
  command ??= "serve";
  problems.push(...misplaced(seen, command));
  const certificate = paths.get("--client-cert");
  const chain = paths.get("--client-chain");
  if (chain !== undefined && certificate === undefined) {
    problems.push(
      "Cannot use --client-chain without --client-cert: expected both",
    );
  }
  return {
    command,
    ...switches,
    ...(certificate !== undefined && {
      client: { certificate, ...(chain !== undefined && { chain }) },
    }),
    values,
    problems,
  };
}

/** The flags that `command` does not take. */
function misplaced(flags: Iterable<string>, command: Command): string[] {
  return [...flags].flatMap((flag) => {
    const owners = COMMAND_FLAGS.get(flag)?.commands;
    if (owners?.includes(command)) return [];
    if (command === "demo") {
      return `Cannot use ${flag} with demo: expected --once alone`;
    }
    if (owners === undefined) return [];
    const named = owners.join(" or ");
    return `Cannot use ${flag} without ${named}: expected it after ${named}`;
  });
}

/** A flag begins with two dashes; `-1` is a value, if a bad one, and must be judged as such. */
function isValue(argument: string | undefined): argument is string {
  return argument !== undefined && !argument.startsWith("--");
}

/** After a boolean flag only a boolean is its value: `--via serve` is a flag and a command. */
function takesNext(
  kind: Kind<unknown>,
  next: string | undefined,
): next is string {
  return isValue(next) && (!kind.standsAlone || "value" in kind.parse(next));
}

function unknownFlag(flag: string): string {
  const meant = nearest(flag, FLAGS);
  const hint = meant === undefined
    ? "expected one that --help lists"
    : `did you mean ${meant}`;
  return `Cannot use unknown flag ${quote(flag)}: ${hint}`;
}
