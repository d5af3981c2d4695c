import type { RunningProxy } from "./proxy.ts";
import { cpuSeconds, withPeakMemory } from "./process_figures.ts";
import type { Column, Sample } from "./scenario.ts";

/** How much a run moved. */
export interface Done {
  /** Requests, handshakes or MB. */
  readonly amount: number;
  readonly seconds: number;
}

/** What a request, a handshake or a GB costs the proxy, and what it holds meanwhile. */
export const MEMORY_COLUMNS: readonly Column[] = [
  { key: "busy", title: "core busy, %", digits: 0 },
  { key: "rss", title: "RSS, MB", digits: 1 },
  { key: "anonymous", title: "RssAnon, MB", digits: 1 },
];

/**
 * Runs a load against a proxy and adds what the proxy used: `cpu`, its user and
 * system time in microseconds a unit of `amount`; `rate`, units a second;
 * `busy`, the part of its core, in percent; the highest memory meanwhile.
 */
export async function underLoad(
  proxy: RunningProxy,
  run: (port: number) => Promise<Done>,
): Promise<Sample> {
  const before = cpuSeconds(proxy.pid);
  const { result, peak } = await withPeakMemory(
    proxy.pid,
    () => run(proxy.port),
  );
  const used = cpuSeconds(proxy.pid) - before;
  const { amount, seconds } = result;
  return {
    cpu: used / amount * 1e6,
    rate: amount / seconds,
    busy: 100 * used / seconds,
    rss: peak.rss,
    anonymous: peak.anonymous,
  };
}
