import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";

/** Fields that a proxy adds: who comes through one is not from here. */
const FORWARDED = ["forwarded", "via", "x-forwarded-for", "x-real-ip"];

/**
 * Whether a request comes from this host itself, as one by `kubectl port-forward`
 * does. A request for any other name than `localhost` or an address is none: a
 * browser makes those for a page of somebody who has that name resolve to
 * loopback.
 */
export function isLoopbackCaller(
  { headers, socket }: Pick<IncomingMessage, "headers"> & {
    socket: { remoteAddress?: string | undefined };
  },
): boolean {
  const address = socket.remoteAddress?.replace(/^::ffff:/, "") ?? "";
  const isLoopback = address === "::1" ||
    isIP(address) === 4 && address.startsWith("127.");
  const host = (headers.host ?? "").replace(/:\d+$/, "").toLowerCase();
  const isDirect = host === "localhost" ||
    isIP(host.replace(/^\[(.*)\]$/, "$1")) !== 0;
  return isLoopback && isDirect &&
    FORWARDED.every((name) => headers[name] === undefined);
}
