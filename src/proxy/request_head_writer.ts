import { FieldKind } from "../http/field_name.ts";
import { ascii, latin1 } from "../http/octets.ts";
import type { OctetWriter } from "../http/octet_writer.ts";
import type { RequestHead } from "../http/request_head.ts";
import {
  allKindsBut,
  type ForwardedKinds,
  spliceFields,
} from "../http/splice.ts";
import type { Upgrade } from "./upgrade.ts";

const VERSION_END = ascii(" HTTP/1.1\r\n");
const HOST_BEGIN = ascii("Host: ");
const FORWARDED_HOST_BEGIN = ascii("X-Forwarded-Host: ");
const CHUNKED = ascii("Transfer-Encoding: chunked\r\n");
const TAKES_TRAILERS = ascii("TE: trailers\r\nConnection: TE\r\n");
const CLOSE = ascii("Connection: close\r\n");
const CRLF = ascii("\r\n");
const SPACE = ascii(" ");

/** By which name this proxy is in `Via` (RFC 9110 §7.6.3): a pseudonym, so that no host name leaks. */
const VIA = [
  ascii("Via: 1.0 mtls-sidecar\r\n"),
  ascii("Via: 1.1 mtls-sidecar\r\n"),
] as const;
const VIA_HTTP2 = ascii("Via: 2.0 mtls-sidecar\r\n");

const NEVER_FORWARDED = [
  FieldKind.HOST,
  FieldKind.TRANSFER_ENCODING,
  FieldKind.CONNECTION,
  FieldKind.TE,
  FieldKind.HOP_BY_HOP,
  FieldKind.CLIENT_CLAIM,
  FieldKind.LOOKALIKE,
];

/** What a request in hand says of who its client is. */
export interface RequestAdditions {
  /** Lines about the client, each ended by CRLF. */
  readonly lines: Uint8Array;
  /** What seals the head; undefined where requests are not sealed. */
  readonly seal: RequestSeal | undefined;
  /** The value of `Content-Digest`, where the content was held until it was whole. */
  readonly contentDigest: string | undefined;
  /** The other protocol that is asked for, where one is. */
  readonly upgrade?: Upgrade | undefined;
  /** The client was told to go on (RFC 9110 §10.1.1), which the application need not do again. */
  readonly continued: boolean;
  /** Lines of this request alone, each ended by CRLF. */
  readonly own: string;
}

/** Makes the lines that let the application check where a request came from. */
export interface RequestSeal {
  /**
   * The lines for one sending of a request, each ended by CRLF, valid until the
   * next call. `authority` is its `Host`, `target` what stands in its first line.
   */
  lines(
    request: {
      method: string;
      authority: string;
      target: string;
      contentDigest: string | undefined;
    },
  ): Uint8Array;
}

/** What becomes of a request's head on its way to the application. */
export interface RequestHeadOptions {
  /** The application's own authority, for `Host`. */
  readonly authority: string;
  /** Whether the client's `Host` stays instead. */
  readonly preserveHost: boolean;
  readonly via: boolean;
  /** Whether connections to the application are used again. */
  readonly keepAlive: boolean;
  /** Whose signatures reach the application: a client's would stand beside the seal's. */
  readonly seal: "none" | "head" | "head and body";
}

/** Methods whose content means nothing (RFC 9110 §9.3), so that some leave it unread. */
const WITHOUT_CONTENT = new Set(["GET", "HEAD", "DELETE", "OPTIONS"]);

/**
 * Writes request heads for the application: the client's lines spliced in as
 * they came, less those that are not for the application or not for a client to
 * say, then ours (RFC 9110 §7.6).
 */
export class RequestHeadWriter {
  readonly #authority: string;
  readonly #authorityOctets: Uint8Array;
  readonly #preserveHost: boolean;
  readonly #via: boolean;
  readonly #keepAlive: boolean;
  readonly #forwarded: ForwardedKinds;
  readonly #forwardedUnexpecting: ForwardedKinds;

