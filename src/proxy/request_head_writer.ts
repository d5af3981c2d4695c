import { FieldKind } from "../http/field_name.ts";
import { ascii } from "../http/octets.ts";
import type { OctetWriter } from "../http/octet_writer.ts";
import type { RequestHead } from "../http/request_head.ts";
import { allKindsBut, spliceFields } from "../http/splice.ts";

const VERSION_END = ascii(" HTTP/1.1\r\n");
const HOST_BEGIN = ascii("Host: ");
const FORWARDED_HOST_BEGIN = ascii("X-Forwarded-Host: ");
const CHUNKED = ascii("Transfer-Encoding: chunked\r\n");
const TAKES_TRAILERS = ascii("TE: trailers\r\nConnection: TE\r\n");
const CLOSE = ascii("Connection: close\r\n");
const CRLF = ascii("\r\n");

/** By which name this proxy is in `Via` (RFC 9110 §7.6.3): a pseudonym, so that no host name leaks. */
const VIA = [
  ascii("Via: 1.0 mtls-sidecar\r\n"),
  ascii("Via: 1.1 mtls-sidecar\r\n"),
] as const;

const NEVER_FORWARDED = [
  FieldKind.HOST,
  FieldKind.TRANSFER_ENCODING,
  FieldKind.CONNECTION,
  FieldKind.TE,
  FieldKind.HOP_BY_HOP,
  FieldKind.CLIENT_CLAIM,
  FieldKind.LOOKALIKE,
];

/** By minor version: an HTTP/1.0 client can't have meant its `Expect` (RFC 9110 §10.1.1). */
const FORWARDED = [
  allKindsBut(...NEVER_FORWARDED, FieldKind.EXPECT),
  allKindsBut(...NEVER_FORWARDED),
] as const;

/** What becomes of a request's head on its way to the application. */
export interface RequestHeadOptions {
  /** The application's own authority, for `Host`. */
  readonly authority: string;
  /** Whether the client's `Host` stays instead. */
  readonly preserveHost: boolean;
  readonly via: boolean;
  /** Whether connections to the application are used again. */
  readonly keepAlive: boolean;
}

/** Methods whose content means nothing (RFC 9110 §9.3), so that some leave it unread. */
const WITHOUT_CONTENT = new Set(["GET", "HEAD", "DELETE", "OPTIONS"]);

/**
 * Writes request heads for the application: the client's lines spliced in as
 * they came, less those that are not for the application or not for a client to
 * say, then ours (RFC 9110 §7.6).
 */
export class RequestHeadWriter {
  readonly #hostLine: Uint8Array;
  readonly #preserveHost: boolean;
  readonly #via: boolean;
  readonly #keepAlive: boolean;

  constructor(
    { authority, preserveHost, via, keepAlive }: RequestHeadOptions,
  ) {
    this.#hostLine = ascii(`Host: ${authority}\r\n`);
    this.#preserveHost = preserveHost;
    this.#via = via;
    this.#keepAlive = keepAlive;
  }

  /**
   * Whether the connection may be used again after this request. An application
   * that leaves content unread takes it for the next request, which then would
   * come from a client with the identity of its choice.
   */
  mayReuse({ framing, method }: RequestHead): boolean {
    return this.#keepAlive &&
      (framing.kind === "none" || !WITHOUT_CONTENT.has(method));
  }

  /** Appends the head. `clientLines` say who the client is, each ended by CRLF. */
  write(out: OctetWriter, head: RequestHead, clientLines: Uint8Array): void {
    const { bytes, authorityStart, authorityEnd } = head;
    const hasAuthority = authorityStart < authorityEnd;
    writeRequestLine(out, head);
    if (this.#preserveHost && hasAuthority) {
      out.add(HOST_BEGIN);
      out.addRange(bytes, authorityStart, authorityEnd);
      out.add(CRLF);
    } else out.add(this.#hostLine);
    spliceFields(out, head.fields, FORWARDED[head.minor === 1 ? 1 : 0]);
    if (head.framing.kind === "chunked") out.add(CHUNKED);
    if (head.takesTrailers) out.add(TAKES_TRAILERS);
    if (!this.mayReuse(head)) out.add(CLOSE);
    if (hasAuthority) {
      out.add(FORWARDED_HOST_BEGIN);
      out.addRange(bytes, authorityStart, authorityEnd);
      out.add(CRLF);
    }
    out.add(clientLines);
    if (this.#via) out.add(VIA[head.minor === 1 ? 1 : 0]);
    out.add(CRLF);
  }
}

function writeRequestLine(out: OctetWriter, head: RequestHead): void {
  const { bytes, pathStart, pathEnd } = head;
  out.addLatin1(head.method);
  out.addLatin1(" ");
  if (pathStart === pathEnd) {
    // RFC 9112 §3.2.1 and §3.2.4: an absolute-form target without a path.
    out.addLatin1(head.method === "OPTIONS" ? "*" : "/");
  } else {
    if (bytes[pathStart] === 0x3f) out.addLatin1("/");
    out.addRange(bytes, pathStart, pathEnd);
  }
  out.add(VERSION_END);
}
