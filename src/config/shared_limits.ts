/**
 * The limits of the whole sidecar, of which each worker has its share: by their
 * variables, the properties of `Config`.
 */
export const SHARED_LIMITS = {
  MAX_CONNECTIONS: "maxConnections",
  MAX_HANDSHAKES: "maxHandshakes",
  MAX_CONNECTIONS_PER_ADDRESS: "maxConnectionsPerAddress",
  UPSTREAM_MAX_CONNECTIONS: "upstreamMaxConnections",
} as const;

type SharedLimit = (typeof SHARED_LIMITS)[keyof typeof SHARED_LIMITS];

/** Among how many workers all limits can be shared out. */
export function mostWorkers(
  limits: Readonly<Record<SharedLimit, number>>,
): number {
  const values = Object.values(SHARED_LIMITS).map((name) => limits[name]);
  // 0 is no limit.
  return Math.min(...values.filter((limit) => limit > 0));
}

/** The shares of the worker at `index`: those of all workers together are the limits. */
export function sharesOf(
  limits: Readonly<Record<SharedLimit, number>>,
  { index, count }: { index: number; count: number },
): Partial<Record<SharedLimit, number>> {
  const shares: Partial<Record<SharedLimit, number>> = {};
  for (const name of Object.values(SHARED_LIMITS)) {
    const limit = limits[name];
    shares[name] = Math.floor(limit / count) + (index < limit % count ? 1 : 0);
  }
  return shares;
}
