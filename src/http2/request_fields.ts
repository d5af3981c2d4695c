import { SidecarError } from "../errors.ts";
import { FieldKind } from "../http/field_name.ts";
import { ascii, TOKEN_LOWER } from "../http/octets.ts";
import type { OctetWriter } from "../http/octet_writer.ts";
import type { RequestHead } from "../http/request_head.ts";
import type { FieldList } from "./field_list.ts";

const METHOD = ascii(":method");
const SCHEME = ascii(":scheme");
const AUTHORITY = ascii(":authority");
const PATH = ascii(":path");
const PROTOCOL = ascii(":protocol");
const HOST = ascii("host");
const COOKIE = ascii("cookie");

/** What a tunnel that is asked for by CONNECT is asked for by in HTTP/1.1 (RFC 8441 §5). */
const UPGRADING_METHOD = ascii("GET");

const VERSION_END = ascii(" HTTP/1.1\r\n");
const HOST_BEGIN = ascii("Host: ");
const COOKIE_BEGIN = ascii("cookie: ");
const CRUMB_END = ascii("; ");
const CRLF = ascii("\r\n");
const SP = 0x20, SLASH = 0x2f, ASTERISK = 0x2a;

/** Fields of a connection, which a request must not have (RFC 9113 §8.2.2), of kind `HOP_BY_HOP`. */
const OF_CONNECTION = new Set(["keep-alive", "proxy-connection", "upgrade"]);

/** Which lines the pseudo-header fields are on, or -1 (RFC 9113 §8.3.1). */
interface RequestLine {
  readonly method: number;
  readonly scheme: number;
  readonly authority: number;
  readonly path: number;
  /** Of an extended CONNECT (RFC 8441 §4). */
  readonly protocol: number;
  /** The first line that is no pseudo-header field. */
  readonly regular: number;
}

/**
 * Appends the request whose fields were decoded as an HTTP/1.1 head, cookie
 * crumbs joined (RFC 9113 §8.2.3), for the strict parser to judge: one judge for
 * both protocols. Afterwards `checkRequestFields` judges what only HTTP/2 knows.
 *
 * An extended CONNECT, where we take `tunnels`, becomes a GET; returned is the
 * protocol that it asks for, for `asUpgrade`.
 *
 * Throws `SidecarError` with a `RequestCode` where HTTP/2 itself forbids it.
 */
export function writeRequestHead(
  out: OctetWriter,
  fields: FieldList,
  { tunnels }: { tunnels: boolean },
): string | undefined {
  if (fields.tooLarge) {
    throw new SidecarError(
      "FIELDS_TOO_LARGE",
      `Cannot take the request's head: expected at most ${fields.maxSize} octets`,
    );
  }
  // From here on no line has a CR or LF within.
  if (fields.malformed) throw invalidField("lower-case names and plain values");
  const line = readRequestLine(fields, tunnels);
  const isTunnel = line.protocol >= 0;
  if (isTunnel) out.add(UPGRADING_METHOD);
  else addValue(out, fields, line.method);
  out.addOctet(SP);
  addValue(out, fields, line.path);
  out.add(VERSION_END);
  if (line.authority >= 0) {
    out.add(HOST_BEGIN);
    addValue(out, fields, line.authority);
    out.add(CRLF);
  }
  addFields(out, fields, line);
  out.add(CRLF);
  return isTunnel ? fields.value(line.protocol) : undefined;
}

function readRequestLine(fields: FieldList, tunnels: boolean): RequestLine {
  let method = -1, scheme = -1, authority = -1, path = -1, protocol = -1;
  let line = 0;
  for (; line < fields.count && fields.isPseudo(line); line++) {
    if (method < 0 && fields.hasName(line, METHOD)) method = line;
    else if (path < 0 && fields.hasName(line, PATH)) path = line;
    else if (scheme < 0 && fields.hasName(line, SCHEME)) scheme = line;
    else if (authority < 0 && fields.hasName(line, AUTHORITY)) authority = line;
    else if (tunnels && protocol < 0 && fields.hasName(line, PROTOCOL)) {
      protocol = line;
    } else {throw invalidField(
        "the pseudo-header fields of a request, once each",
      );}
  }
  if (method < 0) throw invalidLine(":method");
  const isConnect = fields.value(method) === "CONNECT";
  if (protocol >= 0 && !isConnect) {
    throw invalidField(":protocol with the method CONNECT alone");
  }
  if (isConnect && protocol < 0) {
    // It has no path (RFC 9113 §8.5), and there is nowhere to connect to.
    throw new SidecarError(
      "METHOD_NOT_ALLOWED",
      "Cannot serve method CONNECT: expected one that this proxy forwards",
    );
  }
  if (path < 0) throw invalidLine(":path");
  if (scheme < 0) throw invalidLine(":scheme");
  checkPath(fields, path);
  // Who speaks plainly to a proxy before us says http; the application is told
  // https either way.
  if (!/^https?$/i.test(fields.value(scheme))) {
    throw invalidTarget("the scheme https or http");
  }
  return { method, scheme, authority, path, protocol, regular: line };
}

/** RFC 9113 §8.3.1: a path, or `*`, which the parser takes for OPTIONS alone. */
function checkPath(fields: FieldList, line: number): void {
  const start = fields.valueStart(line);
  const first = fields.bytes[start];
  const octets = fields.valueEnd(line) - start;
  if (octets > 0 && first === SLASH) return;
  if (octets === 1 && first === ASTERISK) return;
  throw invalidTarget("a path that begins with a slash");
}

