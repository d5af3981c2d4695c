import { ascii, COLON, CR, HTAB, SP } from "../http/octets.ts";
import { OctetWriter } from "../http/octet_writer.ts";
import type { RequestHead } from "../http/request_head.ts";
import type { HpackEncoder } from "../http2/hpack_encoder.ts";
import {
  type RequestAdditions,
  type RequestHeadWriter,
  writeTarget,
} from "./request_head_writer.ts";

const METHOD_BEGIN = ascii(":method: ");
/** Of the application's hop: what the client's was, `X-Forwarded-Proto` says. */
const SCHEME_AND_AUTHORITY_BEGIN = ascii(
  "\r\n:scheme: http\r\n:authority: ",
);
const PATH_BEGIN = ascii("\r\n:path: ");
const CRLF = ascii("\r\n");
const TAKES_TRAILERS = ascii("te: trailers\r\n");

/** Room for the lines of a request beside those of its client. */
const CAPACITY = 1024;

/**
 * Encodes request heads for an application that speaks HTTP/2 (RFC 9113 §8.3.1):
 * what a `RequestHeadWriter` writes for one that speaks HTTP/1.1, less what is of
 * a connection there.
 */
export class Http2RequestHeads {
  readonly #heads: RequestHeadWriter;
  /** The lines that are not the client's, encoded without waiting. */
  readonly #lines = new OctetWriter(CAPACITY);

  constructor(heads: RequestHeadWriter) {
    this.#heads = heads;
  }

  /** Appends the head to a header block that was begun, sealed anew with every call. */
  encode(
    { encoder, block }: { encoder: HpackEncoder; block: OctetWriter },
    head: RequestHead,
    additions: RequestAdditions,
  ): void {
    const lines = this.#lines;
    lines.clear();
    lines.add(METHOD_BEGIN);
    lines.addLatin1(head.method);
    lines.add(SCHEME_AND_AUTHORITY_BEGIN);
    this.#heads.writeAuthority(lines, head);
    lines.add(PATH_BEGIN);
    writeTarget(lines, head);
    lines.add(CRLF);
    encodeLines(encoder, block, lines.octets);
    encoder.addFields(
      block,
      head.fields,
      this.#heads.forwarded(head, additions),
    );
    lines.clear();
    // RFC 9113 §8.2.2 lets this one value through, which gRPC asks for.
    if (head.takesTrailers) lines.add(TAKES_TRAILERS);
    this.#heads.writeOwnLines(lines, head, additions);
    encodeLines(encoder, block, lines.octets);
  }
}

/** Appends lines of `name: value` and CRLF, pseudo-header fields or others. */
function encodeLines(
  encoder: HpackEncoder,
  block: OctetWriter,
  lines: Uint8Array,
): void {
  for (let start = 0; start < lines.length;) {
    // The first octet may be the colon of a pseudo-header field.
    const nameEnd = lines.indexOf(COLON, start + 1);
    const lineEnd = lines.indexOf(CR, nameEnd);
    let valueStart = nameEnd + 1;
    let valueEnd = lineEnd;
    // RFC 9113 §8.2.1: no white space at either end of a value.
    while (valueStart < valueEnd && isBlank(lines[valueStart]!)) valueStart++;
    while (valueEnd > valueStart && isBlank(lines[valueEnd - 1]!)) valueEnd--;
    encoder.addField(block, lines, start, nameEnd, valueStart, valueEnd);
    start = lineEnd + 2;
  }
}

function isBlank(octet: number): boolean {
  return octet === SP || octet === HTAB;
}
