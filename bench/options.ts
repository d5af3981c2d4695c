import { parseArgs } from "node:util";

/** What the command line asks for. */
export interface BenchOptions {
  /** Measured runs of each load; the medians are of these. */
  readonly runs: number;
  /** How long a run of small requests takes. */
  readonly seconds: number;
  /** A trial of the bench itself: its figures mean little and are not written. */
  readonly quick: boolean;
  /** The memory scenario of 1 GB bodies, instead of the comparison. */
  readonly bodies: boolean;
  /** The command that starts this program, rather than `deno task start`. */
  readonly sidecar?: string;
}

/** What `--help` prints. */
export const USAGE = `deno task bench [--runs N] [--seconds N] [--quick]
                [--bodies] [--sidecar COMMAND]

  --runs N           measured runs of each load, 1 to 100 (default 5)
  --seconds N        length of a run of small requests, 1 to 60 (default 5)
  --quick            2 runs of 1 second, results.md not written
  --bodies           instead: 1 GB up to a slow application and 1 GB down to a
                     slow client, and what memory that takes
  --sidecar COMMAND  how to start this program (default: as deno task start);
                     results.md not written`;

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
      bodies: { type: "boolean", default: false },
      sidecar: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const { quick, bodies, sidecar } = values;
  return {
    runs: integer("--runs", values.runs ?? (quick ? "2" : "5"), 100),
    seconds: integer("--seconds", values.seconds ?? (quick ? "1" : "5"), 60),
    quick,
    bodies,
    ...(sidecar === undefined ? {} : { sidecar }),
  };
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
