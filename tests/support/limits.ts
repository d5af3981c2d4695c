import type { Deadlines } from "../../src/deadlines.ts";
import {
  ConnectionLimits,
  type ConnectionLimitsOptions,
} from "../../src/net/connection_limits.ts";

/** Limits that nothing meets, but for those that are given. */
export function limits(
  deadlines: Deadlines,
  options: Partial<ConnectionLimitsOptions> = {},
): ConnectionLimits {
  return new ConnectionLimits({
    maxConnections: Infinity,
    maxHandshakes: Infinity,
    maxPerAddress: 0,
    deadlines,
    onLimit() {},
    onRoom() {},
    ...options,
  });
}
