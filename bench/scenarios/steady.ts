import { isPeer } from "../contender.ts";
import { readLog, runH2load } from "../generators/h2load.ts";
import { withClientCertificate } from "../generators/wrk.ts";
import { cpuSeconds, withPeakMemory } from "../process_figures.ts";
import type { LoadScenario } from "../scenario.ts";
import { quantile } from "../statistics.ts";
import { pause } from "../workbench.ts";

const CONNECTIONS = 20;
const A_CONNECTION = 50;
/** By then all connections are up: their handshakes are no part of the figures. */
const LEAD_MS = 1_000;

/**
 * 1,000 requests a second, sent by the clock and not by the answers. The time of
 * an answer runs from when its request was sent; where the rate was held, none
 * was sent late by much.
 */
export const STEADY: LoadScenario = {
  name: "steady",
  title: "1,000 requests a second",
  note: `h2load, HTTP/1.1, ${CONNECTIONS} kept-alive connections with ` +
    `${A_CONNECTION} requests a second each, sent by the clock. Time from ` +
    "sending a request to the end of its answer; it says nothing where the " +
    "rate was not held.",
  needs: ["h2load", "cc"],
  columns: [
    {
      key: "cpu",
      title: "CPU, %",
      digits: 2,
      ratio: true,
      digest: "CPU at 1,000 requests/s, %",
    },
    { key: "rate", title: "requests/s", digits: 0 },
    {
      key: "p50",
      title: "p50, ms",
      digits: 2,
    },
    {
      key: "p99",
      title: "p99, ms",
      digits: 2,
      digest: "p99 at 1,000 requests/s, ms",
    },
    {
      key: "rss",
      title: "RSS, MB",
      digits: 1,
      digest: "RSS at 1,000 requests/s, MB",
    },
    {
      key: "anonymous",
      title: "RssAnon, MB",
      digits: 1,
      digest: "RssAnon at 1,000 requests/s, MB",
    },
  ],
  takes: isPeer,
  async prepare({ bench, pki, seconds }) {
    const env = await withClientCertificate(bench, pki);
    const log = bench.path("steady.log");
    const measuredMs = Math.max(2, 2 * seconds) * 1_000;
    return async ({ port, pid }) => {
      const load = runH2load(bench, {
        port,
        seconds: (LEAD_MS + measuredMs) / 1_000 + 1,
        env,
        path: "/bytes/100",
        flags: [
          "--h1",
          `-c${CONNECTIONS}`,
          `--rps=${A_CONNECTION}`,
          `--log-file=${log}`,
        ],
      });
      const measured = (async () => {
        await pause(LEAD_MS);
        const from = Date.now();
        const before = cpuSeconds(pid);
        const { peak } = await withPeakMemory(pid, () => pause(measuredMs));
        const used = cpuSeconds(pid) - before;
        return { from, to: Date.now(), used, peak };
      })();
      const [{ from, to, used, peak }] = await Promise.all([measured, load]);
      const took = (await readLog(log))
        .filter(({ sentMs }) => sentMs >= from && sentMs < to)
        .map(({ tookMs }) => tookMs);
      return {
        cpu: 100_000 * used / (to - from),
        p50: quantile(took, 0.5),
        p99: quantile(took, 0.99),
        rss: peak.rss,
        anonymous: peak.anonymous,
        rate: took.length / (to - from) * 1_000,
      };
    };
  },
};
