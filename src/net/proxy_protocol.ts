import { SidecarError } from "../errors.ts";
import { parseProxyV1 } from "./proxy_v1.ts";
import { parseProxyV2, SIGNATURE } from "./proxy_v2.ts";
import type { TcpStream } from "./tcp_stream.ts";

/** A PROXY protocol header. */
export interface ProxyHeader {
  /**
   * The client's address, without brackets or port. Undefined where the header
   * tells of no client other than the peer of the connection itself.
   */
  readonly address: string | undefined;
  /** How many octets the header has. */
  readonly length: number;
}

/** How a header of version 1 begins. */
const V1_BEGIN = new TextEncoder().encode("PROXY ");

/**
 * Parses the PROXY protocol header at the beginning of a connection, of version 1
 * (§2.1) or 2 (§2.2 of the protocol's specification, "The PROXY protocol"). `octets`
 * is all that has come so far; undefined means that more is needed, and no more
 * than `MAX_V2_OCTETS` ever are. What follows the header is not looked at.
 *
 * Throws `SidecarError` with `PROXY_HEADER_INVALID` as soon as the octets can't
 * become a header, since without one nobody knows whose connection it is (§2:
 * "MUST not try to guess whether the protocol header is present").
 */
export function parseProxyHeader(octets: Uint8Array): ProxyHeader | undefined {
  if (beginsAlike(octets, SIGNATURE)) return parseProxyV2(octets);
  if (beginsAlike(octets, V1_BEGIN)) return parseProxyV1(octets);
  throw new SidecarError(
    "PROXY_HEADER_INVALID",
    "Cannot take the connection: expected a PROXY protocol header first",
  );
}

/**
 * Reads the header that `stream` must begin with, and leaves it at the first
 * octet after. To be called before anything else reads the stream, which goes on
 * to own the connection: destroying it makes this reject.
 *
 * Rejects with `SidecarError`: `PROXY_HEADER_INVALID`, or `HANDSHAKE_FAILED` where
 * the peer left without a word, as health checks of load balancers do.
 *
 * @returns The client's address, or undefined where it is the peer's own.
 */
export async function readProxyHeader(
  stream: TcpStream,
): Promise<string | undefined> {
  let heard = false;
  const header = await stream.readPrefix((octets) => {
    heard = true;
    return parseProxyHeader(octets);
  });
  if (header !== null) return header.address;
  if (!heard) throw new SidecarError("HANDSHAKE_FAILED", "the client left");
  throw new SidecarError(
    "PROXY_HEADER_INVALID",
    "Cannot take the connection: it ended within its PROXY protocol header",
  );
}

/** Whether one begins with the other, or is its beginning. */
function beginsAlike(octets: Uint8Array, expected: Uint8Array): boolean {
  const length = Math.min(octets.length, expected.length);
  for (let index = 0; index < length; index++) {
    if (octets[index] !== expected[index]) return false;
  }
  return true;
}
