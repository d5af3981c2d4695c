import type { Deadlines } from "../deadlines.ts";
import { SidecarError } from "../errors.ts";
import type { RequestHead } from "../http/request_head.ts";
import type { ConnectionCounts } from "../observations/connection_counts.ts";
import type { Tally } from "../tally.ts";
import type { ClientRequest } from "./client_request.ts";
import { trustLost } from "./trust_lost.ts";
import { Tunnel, type TunnelEnd } from "./tunnel.ts";
import { isAccepted, type Upgrade, webSocketKey } from "./upgrade.ts";
import type { UpstreamRequest } from "./upstream_request.ts";

export interface TunnelsOptions {
  /** The protocols that tunnels are made for, in lower case. */
  readonly protocols: readonly string[];
  readonly deadlines: Deadlines;
  readonly tally: Tally;
  readonly counts: Pick<ConnectionCounts, "opened" | "closed">;
  /** How long nothing may move in a tunnel, in milliseconds; Infinity for no limit. */
  readonly idleMs: number;
  /** The same once one side has ended. */
  readonly halfClosedMs: number;
}

/** Which requests become tunnels, and the tunnels there are. */
export class Tunnels {
  readonly #options: TunnelsOptions;
  #open = 0;

  constructor(options: TunnelsOptions) {
    this.#options = options;
  }

  /** How many are open. */
  get open(): number {
    return this.#open;
  }

  /**
   * What the application is asked to change to for a request; undefined for one
   * that stays what it is, because it names no protocol that is passed on.
   *
   * One protocol is passed on, however many were named, so that there is no
   * doubt what a 101 is about. Throws `SidecarError` with `PROTOCOL_UNSUPPORTED`
   * for an HTTP/2 tunnel, which is nothing without its protocol (RFC 8441 §4).
   */
  upgradeOf({ upgrades, major }: RequestHead): Upgrade | undefined {
    if (upgrades.length === 0) return undefined;
    const { protocols } = this.#options;
    const protocol = upgrades.find((name) =>
      protocols.includes(name.toLowerCase())
    );
    if (protocol !== undefined) {
      const isOurs = major === 2 && protocol.toLowerCase() === "websocket";
      return { protocol, key: isOurs ? webSocketKey() : undefined };
    }
    if (major !== 2) return undefined;
    throw new SidecarError(
      "PROTOCOL_UNSUPPORTED",
      `Cannot make a tunnel: expected a protocol out of ${
        protocols.join(", ")
      }`,
    );
  }

  /** Runs the tunnel of a request to its end. Throws `SidecarError` where it was cut. */
  async run(
    request: ClientRequest,
    { client, upstream }: { client: TunnelEnd; upstream: TunnelEnd },
  ): Promise<void> {
    const { tally, counts, deadlines, idleMs, halfClosedMs } = this.#options;
    const limits = { deadlines, idleMs, halfClosedMs };
    const tunnel = new Tunnel({ client, upstream, ...limits });
    request.onClientGone = () => tunnel.cut(clientGone());
    let ending = "ended";
    this.#open++;
    counts.opened("tunnel");
    try {
      await tunnel.run();
    } catch (error) {
      ending = error instanceof SidecarError ? error.code : "INTERNAL";
      throw error;
    } finally {
      this.#open--;
      counts.closed("tunnel");
      tally.add("tunnels", ending);
    }
  }
}

/**
 * Judges the final response to a request, which may have asked for a tunnel.
 *
 * Throws `SidecarError` where it begins one that cannot be, and where a client
 * would take it for one that does: any 2xx is that to an extended CONNECT (RFC
 * 9110 §9.3.6). So also where the client is not trusted any more: within a tunnel
 * that would not be asked again.
 */
export function checkTunnel(
  { head, trusted }: ClientRequest,
  upstream: UpstreamRequest,
  upgrade: Upgrade | undefined,
): void {
  const response = upstream.head;
  if (!response.switching) {
    if (upgrade === undefined || head.major !== 2) return;
    if (response.status < 300) throw noTunnel();
    return;
  }
  if (upgrade === undefined || upstream.beginTunnel === undefined) {
    throw noTunnel();
  }
  const { key } = upgrade;
  if (key !== undefined && !isAccepted(response.fields, key)) throw noTunnel();
  if (!trusted) throw trustLost();
}

function clientGone(): SidecarError {
  return new SidecarError(
    "CLIENT_GONE",
    "Cannot keep the tunnel: the client went away",
  );
}

function noTunnel(): SidecarError {
  return new SidecarError(
    "UPSTREAM_RESPONSE_INVALID",
    "Cannot take the application's response: expected it to change its " +
      "protocol as it was asked to, or to refuse",
  );
}
