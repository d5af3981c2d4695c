import type { Contender, StartOptions } from "./contender.ts";
import { childOf, type Server, type Workbench } from "./workbench.ts";

/** A proxy that accepts connections. */
export interface RunningProxy extends AsyncDisposable {
  readonly port: number;
  /** The process that does the work. */
  readonly pid: number;
  /** Milliseconds from its start to the first success of `ready`. */
  readonly readyMs: number;
  /** Has it take its certificate files anew, unless it does so by itself. */
  reload(): Promise<void>;
}

/** How to know that a proxy serves. */
export interface Readiness {
  /** Asks once. Without it, an accepted connection suffices. */
  readonly ready?: (port: number) => Promise<boolean>;
  /** Pause between two questions. */
  readonly intervalMs?: number;
}

/**
 * Starts a contender and waits until it serves.
 *
 * @throws {Error} With the end of its output, if it does not.
 */
export async function startProxy(
  bench: Workbench,
  options: StartOptions & Readiness & { contender: Contender },
): Promise<RunningProxy> {
  const { contender, core, ready, intervalMs } = options;
  const launch = await contender.launch(bench, options);
  const { port } = launch;
  const began = performance.now();
  const server: Server = await bench.serve([...launch.command], {
    port,
    cores: contender.cores ?? [core],
    env: launch.env ?? {},
    ...(ready && { ready: () => ready(port) }),
    ...(intervalMs === undefined ? {} : { intervalMs }),
  });
  const readyMs = performance.now() - began;
  return {
    port,
    pid: launch.forks ? await childOf(server.pid, bench.signal) : server.pid,
    readyMs,
    reload: async () => await launch.reload?.(server.pid),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}
