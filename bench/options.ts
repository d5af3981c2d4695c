import { parseArgs } from "node:util";
import { REFERENCE } from "./contenders/nginx.ts";

/** What the command line asks for. */
export interface BenchOptions {
  /** Measured runs of each scenario; the medians are of these. */
  readonly runs: number;
  /** How long a run of small requests takes. */
  readonly seconds: number;
  /** A trial of the bench itself: its figures mean little. */
  readonly quick: boolean;
  /** Names of the scenarios to run; all where there are none. */
  readonly only: readonly string[];
  /** Beginnings of names of contenders to measure; all where there are none. */
  readonly against: readonly string[];
  /** Whether results.md and what is made of it are written. */
  readonly write: boolean;
  /** The memory scenario of 1 GB bodies, instead of the comparison. */
  readonly bodies: boolean;
  /** The command that starts this program, rather than `deno task start`. */
  readonly sidecar?: string;
}

/** What `--help` prints, before the names of the scenarios. */
export const USAGE = `deno task bench [--runs N] [--seconds N] [--quick]
                [--only NAMES] [--against NAMES] [--write]
                [--bodies] [--sidecar COMMAND]

  --runs N           measured runs of each scenario, 1 to 100 (default 5)
  --seconds N        length of a run, 1 to 60 (default 5)
  --quick            about a minute: this program and nginx, 1 run of 1 second
  --only NAMES       these scenarios, between commas
  --against NAMES    these contenders, between commas: the beginnings of their
                     names; this program and nginx are always there
  --write            write bench/results.md, bench/results.svg and the table of
                     README.md, as is done after 5 runs of everything
  --bodies           instead: 1 GB up to a slow application and 1 GB down to a
                     slow client, and what memory that takes
  --sidecar COMMAND  how to start this program (default: as deno task start)`;

/**
 * Reads the command line; undefined means that help was asked for.
 *
 * @throws {TypeError} If a flag is unknown or its value is out of bounds.
 */
export function parseOptions(args: string[]): BenchOptions | undefined {
  const { values } = parseArgs({
    args,
    options: {
      runs: { type: "string" },
      seconds: { type: "string" },
      quick: { type: "boolean", default: false },
      only: { type: "string", default: "" },
      against: { type: "string", default: "" },
      write: { type: "boolean", default: false },
      bodies: { type: "boolean", default: false },
      sidecar: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const { quick, bodies, sidecar, only } = values;
  const against = values.against || (quick ? REFERENCE : "");
  const runs = integer("--runs", values.runs ?? (quick ? "1" : "5"), 100);
  const complete = runs >= 5 && only === "" && against === "" &&
    sidecar === undefined;
  return {
    runs,
    seconds: integer("--seconds", values.seconds ?? (quick ? "1" : "5"), 60),
    quick,
    only: list(only),
    against: list(against),
    write: values.write || complete,
    bodies,
    ...(sidecar === undefined ? {} : { sidecar }),
  };
}

function list(text: string): string[] {
  return text.split(",").filter((name) => name !== "");
}

function integer(flag: string, text: string, max: number): number {
  const value = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > max) {
    throw new TypeError(
      `Cannot parse ${flag} "${text}": expected an integer from 1 to ${max}`,
    );
  }
  return value;
}
