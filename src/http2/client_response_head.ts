import { SidecarError } from "../errors.ts";
import { FieldKind } from "../http/field_name.ts";
import type { Framing } from "../http/framing.ts";
import { ascii } from "../http/octets.ts";
import type { OctetWriter } from "../http/octet_writer.ts";
import type { ResponseHead } from "../http/response_head.ts";
import type { ResponseHeadBuffer } from "./client_buffers.ts";
import type { FieldList } from "./field_list.ts";

const STATUS = ascii(":status");
const VERSION = ascii("HTTP/1.1 ");
const CRLF = ascii("\r\n");

/** Until the end of the stream: to an HTTP/1.1 client in chunks, so that trailers can follow. */
const CHUNKED: Framing = { kind: "chunked" };

/** Fields of a connection, which a response must not have (RFC 9113 §8.2.2), of kind `HOP_BY_HOP`. */
const OF_CONNECTION = new Set(["keep-alive", "proxy-connection", "upgrade"]);

/**
 * Takes the response to `method` whose fields were decoded: written as an
 * HTTP/1.1 head, for the strict parser to judge, one judge for both protocols.
 *
 * Returns how much content may come: a number of octets, or -1 where that was
 * not said. Throws `SidecarError` with `UPSTREAM_RESPONSE_INVALID`.
 */
export function takeResponseHead(
  { head, octets: out }: ResponseHeadBuffer,
  fields: FieldList,
  { method, endStream }: { method: string; endStream: boolean },
): number {
  writeResponseHead(out, fields);
  const { octets } = out;
  if (!head.parse({ bytes: octets, start: 0, end: octets.length }, method)) {
    throw new Error("a head with an empty line at its end is not whole");
  }
  checkResponseFields(head);
  if (head.interim) {
    if (endStream) throw invalid("a final one after an interim one");
    return 0;
  }
  const { framing } = head;
  if (framing.kind === "length") {
    if (endStream) throw invalid("as many octets as Content-Length says");
    return framing.octets;
  }
  if (framing.kind === "none") return 0;
  head.framing = endStream ? NO_CONTENT : CHUNKED;
  return -1;
}

const NO_CONTENT: Framing = { kind: "none" };

function writeResponseHead(out: OctetWriter, fields: FieldList): void {
  if (fields.tooLarge) {
    throw invalid(`a head of at most ${fields.maxSize} octets`);
  }
  // From here on no line has a CR or LF within.
  if (fields.malformed) throw invalid("lower-case names and plain values");
  // RFC 9113 §8.3.2: no other pseudo-header field, and this one once.
  if (fields.count === 0 || !fields.hasName(0, STATUS)) {
    throw invalid(":status before all other fields");
  }
  for (let line = 1; line < fields.count; line++) {
    if (fields.isPseudo(line)) throw invalid("no pseudo-header but :status");
  }
  out.add(VERSION);
  out.addRange(fields.bytes, fields.valueStart(0), fields.valueEnd(0));
  out.add(CRLF);
  // With the empty line that the decoder has put after the last one.
  out.addRange(fields.bytes, fields.valueEnd(0) + 2, fields.end + 2);
}

function checkResponseFields({ fields }: ResponseHead): void {
  for (let line = 0; line < fields.count; line++) {
    switch (fields.kind(line)) {
      case FieldKind.CONNECTION:
      case FieldKind.TRANSFER_ENCODING:
        throw ofConnection();
      case FieldKind.HOP_BY_HOP:
        if (OF_CONNECTION.has(fields.name(line))) throw ofConnection();
        break;
    }
  }
}

function ofConnection(): SidecarError {
  return invalid("no fields of an HTTP/1.1 connection");
}

function invalid(expected: string): SidecarError {
  return new SidecarError(
    "UPSTREAM_RESPONSE_INVALID",
    `Cannot take the application's response: expected ${expected}`,
  );
}
