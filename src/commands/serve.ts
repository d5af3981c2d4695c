import { type SidecarDependencies, startSidecar } from "../app.ts";
import type { Config } from "../config/config.ts";

export { startSidecar as start };

/** What a run needs from the process. */
export interface ServeOptions extends SidecarDependencies {
  /** Aborted when it is time to end. */
  readonly signal: AbortSignal;
  /** Calls its argument whenever the files are to be loaded at once. */
  onReload(reload: () => void): void;
}

/**
 * Serves until `signal` aborts, then shuts down in order. `finished` is false
 * where requests had to be cut. Throws `SidecarError` where the start fails.
 */
export async function serve(
  config: Config,
  { signal, onReload, ...dependencies }: ServeOptions,
): Promise<{ finished: boolean }> {
  const sidecar = await startSidecar(config, dependencies);
  onReload(() => sidecar.reload());
  if (!signal.aborted) {
    await new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }
  return { finished: await sidecar.shutdown() };
}
