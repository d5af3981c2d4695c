import { nearest } from "./nearest.ts";
import { quote } from "./quote.ts";
import { flagOf, type Setting, SETTINGS } from "./settings.ts";

/** What the arguments ask for. */
export interface CommandLine {
  readonly command: "serve" | "demo" | "help" | "version";
  /** `demo --once`: end after the calls. */
  readonly once: boolean;
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
const SWITCHES: readonly string[] = ["--help", "--version", "--once"];

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
  const seen = new Set<string>();
  const problems: string[] = [];
  let command: CommandLine["command"] | undefined;

  for (let at = 0; at < args.length; at++) {
    const argument = args[at] ?? "";
    if (!argument.startsWith("-")) {
      if (
        command === undefined && (argument === "serve" || argument === "demo")
      ) {
        command = argument;
      } else {
        problems.push(
          `Cannot use argument ${
            quote(argument)
          }: expected a flag, serve or demo`,
        );
      }
      continue;
    }

    const equals = argument.indexOf("=");
    const written = equals < 0 ? argument : argument.slice(0, equals);
    const flag = written === "-h" ? "--help" : written;
    const setting = SETTING_BY_FLAG.get(flag);
    let value = equals < 0 ? undefined : argument.slice(equals + 1);

    if (setting === undefined && !SWITCHES.includes(flag)) {
      problems.push(unknownFlag(flag));
      // What follows is taken for its value: one slip shall be one message.
      if (value === undefined && isValue(args[at + 1])) at++;
      continue;
    }
    if (seen.has(flag)) {
      problems.push(`Cannot use ${flag} twice: expected it once`);
    }
    seen.add(flag);

    if (setting === undefined) {
      if (value !== undefined) {
        problems.push(`Cannot use ${flag} with a value: expected none`);
      }
      continue;
    }
    if (value === undefined && takesNext(setting, args[at + 1])) {
      value = args[++at];
    }
    value ??= setting.kind.standsAlone ? "true" : undefined;
    if (value === undefined) {
      problems.push(`Cannot use ${flag} alone: expected a value after it`);
    } else values.set(setting.variable, value);
  }

  if (seen.has("--help")) {
    return { command: "help", once: false, values, problems: [] };
  }
  if (seen.has("--version")) {
    return { command: "version", once: false, values, problems: [] };
  }
  command ??= "serve";
  if (command === "demo") {
    for (const flag of seen) {
      if (flag !== "--once") {
        problems.push(`Cannot use ${flag} with demo: expected --once alone`);
      }
    }
  } else if (seen.has("--once")) {
    problems.push("Cannot use --once without demo: expected it after demo");
  }
  return { command, once: seen.has("--once"), values, problems };
}

/** A flag begins with two dashes; `-1` is a value, if a bad one, and must be judged as such. */
function isValue(argument: string | undefined): argument is string {
  return argument !== undefined && !argument.startsWith("--");
}

/** After a boolean flag only a boolean is its value: `--via serve` is a flag and a command. */
function takesNext(
  setting: Setting<unknown>,
  next: string | undefined,
): boolean {
  return isValue(next) &&
    (!setting.kind.standsAlone || "value" in setting.kind.parse(next));
}

function unknownFlag(flag: string): string {
  const meant = nearest(flag, [...SETTING_BY_FLAG.keys(), ...SWITCHES]);
  const hint = meant === undefined
    ? "expected one that --help lists"
    : `did you mean ${meant}`;
  return `Cannot use unknown flag ${quote(flag)}: ${hint}`;
}
