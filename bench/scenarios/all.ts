import type { Scenario } from "../scenario.ts";
import { largeBodies, mediumBodies } from "./bodies.ts";
import { FULL_HANDSHAKES, RESUMED_HANDSHAKES } from "./handshakes.ts";
import { idleConnections } from "./idle_connections.ts";
import { RELOAD } from "./reload.ts";
import {
  FLOORS,
  HTTP1_SMALL,
  HTTP2_SMALL,
  SETTINGS,
} from "./small_requests.ts";
import { START } from "./start.ts";
import { STEADY } from "./steady.ts";
import { WORKERS, WORKERS_FULL, WORKERS_STEADY } from "./workers.ts";

/** All scenarios, in the order in which they are run and shown. */
export const SCENARIOS: readonly Scenario[] = [
  HTTP1_SMALL,
  HTTP2_SMALL,
  STEADY,
  FULL_HANDSHAKES,
  RESUMED_HANDSHAKES,
  largeBodies("down"),
  largeBodies("up"),
  largeBodies("down", "HTTP/2"),
  largeBodies("up", "HTTP/2"),
  mediumBodies("down"),
  mediumBodies("up"),
  idleConnections(1_000),
  idleConnections(10_000),
  START,
  RELOAD,
  SETTINGS,
  FLOORS,
  WORKERS,
  WORKERS_FULL,
  WORKERS_STEADY,
];
