import type { DemoPki } from "../src/commands/demo_pki.ts";
import type { Contender } from "./contender.ts";
import { REFERENCE, startApplication } from "./contenders/nginx.ts";
import { SIDECAR } from "./contenders/sidecar.ts";
import { type RunningProxy, startProxy } from "./proxy.ts";
import type { Sample, Scenario } from "./scenario.ts";
import { pause, type Workbench } from "./workbench.ts";

/** Enough for every scenario that does not ask for more: nginx's own default is 512. */
const CONNECTIONS = 1_024;

/** One contender's measurements in a scenario, one sample a round. */
export interface Row {
  readonly contender: string;
  readonly samples: readonly Sample[];
}

/** What came out of a scenario. */
export interface Outcome {
  readonly scenario: Scenario;
  readonly rows: readonly Row[];
  /** Why nothing was measured, or which contenders failed at it. */
  readonly remarks: readonly string[];
}

/** What {@linkcode runScenarios} is given. */
export interface RunOptions {
  readonly scenarios: readonly Scenario[];
  readonly contenders: readonly Contender[];
  readonly pki: DemoPki;
  /**
   * The core of the proxies, but for those that have some of their own. The
   * caller holds everything else to another one.
   */
  readonly core: number;
  /** Rounds that count. */
  readonly runs: number;
  /** Length of a run. */
  readonly seconds: number;
  /** How long a proxy is left alone after its start, in milliseconds. */
  readonly settleMs: number;
  /** Whether a program is installed. */
  readonly installed: (program: string) => boolean;
  /** Takes one line of progress. */
  readonly progress: (line: string) => void;
}

/**
 * Measures every contender in every scenario that the installed programs allow.
 * Within a round the contenders take turns, so that what else the machine does
 * hits them alike. A scenario that keeps its proxies up has one round more, the
 * first, which warms them and does not count.
 *
 * @throws {Error} If this program or nginx does not start or fails a request
 * twice. Another contender that does is left out of the scenario.
 */
export async function runScenarios(
  bench: Workbench,
  options: RunOptions,
): Promise<Outcome[]> {
  const upstream = await startApplication(bench);
  const outcomes: Outcome[] = [];
  for (const scenario of options.scenarios) {
    const missing = scenario.needs.filter((name) => !options.installed(name));
    outcomes.push(
      missing.length > 0
        ? { scenario, rows: [], remarks: [`missing: ${missing.join(", ")}`] }
        : await runScenario(bench, { ...options, scenario, upstream }),
    );
  }
  return outcomes;
}

async function runScenario(
  bench: Workbench,
  options: RunOptions & { scenario: Scenario; upstream: number },
): Promise<Outcome> {
  const { scenario, upstream, core, pki, seconds, runs, progress } = options;
  const start = { core, upstream, pki, connections: CONNECTIONS };
  await using running = new AsyncDisposableStack();
  const remarks: string[] = [];
  let entries: {
    contender: Contender;
    proxy?: RunningProxy;
    samples: Sample[];
  }[] = options.contenders.filter((contender) =>
    options.installed(contender.program) && scenario.takes(contender)
  ).map((contender) => ({ contender, samples: [] }));

  /** Does something for each in turn, and goes on without those that fail at it. */
  async function each(
    act: (entry: typeof entries[number]) => Promise<void>,
  ): Promise<void> {
    for (const entry of entries) {
      const { name } = entry.contender;
      try {
        await act(entry);
      } catch (error) {
        if (name === SIDECAR || name === REFERENCE || bench.signal.aborted) {
          throw error;
        }
        remarks.push(`${name} failed: ${firstLine(error)}`);
        progress(String(error));
        entries = entries.filter((one) => one !== entry);
      }
    }
  }

  let measure: (entry: typeof entries[number]) => Promise<Sample>;
  if (scenario.fresh) {
    const run = await scenario.prepare({ bench, pki, seconds });
    measure = ({ contender }) => run({ contender, start });
  } else {
    await each(async (entry) => {
      entry.proxy = await startProxy(bench, { ...start, ...entry });
      running.use(entry.proxy);
    });
    await pause(options.settleMs);
    const run = await scenario.prepare({ bench, pki, seconds });
    measure = ({ proxy }) => run(proxy!);
  }
  const warmUps = scenario.fresh ? 0 : 1;
  for (let round = 0; round < warmUps + runs; round++) {
    await each(async (entry) => {
      const sample = await measure(entry).catch((error) => {
        // Once, on a busy machine, may be the machine's fault; but it is told.
        bench.signal.throwIfAborted();
        remarks.push(
          `${entry.contender.name} measured again: ${firstLine(error)}`,
        );
        return measure(entry);
      });
      const counts = round >= warmUps;
      if (counts) entry.samples.push(sample);
      progress(progressLine(scenario, { entry, sample, counts }));
    });
  }
  const rows = entries.map(({ contender, samples }) => ({
    contender: contender.name,
    samples,
  }));
  return { scenario, rows, remarks };
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n")[0] ?? "";
}

function progressLine(
  { name, columns }: Scenario,
  { entry, sample, counts }: {
    entry: { contender: Contender };
    sample: Sample;
    counts: boolean;
  },
): string {
  const figures = columns.map(({ key, title, digits }) =>
    `${title}: ${sample[key]?.toFixed(digits)}`
  );
  const remark = counts ? "" : " (warm-up)";
  return `${name} | ${entry.contender.name} | ${figures.join("; ")}${remark}`;
}
