import { isPeer } from "../contender.ts";
import { seedRandomGenerator } from "../../src/tls/random.ts";
import { askOnce, clientCredentials } from "../generators/client.ts";
import { cpuSeconds, memoryOf } from "../process_figures.ts";
import { startProxy } from "../proxy.ts";
import type { FreshScenario } from "../scenario.ts";
import { pause } from "../workbench.ts";

const SETTLE_MS = 2_000;

/** From the start of the process to the first answer, and what it holds then. */
export const START: FreshScenario = {
  name: "start",
  title: "Start",
  note: "From the start of the process to the first whole answer over mTLS, " +
    "tried every 2 ms; CPU of the process until then (of nginx and HAProxy: of " +
    "their worker). Memory two seconds later.",
  needs: [],
  columns: [
    {
      key: "ms",
      title: "first answer, ms",
      digits: 0,
      ratio: true,
      digest: "start to first answer, ms",
    },
    { key: "cpu", title: "CPU, ms", digits: 0 },
    { key: "rss", title: "RSS idle, MB", digits: 1, digest: "RSS idle, MB" },
    { key: "anonymous", title: "RssAnon idle, MB", digits: 1 },
  ],
  fresh: true,
  takes: isPeer,
  async prepare({ bench, pki }) {
    // Else the first start would be charged with the client's own.
    seedRandomGenerator();
    const credentials = await clientCredentials(pki);
    return async ({ contender, start }) => {
      await using proxy = await startProxy(bench, {
        ...start,
        contender,
        intervalMs: 2,
        async ready(port) {
          try {
            await askOnce(port, credentials);
            return true;
          } catch {
            return false;
          }
        },
      });
      const cpu = 1_000 * cpuSeconds(proxy.pid);
      await pause(SETTLE_MS);
      const { rss, anonymous } = memoryOf(proxy.pid);
      return { ms: proxy.readyMs, cpu, rss, anonymous };
    };
  },
};
