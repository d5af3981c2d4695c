import { FieldKind } from "../http/field_name.ts";
import { ascii } from "../http/octets.ts";
import type { OctetWriter } from "../http/octet_writer.ts";
import type { ResponseHead } from "../http/response_head.ts";
import { allKindsBut, spliceFields } from "../http/splice.ts";

const VERSION = ascii("HTTP/1.1");
const CHUNKED = ascii("Transfer-Encoding: chunked\r\n");
const CLOSE = ascii("Connection: close\r\n");
const KEEP_ALIVE = ascii("Connection: keep-alive\r\n");
const CRLF = ascii("\r\n");
const SPACE = ascii(" ");

/** ` 200`: a status and the space before it. */
const STATUS_OCTETS = 4;

const FORWARDED = allKindsBut(
  FieldKind.CONNECTION,
  FieldKind.HOP_BY_HOP,
  FieldKind.TRANSFER_ENCODING,
);
const WITHOUT_LENGTH = allKindsBut(
  FieldKind.CONNECTION,
  FieldKind.HOP_BY_HOP,
  FieldKind.TRANSFER_ENCODING,
  FieldKind.CONTENT_LENGTH,
);

/** How a response is sent to the client. */
export interface ResponseOptions {
  /** Whether the body is sent in chunks. */
  readonly chunked: boolean;
  /** `Connection`: `keep-alive` is said to HTTP/1.0 clients alone. */
  readonly connection: "close" | "keep-alive" | "unsaid";
}

/** Writes response heads for the client: the application's lines, less those of its hop. */
export class ResponseHeadWriter {
  readonly #now: () => number;
  #dateSecond = -1;
  #dateLine: Uint8Array = CRLF;

  /** `now` gives milliseconds since the epoch. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Appends the head of a final response. */
  write(
    out: OctetWriter,
    head: ResponseHead,
    { chunked, connection }: ResponseOptions,
  ): void {
    writeStatusLine(out, head);
    // RFC 9110 §8.6: a 204 has no content, and must not speak of its length.
    spliceFields(
      out,
      head.fields,
      head.status === 204 ? WITHOUT_LENGTH : FORWARDED,
    );
    if (chunked) out.add(CHUNKED);
    if (connection === "close") out.add(CLOSE);
    else if (connection === "keep-alive") out.add(KEEP_ALIVE);
    // RFC 9110 §6.6.1: whoever has a clock and forwards a response dates it.
    if (head.fields.find(FieldKind.DATE) < 0) out.add(this.dateLine());
    out.add(CRLF);
  }

  /** `Date: …` and CRLF, made once a second. */
  dateLine(): Uint8Array {
    const second = Math.floor(this.#now() / 1000);
    if (second !== this.#dateSecond) {
      this.#dateSecond = second;
      this.#dateLine = ascii(
        `Date: ${new Date(1000 * second).toUTCString()}\r\n`,
      );
    }
    return this.#dateLine;
  }
}

/** Appends an interim response (RFC 9110 §15.2) as it came. */
export function writeInterimHead(out: OctetWriter, head: ResponseHead): void {
  writeStatusLine(out, head);
  spliceFields(out, head.fields, WITHOUT_LENGTH);
  out.add(CRLF);
}

/** Appends a 101 (RFC 9110 §15.2.2), which says `protocol` as the client did. */
export function writeSwitchingHead(
  out: OctetWriter,
  head: ResponseHead,
  protocol: string,
): void {
  writeStatusLine(out, head);
  spliceFields(out, head.fields, WITHOUT_LENGTH);
  out.addLatin1(`Connection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`);
}

function writeStatusLine(out: OctetWriter, head: ResponseHead): void {
  out.add(VERSION);
  out.addRange(head.bytes, head.statusStart, head.reasonEnd);
  // RFC 9112 §4: the space stands there even where no reason follows.
  if (head.reasonEnd === head.statusStart + STATUS_OCTETS) out.add(SPACE);
  out.add(CRLF);
}
