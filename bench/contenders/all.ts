import type { Contender } from "../contender.ts";
import { GHOSTUNNEL, STUNNEL } from "./byte_proxies.ts";
import { CADDY } from "./caddy.ts";
import { HAPROXY } from "./haproxy.ts";
import { LOGGING_NGINX, NGINX } from "./nginx.ts";
import { denoProgram, sidecars } from "./sidecar.ts";

/**
 * Everything that can be measured, in the order of the tables.
 *
 * @param sidecar The command that starts this program, if not as `deno task start`.
 */
export async function allContenders(sidecar?: string): Promise<Contender[]> {
  return [
    ...await sidecars(sidecar),
    NGINX,
    LOGGING_NGINX,
    HAPROXY,
    CADDY,
    GHOSTUNNEL,
    STUNNEL,
    await denoProgram("node:https + fetch", "bench/fetch_shape.ts", "peer"),
    await denoProgram("TLS alone", "bench/floor_tls.ts", "floor"),
    await denoProgram("splice alone", "bench/floor_splice.ts", "floor"),
  ];
}
