import type { TestSidecar } from "./sidecar.ts";

/** Shuts the sidecar down, and gives how often each limit was met by then. */
export async function limitHits(
  sidecar: TestSidecar,
): Promise<Readonly<Record<string, number>>> {
  await sidecar.shutdown();
  const { fields } = await sidecar.event("stopped");
  return (fields.limits_hit ?? {}) as Readonly<Record<string, number>>;
}
