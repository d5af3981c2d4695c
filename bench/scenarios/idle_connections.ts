import { isPeer } from "../contender.ts";
import { clientCredentials, openConnection } from "../generators/client.ts";
import { memoryOf } from "../process_figures.ts";
import { startProxy } from "../proxy.ts";
import type { FreshScenario } from "../scenario.ts";
import { pause } from "../workbench.ts";

/** Handshakes at a time. */
const AT_ONCE = 16;
const SETTLE_MS = 2_000;

/** What connections hold that have had one answer and then say nothing. */
export function idleConnections(count: number): FreshScenario {
  const many = count.toLocaleString("en");
  return {
    name: `idle-${count}`,
    title: `${many} idle connections`,
    note:
      "Each with its client certificate, one request and its answer, over " +
      "HTTP/1.1. What the proxy's memory grew by since before the first, two " +
      "seconds after the last, divided by their number.",
    needs: [],
    columns: [
      {
        key: "rss",
        title: "KB of RSS each",
        digits: 1,
        ratio: true,
        ...(count >= 10_000
          ? { digest: `RSS an idle connection (of ${many}), KB` }
          : {}),
      },
      { key: "anonymous", title: "KB of RssAnon each", digits: 1 },
      { key: "total", title: "RSS, MB", digits: 1 },
    ],
    fresh: true,
    takes: (contender) =>
      isPeer(contender) && (contender.holds ?? Infinity) >= count,
    async prepare({ bench, pki }) {
      const credentials = await clientCredentials(pki);
      return async ({ contender, start }) => {
        await using proxy = await startProxy(bench, {
          ...start,
          contender,
          // Some for those that wait for the application.
          connections: count + 2 * AT_ONCE + 256,
        });
        await pause(SETTLE_MS);
        const before = memoryOf(proxy.pid);
        const open: Deno.TlsConn[] = [];
        try {
          let left = count;
          const worker = async () => {
            while (left-- > 0) {
              bench.signal.throwIfAborted();
              open.push(await openConnection(proxy.port, credentials));
            }
          };
          await Promise.all(Array.from({ length: AT_ONCE }, worker));
          await pause(SETTLE_MS);
          const after = memoryOf(proxy.pid);
          return {
            rss: (after.rss - before.rss) * 1_000 / count,
            anonymous: (after.anonymous - before.anonymous) * 1_000 / count,
            total: after.rss,
          };
        } finally {
          for (const connection of open) connection.close();
        }
      };
    },
  };
}
