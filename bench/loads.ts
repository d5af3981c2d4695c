import { join } from "node:path";
import type { DemoPki } from "../src/commands/demo_pki.ts";
import { transferBodies } from "./curl.ts";
import type { LoadName } from "./figures.ts";
import type { Workbench } from "./workbench.ts";

const CONNECTIONS = 32;
const LARGE_BYTES = 100_000_000;
/** Large bodies a run: enough CPU time for a clock that ticks every 10 ms. */
const LARGE_TIMES = 3;

/** How much a run moved. */
export interface Done {
  /** Requests, or bytes. */
  readonly amount: number;
  readonly seconds: number;
}

/** Runs a load once against the proxy at a port of 127.0.0.1. */
export type RunLoad = (port: number) => Promise<Done>;

/** A way of putting load on a proxy. */
export interface Load {
  readonly name: LoadName;
  /** Programs that must be installed. */
  readonly needs: readonly string[];
  /** Turns CPU seconds a unit of {@linkcode Done.amount} into `cpuUnit`. */
  readonly cpuScale: number;
  readonly cpuUnit: string;
  /** Makes what the load needs in the workbench. */
  prepare(
    bench: Workbench,
    options: { pki: DemoPki; seconds: number },
  ): Promise<RunLoad>;
}

/** All loads, in the order in which they are run. */
export const LOADS: readonly Load[] = [
  {
    name: "small",
    needs: ["nginx", "taskset", "wrk", "cc"],
    cpuScale: 1e6,
    cpuUnit: "µs of CPU a request",
    async prepare(bench, { pki, seconds }) {
      const library = bench.path("clientcert.so");
      const source = join(import.meta.dirname ?? ".", "clientcert.c");
      const flags = ["-O2", "-shared", "-fPIC"];
      await bench.run(["cc", ...flags, "-o", library, source, "-ldl"]);
      return (port) =>
        requestSmallBodies(bench, { port, seconds, pki, library });
    },
  },
  largeBodies("down"),
  largeBodies("up"),
];

function largeBodies(direction: "down" | "up"): Load {
  return {
    name: direction,
    needs: ["nginx", "taskset", "curl"],
    cpuScale: 1e9,
    cpuUnit: "CPU seconds a GB",
    async prepare(bench, { pki }) {
      const file = await bench.bodyFile(LARGE_BYTES);
      return async (port) => {
        const seconds = await transferBodies(bench, {
          port,
          pki,
          direction,
          file,
          bytes: LARGE_BYTES,
          times: LARGE_TIMES,
        });
        return { amount: LARGE_BYTES * LARGE_TIMES, seconds };
      };
    },
  };
}

async function requestSmallBodies(
  bench: Workbench,
  options: { port: number; seconds: number; pki: DemoPki; library: string },
): Promise<Done> {
  const { port, seconds, pki, library } = options;
  const output = await bench.run([
    "wrk",
    "-t1",
    `-c${CONNECTIONS}`,
    `-d${seconds}s`,
    `https://127.0.0.1:${port}/bytes/100`,
  ], {
    env: {
      LD_PRELOAD: library,
      CLIENT_CERT: pki.client.certificate,
      CLIENT_KEY: pki.client.key,
    },
  });
  const done = /^\s*(\d+) requests in ([\d.]+)s,/m.exec(output);
  const amount = Number(done?.[1] ?? 0);
  // A run with failures measures something else.
  if (amount === 0 || /Socket errors|Non-2xx/.test(output)) {
    throw new Error(`wrk did not get every answer:\n${output}`);
  }
  return { amount, seconds: Number(done?.[2]) };
}