/** The lines of the fields as they stand, but for a Host that is said twice and cookies. */
function addFields(
  out: OctetWriter,
  fields: FieldList,
  { regular, authority }: RequestLine,
): void {
  let hosts = 0;
  let cookies = 0;
  for (let line = regular; line < fields.count; line++) {
    if (fields.isPseudo(line)) {
      throw invalidField("all pseudo-header fields before the others");
    }
    if (fields.hasName(line, COOKIE)) cookies++;
    else if (authority >= 0 && fields.hasName(line, HOST)) {
      checkHost(fields, line, authority);
      hosts++;
    }
  }
  if (hosts > 1) throw invalidHost("one Host field");
  if (regular === fields.count) return;
  if (hosts === 0 && cookies < 2) {
    out.addRange(fields.bytes, fields.lineStart(regular), fields.end);
    return;
  }
  for (let line = regular; line < fields.count; line++) {
    if (hosts > 0 && fields.hasName(line, HOST)) continue;
    if (cookies > 1 && fields.hasName(line, COOKIE)) continue;
    out.addRange(fields.bytes, fields.lineStart(line), fields.valueEnd(line));
    out.add(CRLF);
  }
  if (cookies > 1) addCookies(out, fields, regular);
}

function addCookies(
  out: OctetWriter,
  fields: FieldList,
  regular: number,
): void {
  let separator = COOKIE_BEGIN;
  for (let line = regular; line < fields.count; line++) {
    if (!fields.hasName(line, COOKIE)) continue;
    out.add(separator);
    addValue(out, fields, line);
    separator = CRUMB_END;
  }
  out.add(CRLF);
}

/** RFC 9113 §8.3.1: two names for the host must be the same one. */
function checkHost(fields: FieldList, line: number, authority: number): void {
  const { bytes } = fields;
  let a = fields.valueStart(line);
  let b = fields.valueStart(authority);
  const end = fields.valueEnd(line);
  if (end - a === fields.valueEnd(authority) - b) {
    while (a < end && fold(bytes[a]!) === fold(bytes[b]!)) a++, b++;
  }
  if (a < end || b < fields.valueEnd(authority)) {
    throw invalidHost("a Host field that says what :authority does");
  }
}

/** In lower case, where it is a letter. */
function fold(octet: number): number {
  return TOKEN_LOWER[octet]! || octet;
}

function addValue(out: OctetWriter, fields: FieldList, line: number): void {
  out.addRange(fields.bytes, fields.valueStart(line), fields.valueEnd(line));
}

/**
 * Checks what HTTP/2 forbids in a request that HTTP/1.1 allows: fields of the
 * connection, and any `TE` but `trailers` (RFC 9113 §8.2.2).
 *
 * Throws `SidecarError` with `CONNECTION_FIELD_INVALID`.
 */
export function checkRequestFields({ fields }: RequestHead): void {
  for (let line = 0; line < fields.count; line++) {
    switch (fields.kind(line)) {
      case FieldKind.CONNECTION:
      case FieldKind.TRANSFER_ENCODING:
        throw ofConnection();
      case FieldKind.TE:
        if (fields.value(line).toLowerCase() !== "trailers") {
          throw ofConnection();
        }
        break;
      case FieldKind.HOP_BY_HOP:
        if (OF_CONNECTION.has(fields.name(line))) throw ofConnection();
        break;
    }
  }
}

/**
 * Makes the head of an extended CONNECT that of a request to change to `protocol`.
 *
 * Throws `SidecarError` with `CONTENT_LENGTH_INVALID` where it declares content:
 * what comes is the tunnel's, and by that the application would lose count of it.
 */
export function asUpgrade(head: RequestHead, protocol: string): void {
  const { fields } = head;
  if (fields.find(FieldKind.CONTENT_LENGTH) >= 0) {
    throw new SidecarError(
      "CONTENT_LENGTH_INVALID",
      "Cannot make a tunnel of a request with content: expected no Content-Length",
    );
  }
  for (let line = 0; line < fields.count; line++) {
    // RFC 8441 §5.1: it is not for the client to send, and ours goes in its place.
    if (fields.name(line) === "sec-websocket-key") {
      fields.setKind(line, FieldKind.HOP_BY_HOP);
    }
  }
  head.upgrades = [protocol];
}

function ofConnection(): SidecarError {
  return new SidecarError(
    "CONNECTION_FIELD_INVALID",
    "Cannot take the request's fields: expected none of an HTTP/1.1 " +
      "connection, and TE to say trailers alone",
  );
}

function invalidField(expected: string): SidecarError {
  return new SidecarError(
    "FIELD_INVALID",
    `Cannot take the request's fields: expected ${expected}`,
  );
}

function invalidLine(missing: string): SidecarError {
  return new SidecarError(
    "REQUEST_LINE_INVALID",
    `Cannot take the request: expected ${missing}`,
  );
}

function invalidTarget(expected: string): SidecarError {
  return new SidecarError(
    "TARGET_INVALID",
    `Cannot parse the request target: expected ${expected}`,
  );
}

function invalidHost(expected: string): SidecarError {
  return new SidecarError(
    "HOST_INVALID",
    `Cannot tell the request's host: expected ${expected}`,
  );
}
