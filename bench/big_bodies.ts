import { join } from "node:path";
import type { DemoPki } from "../src/commands/demo_pki.ts";
import type { Contender } from "./contender.ts";
import { transferBodies } from "./generators/curl.ts";
import { memoryOf, withPeakMemory } from "./process_figures.ts";
import { startProxy } from "./proxy.ts";
import { table } from "./report/table.ts";
import { freePort, pause, type Workbench } from "./workbench.ts";

const BYTES = 1_000_000_000;
/** At this rate of the slow side a body takes 25 s; a buffer fills in one or two. */
const SLOW_BYTES_PER_SECOND = 40_000_000;
/** RSS that may not be reached, in MB. */
const LIMIT_MB = 120;

/** What {@linkcode bigBodies} is given. */
export interface BigBodiesOptions {
  readonly contender: Contender;
  readonly pki: DemoPki;
  readonly core: number;
  /** Takes one line of what came out. */
  readonly write: (line: string) => void;
}

/**
 * Sends 1 GB up to an application that reads 40 MB a second, then 1 GB down to
 * a client that does, and shows the highest memory of the proxy meanwhile.
 *
 * @returns Whether RSS stayed under 120 MB.
 * @throws {Error} If a body did not arrive whole, or so fast that nothing was
 * slow and the figure proves nothing.
 */
export async function bigBodies(
  bench: Workbench,
  options: BigBodiesOptions,
): Promise<boolean> {
  const { contender, pki, core, write } = options;
  const upstream = freePort();
  await bench.serve([
    Deno.execPath(),
    "run",
    "--allow-net",
    "--allow-env",
    join(import.meta.dirname ?? ".", "application.ts"),
  ], {
    port: upstream,
    env: {
      PORT: `${upstream}`,
      RATE: `${SLOW_BYTES_PER_SECOND}`,
      BYTES: `${BYTES}`,
    },
  });
  const start = { core, upstream, pki, connections: 100 };
  await using proxy = await startProxy(bench, { ...start, contender });
  const { pid, port } = proxy;
  const file = await bench.bodyFile(BYTES);
  await pause(1_000);
  const idle = memoryOf(pid);
  const rows = [["idle", "", idle.rss.toFixed(1), idle.anonymous.toFixed(1)]];
  let highest = 0;
  for (const direction of ["up", "down"] as const) {
    const { result: seconds, peak } = await withPeakMemory(
      pid,
      () =>
        transferBodies(bench, {
          port,
          pki,
          direction,
          protocol: "HTTP/1.1",
          file,
          bytes: BYTES,
          times: 1,
          // Up, it is the application that is slow.
          ...(direction === "down" ? { limitRate: SLOW_BYTES_PER_SECOND } : {}),
        }),
    );
    if (seconds < 0.8 * BYTES / SLOW_BYTES_PER_SECOND) {
      throw new Error(`1 GB ${direction} took ${seconds} s: nothing was slow`);
    }
    highest = Math.max(highest, peak.rss);
    rows.push([
      `1 GB ${direction}`,
      seconds.toFixed(1),
      peak.rss.toFixed(1),
      peak.anonymous.toFixed(1),
    ]);
  }
  write(table(["", "seconds", "highest RSS, MB", "highest RssAnon, MB"], rows));
  const held = highest < LIMIT_MB;
  write(
    `${contender.name}: RSS ${
      held ? "stayed" : "did not stay"
    } under ${LIMIT_MB} MB`,
  );
  return held;
}
