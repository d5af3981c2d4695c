import type { DemoPki } from "../src/commands/demo_pki.ts";
import type { Contender, RunningProxy } from "./contenders.ts";
import type { Comparison, LoadFigures, ProxyFigures } from "./figures.ts";
import { type Done, LOADS, type RunLoad } from "./loads.ts";
import { startNginxApplication } from "./nginx.ts";
import {
  cpuSeconds,
  maxMemory,
  type Memory,
  memoryOf,
  withPeakMemory,
} from "./process_figures.ts";
import { pause, type Workbench } from "./workbench.ts";

const SETTLE_MS = 2_000;

/** What {@linkcode compare} is given. */
export interface CompareOptions {
  readonly contenders: readonly Contender[];
  readonly pki: DemoPki;
  /** The core of the proxies. The caller holds everything else to another one. */
  readonly core: number;
  /** Runs that count, of each load. */
  readonly runs: number;
  /** Length of a run of small requests. */
  readonly seconds: number;
  /** Whether a program is installed. */
  readonly installed: (program: string) => boolean;
  /** Takes one line of progress. */
  readonly progress: (line: string) => void;
}

/**
 * Measures every contender under every load that the installed programs allow.
 * All proxies stay up all the time and take turns within each round, so that
 * what else the machine does hits them alike. The first round of each load is
 * for warming up and counts for nothing but the peak of memory.
 *
 * @throws {Error} If a proxy does not start or fails a single request.
 */
export async function compare(
  bench: Workbench,
  options: CompareOptions,
): Promise<Comparison> {
  const { contenders, core, pki, runs, seconds, installed, progress } = options;
  const skipped: Comparison["skipped"] = {};
  for (const { name, needs } of LOADS) {
    const missing = needs.filter((program) => !installed(program));
    if (missing.length > 0) skipped[name] = `missing: ${missing.join(", ")}`;
  }
  const possible = LOADS.filter(({ name }) => !(name in skipped));
  if (possible.length === 0) return { proxies: [], skipped };

  const upstream = (await startNginxApplication(bench)).port;
  const proxies: (ProxyFigures & { running: RunningProxy; http2: boolean })[] =
    [];
  for (const { name, start, http2 = true } of contenders) {
    progress(`${name}: start`);
    const running = await start(bench, { core, upstream, pki });
    await pause(SETTLE_MS);
    const idle = memoryOf(running.pid);
    proxies.push({ name, running, http2, idle, loads: {} });
  }
  for (const load of possible) {
    const { name, cpuScale, cpuUnit } = load;
    const run = await load.prepare(bench, { pki, seconds });
    for (let round = 0; round <= runs; round++) {
      for (const proxy of proxies) {
        if (load.http2 && !proxy.http2) continue;
        const sample = await measure(proxy.running, run);
        const figures = proxy.loads[name] ??= noFigures(sample.peak);
        figures.peak = maxMemory(figures.peak, sample.peak);
        const cpu = sample.cpuSeconds / sample.amount * cpuScale;
        progress(
          `${proxy.name}: ${name}, ${cpu.toFixed(2)} ${cpuUnit}` +
            (round === 0 ? " (warm-up)" : ""),
        );
        if (round === 0) continue;
        figures.cpu.push(cpu);
        figures.perSecond.push(sample.amount / sample.seconds);
        figures.busy.push(sample.cpuSeconds / sample.seconds);
      }
    }
  }
  return { proxies, skipped };
}

interface Sample extends Done {
  readonly cpuSeconds: number;
  readonly peak: Memory;
}

async function measure(
  { pid, port }: RunningProxy,
  run: RunLoad,
): Promise<Sample> {
  const before = cpuSeconds(pid);
  const { result, peak } = await withPeakMemory(pid, () => run(port));
  return { ...result, peak, cpuSeconds: cpuSeconds(pid) - before };
}

function noFigures(peak: Memory): LoadFigures {
  return { perSecond: [], cpu: [], busy: [], peak };
}
