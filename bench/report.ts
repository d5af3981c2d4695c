import {
  type Comparison,
  type LoadFigures,
  type LoadName,
  median,
} from "./figures.ts";
import type { Machine } from "./machine.ts";
import type { Memory } from "./process_figures.ts";

/** The proxy that ratios refer to. */
const REFERENCE = "nginx";

const LOAD_NAMES = [
  "small",
  "http2-small",
  "down",
  "up",
  "http2-down",
  "http2-up",
] as const;

const TITLES: Record<LoadName, string> = {
  small: "Small requests: HTTP/1.1 keep-alive, 32 connections, 100 byte body",
  down: "100 MB body, down to the client",
  up: "100 MB body, up from the client",
  "http2-small":
    "HTTP/2, small requests: 32 connections of 10 streams, 100 byte body",
  "http2-down": "HTTP/2, 100 MB body, down to the client",
  "http2-up": "HTTP/2, 100 MB body, up from the client",
};

/** A table as Markdown, its columns aligned for reading as it is. */
export function table(head: string[], rows: string[][]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0))
  );
  const line = (cells: string[]) =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" | ")} |`;
  return [
    line(head),
    line(widths.map((width) => "-".repeat(width))),
    ...rows.map(line),
  ].join("\n");
}

/** Under what circumstances a comparison was made. */
export interface Circumstances {
  readonly machine: Machine;
  readonly date: Date;
  readonly runs: number;
  /** Length of a run of small requests. */
  readonly seconds: number;
}

/** The whole of `results.md`: circumstances, how to read them, and the figures. */
export function resultsPage(
  comparison: Comparison,
  { machine, date, runs, seconds }: Circumstances,
): string {
  const { cpu, cores, kernel, deno, programs } = machine;
  const versions = [...programs].map((program) => program.join(" "));
  const tables = LOAD_NAMES.map((load) =>
    `## ${TITLES[load]}\n\n${loadTable(comparison, load)}`
  );
  return `# Results of \`deno task bench\`

Written by the program; to be run again rather than edited.

- ${date.toISOString().slice(0, 10)}, ${cpu}, ${cores} cores, ${kernel}
- ${[deno, ...versions].join(", ")}
- medians of ${runs} runs (lowest–highest), small requests for ${seconds} s a run

How to read it: the proxy has core 0 to itself; load generator and application
(nginx) share core 1. CPU is the user and system time of the proxy's process (of
nginx: its worker), from /proc, divided by what was done in it; less is better.
It says what a request costs, whichever side was the bottleneck; rates say that
only where "core busy" is near 100 %. All proxies do the same work: TLS with a
client certificate asked for and verified, identity and forwarding fields set,
bodies streamed, connections kept alive on both sides, no access log. The runs
of all take turns.

${tables.join("\n\n")}

## Memory

Highest RSS seen, in MB (10^6 bytes), sampled every 50 ms; in brackets RssAnon,
the part that is the process's own and not pages of a file. Idle is before the
first client. The loads were run in the order of the columns.

${memoryTable(comparison)}
`;
}

function loadTable({ proxies, skipped }: Comparison, load: LoadName): string {
  const reason = skipped[load];
  if (reason !== undefined) return `skipped (${reason})`;
  const reference = proxies.find(({ name }) => name === REFERENCE)?.loads[load];
  const isSmall = load.endsWith("small");
  const head = isSmall
    ? ["proxy", "CPU µs a request", "to nginx", "requests/s", "core busy"]
    : ["proxy", "CPU s a GB", "to nginx", "MB per CPU s", "MB/s", "core busy"];
  const rows = proxies.flatMap(({ name, loads }) => {
    const figures = loads[load];
    if (!figures) return [];
    return [[name, ...loadCells(isSmall, { figures, reference })]];
  });
  return table(head, rows);
}

function loadCells(
  isSmall: boolean,
  options: { figures: LoadFigures; reference: LoadFigures | undefined },
): string[] {
  const { figures, reference } = options;
  const ratio = reference
    ? (median(figures.cpu) / median(reference.cpu)).toFixed(2)
    : "";
  const busy = `${Math.round(median(figures.busy) * 100)} %`;
  if (isSmall) {
    return [spread(figures.cpu, 1), ratio, spread(figures.perSecond, 0), busy];
  }
  return [
    spread(figures.cpu, 2),
    ratio,
    spread(figures.cpu.map((seconds) => 1000 / seconds), 0),
    spread(figures.perSecond.map((bytes) => bytes / 1e6), 0),
    busy,
  ];
}

function memoryTable({ proxies }: Comparison): string {
  if (proxies.length === 0) return "skipped";
  const cell = (memory: Memory | undefined) =>
    memory
      ? `${memory.rss.toFixed(1)} (${memory.anonymous.toFixed(1)})`
      : "skipped";
  return table(
    ["proxy", "idle", "small requests", "100 MB down", "100 MB up"],
    proxies.map(({ name, idle, loads }) => [
      name,
      cell(idle),
      cell(loads.small?.peak),
      cell(loads.down?.peak),
      cell(loads.up?.peak),
    ]),
  );
}

/** The median, and in brackets the lowest and the highest value. */
function spread(values: readonly number[], digits: number): string {
  const low = Math.min(...values).toFixed(digits);
  const high = Math.max(...values).toFixed(digits);
  return `${median(values).toFixed(digits)} (${low}–${high})`;
}
