import type { Machine } from "../machine.ts";
import type { Outcome } from "../run.ts";
import { digestLines, digestTable, scenarioTable } from "./table.ts";

/** Under what circumstances a comparison was made. */
export interface Circumstances {
  readonly machine: Machine;
  readonly date: Date;
  readonly runs: number;
  /** Length of a run. */
  readonly seconds: number;
  /** Processes that wanted to run on average in the minute before, of others. */
  readonly load: number;
}

/** The whole of `results.md`: circumstances, how to read them, and the figures. */
export function resultsPage(
  outcomes: readonly Outcome[],
  { machine, date, runs, seconds, load }: Circumstances,
): string {
  const { cpu, cores, kernel, deno, programs } = machine;
  const versions = [...programs].map((program) => program.join(" "));
  return `# Results of \`deno task bench\`

Written by the program; to be run again rather than edited.

- ${date.toISOString().slice(0, 10)}, ${cpu}, ${cores} cores, ${kernel}
- ${[deno, ...versions].join(", ")}
- medians of ${runs} runs (lowest–highest) of ${seconds} s
- load of the machine before the first run: ${load.toFixed(2)}${
    load > QUIET ? "; it was not quiet, so trust ratios only" : ""
  }

How to read it: the proxy has core 0 to itself; load generator and application
(nginx) share core 1. CPU is the user and system time of the proxy's process (of
nginx and HAProxy: of their worker), from /proc, divided by what was done in it;
less is better. It says what a request costs, whichever side was the bottleneck;
rates say that only where the core is busy near 100 %. All proxies do the same
work, but for those of bytes only: TLS with a client certificate asked for and
verified, identity and forwarding fields set, bodies streamed, connections kept
alive on both sides, no access log. They take turns within each round, and a
ratio to nginx is the median of the ratios of the rounds. RSS and RssAnon (what
is a process's own and not pages of a file) are the highest seen, sampled every
50 ms, in MB of 10^6 bytes.

## In short

${digestTable(digestLines(outcomes))}

${outcomes.map(section).join("\n\n")}
`;
}

/** A load above which others share the machine. */
const QUIET = 0.5;

function section(outcome: Outcome): string {
  const { scenario, rows, remarks } = outcome;
  return [
    `## ${scenario.title}`,
    scenario.note,
    ...(rows.length > 0 ? [scenarioTable(outcome)] : []),
    ...remarks,
  ].join("\n\n");
}
