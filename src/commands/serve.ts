import { type SidecarDependencies, startSidecar } from "../app.ts";
import type { Config } from "../config/config.ts";

export { startSidecar as start };

/**
 * Serves until `signal` aborts, then shuts down in order. `finished` is false
 * where requests had to be cut. Throws `SidecarError` where the start fails.
 */
export async function serve(
  config: Config,
  { signal, ...dependencies }: SidecarDependencies & { signal: AbortSignal },
): Promise<{ finished: boolean }> {
  const sidecar = await startSidecar(config, dependencies);
  if (!signal.aborted) {
    await new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }
  return { finished: await sidecar.shutdown() };
}
