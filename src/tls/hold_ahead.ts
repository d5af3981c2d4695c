import type { TcpStream } from "../net/tcp_stream.ts";

/** How much of what a client says is taken in while it waits to be judged. */
const WAITING_OCTETS = 16 * 1024;

/**
 * Reads no further than a little ahead of a client that waits to be judged, until
 * the function that is returned is called: it may be anybody, and a TLS socket
 * that nobody reads takes in all that is said. That it went away is noticed.
 */
export function holdAhead(stream: TcpStream): () => void {
  let octets = 0;
  const count = ({ length }: Uint8Array): void => {
    octets += length;
    if (octets >= WAITING_OCTETS) stream.hold();
  };
  stream.on("data", count);
  return () => {
    stream.off("data", count);
    stream.release();
  };
}
