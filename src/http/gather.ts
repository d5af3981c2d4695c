import type { MessageBody } from "./body_reader.ts";
import type { OctetWriter } from "./octet_writer.ts";

/** Pieces of a body up to this size are copied, to be sent with what else there is. */
const SMALL_OCTETS = 8 * 1024;

/** With this much put together it is time to send. */
const ENOUGH_OCTETS = 32 * 1024;

/**
 * Puts what has arrived of a body into `out`, in chunks where `chunked`.
 *
 * Returns null when the body is whole; a piece that is too large to be copied,
 * to be sent after `out`; undefined when `out` should be sent, or, where that is
 * empty, more must arrive.
 */
export function gather(
  body: MessageBody,
  out: OctetWriter,
  chunked: boolean,
): Uint8Array | null | undefined {
  while (out.length < ENOUGH_OCTETS) {
    const piece = body.take();
    if (piece === null || piece === undefined) return piece;
    if (chunked) {
      out.addLatin1(`${piece.length.toString(16)}\r\n`);
      out.add(piece);
      out.addLatin1("\r\n");
    } else if (piece.length <= SMALL_OCTETS) out.add(piece);
    else return piece;
  }
  return undefined;
}
