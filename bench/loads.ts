import { join } from "node:path";
import type { DemoPki } from "../src/commands/demo_pki.ts";
import { transferBodies } from "./curl.ts";
import type { LoadName } from "./figures.ts";
import type { Workbench } from "./workbench.ts";

const CONNECTIONS = 32;
/** Streams at a time on each HTTP/2 connection. */
const STREAMS = 10;
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
  /** Whether over HTTP/2. */
  readonly http2: boolean;
  /** Makes what the load needs in the workbench. */
  prepare(
    bench: Workbench,
    options: { pki: DemoPki; seconds: number },
  ): Promise<RunLoad>;
}

/** All loads, in the order in which they are run. */
export const LOADS: readonly Load[] = [
  smallBodies(false),
  smallBodies(true),
  largeBodies("down", false),
  largeBodies("up", false),
  largeBodies("down", true),
  largeBodies("up", true),
];

function smallBodies(http2: boolean): Load {
  return {
    name: http2 ? "http2-small" : "small",
    http2,
    needs: ["nginx", "taskset", http2 ? "h2load" : "wrk", "cc"],
    cpuScale: 1e6,
    cpuUnit: "µs of CPU a request",
    async prepare(bench, { pki, seconds }) {
      const library = bench.path("clientcert.so");
      const source = join(import.meta.dirname ?? ".", "clientcert.c");
      const flags = ["-O2", "-shared", "-fPIC"];
      await bench.run(["cc", ...flags, "-o", library, source, "-ldl"]);
      const ask = http2 ? requestStreams : requestSmallBodies;
      return (port) => ask(bench, { port, seconds, pki, library });
    },
  };
}

function largeBodies(direction: "down" | "up", http2: boolean): Load {
  return {
    name: http2 ? `http2-${direction}` : direction,
    http2,
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
          http2,
          file,
          bytes: LARGE_BYTES,
          times: LARGE_TIMES,
        });
        return { amount: LARGE_BYTES * LARGE_TIMES, seconds };
      };
    },
  };
}

interface SmallBodies {
  readonly port: number;
  readonly seconds: number;
  readonly pki: DemoPki;
  /** What gives the load generator its client certificate. */
  readonly library: string;
}

async function requestSmallBodies(
  bench: Workbench,
  { port, seconds, pki, library }: SmallBodies,
): Promise<Done> {
  const output = await bench.run([
    "wrk",
    "-t1",
    `-c${CONNECTIONS}`,
    `-d${seconds}s`,
    `https://127.0.0.1:${port}/bytes/100`,
  ], {
    env: preloaded(library, pki),
  });
  const done = /^\s*(\d+) requests in ([\d.]+)s,/m.exec(output);
  const amount = Number(done?.[1] ?? 0);
  // A run with failures measures something else.
  if (amount === 0 || /Socket errors|Non-2xx/.test(output)) {
    throw new Error(`wrk did not get every answer:\n${output}`);
  }
  return { amount, seconds: Number(done?.[2]) };
}

/** Many requests at a time on each connection, as HTTP/2 clients have them. */
async function requestStreams(
  bench: Workbench,
  { port, seconds, pki, library }: SmallBodies,
): Promise<Done> {
  const output = await bench.run([
    "h2load",
    "-t1",
    `-c${CONNECTIONS}`,
    `-m${STREAMS}`,
    `-D${seconds}`,
    `https://127.0.0.1:${port}/bytes/100`,
  ], { env: preloaded(library, pki) });
  const done = /(\d+) succeeded, 0 failed, 0 errored/.exec(output);
  const amount = Number(done?.[1] ?? 0);
  if (amount === 0 || !/^Application protocol: h2$/m.test(output)) {
    throw new Error(`h2load did not get every answer:\n${output}`);
  }
  return { amount, seconds };
}

function preloaded(library: string, pki: DemoPki): Record<string, string> {
  return {
    LD_PRELOAD: library,
    CLIENT_CERT: pki.client.certificate,
    CLIENT_KEY: pki.client.key,
  };
}