  constructor(
    { authority, preserveHost, via, keepAlive, seal }: RequestHeadOptions,
  ) {
    this.#authority = authority;
    this.#authorityOctets = ascii(authority);
    this.#preserveHost = preserveHost;
    this.#via = via;
    this.#keepAlive = keepAlive;
    const dropped = [
      ...NEVER_FORWARDED,
      ...(seal === "none" ? [] : [FieldKind.SIGNATURE]),
      ...(seal === "head and body" ? [FieldKind.CONTENT_DIGEST] : []),
    ];
    this.#forwarded = allKindsBut(...dropped);
    this.#forwardedUnexpecting = allKindsBut(...dropped, FieldKind.EXPECT);
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

  /** Appends the head, sealed anew with every call. */
  write(
    out: OctetWriter,
    head: RequestHead,
    additions: RequestAdditions,
  ): void {
    out.addLatin1(head.method);
    out.add(SPACE);
    writeTarget(out, head);
    out.add(VERSION_END);
    out.add(HOST_BEGIN);
    this.writeAuthority(out, head);
    out.add(CRLF);
    spliceFields(out, head.fields, this.forwarded(head, additions));
    if (head.framing.kind === "chunked") out.add(CHUNKED);
    if (additions.upgrade !== undefined) writeUpgrade(out, additions.upgrade);
    else {
      if (head.takesTrailers) out.add(TAKES_TRAILERS);
      if (!this.mayReuse(head)) out.add(CLOSE);
    }
    this.writeOwnLines(out, head, additions);
    out.add(CRLF);
  }

  /** Which of the client's fields go on. */
  forwarded(head: RequestHead, additions: RequestAdditions): ForwardedKinds {
    // An HTTP/1.0 client can't have meant its `Expect` (RFC 9110 §10.1.1).
    const expects = head.minor === 1 && !additions.continued;
    return expects ? this.#forwarded : this.#forwardedUnexpecting;
  }

  /** Appends the authority that the request goes to. */
  writeAuthority(out: OctetWriter, head: RequestHead): void {
    const { bytes, authorityStart, authorityEnd } = head;
    if (this.#preserveHost && authorityStart < authorityEnd) {
      out.addRange(bytes, authorityStart, authorityEnd);
    } else out.add(this.#authorityOctets);
  }

  /** Appends the lines that we add, whatever protocol they go by, sealed anew with every call. */
  writeOwnLines(
    out: OctetWriter,
    head: RequestHead,
    additions: RequestAdditions,
  ): void {
    const { bytes, authorityStart, authorityEnd } = head;
    if (authorityStart < authorityEnd) {
      out.add(FORWARDED_HOST_BEGIN);
      out.addRange(bytes, authorityStart, authorityEnd);
      out.add(CRLF);
    }
    out.add(additions.lines);
    out.addLatin1(additions.own);
    if (additions.seal !== undefined) {
      out.add(this.#sealLines(additions.seal, head, additions.contentDigest));
    }
    if (this.#via) {
      out.add(head.major === 2 ? VIA_HTTP2 : VIA[head.minor === 1 ? 1 : 0]);
    }
  }

  #sealLines(
    seal: RequestSeal,
    head: RequestHead,
    contentDigest: string | undefined,
  ): Uint8Array {
    const { bytes, authorityStart, authorityEnd } = head;
    const authority = this.#preserveHost && authorityStart < authorityEnd
      ? latin1(bytes, authorityStart, authorityEnd)
      : this.#authority;
    const target = targetPrefix(head) +
      latin1(bytes, head.pathStart, head.pathEnd);
    return seal.lines({
      method: head.method,
      authority,
      target,
      contentDigest,
    });
  }
}

/** Of all that `Connection` named, this alone is for the application too. */
function writeUpgrade(out: OctetWriter, { protocol, key }: Upgrade): void {
  out.addLatin1(`Connection: Upgrade\r\nUpgrade: ${protocol}\r\n`);
  if (key !== undefined) out.addLatin1(`Sec-WebSocket-Key: ${key}\r\n`);
}

/** Appends the target that is forwarded: path and query, or `*`. */
export function writeTarget(out: OctetWriter, head: RequestHead): void {
  out.addLatin1(targetPrefix(head));
  out.addRange(head.bytes, head.pathStart, head.pathEnd);
}

/** What an absolute-form target without a path lacks (RFC 9112 §3.2.1, §3.2.4). */
function targetPrefix(
  { bytes, pathStart, pathEnd, method }: RequestHead,
): string {
  if (pathStart === pathEnd) return method === "OPTIONS" ? "*" : "/";
  return bytes[pathStart] === 0x3f ? "/" : "";
}
