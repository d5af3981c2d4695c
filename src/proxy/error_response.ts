import type { OctetWriter } from "../http/octet_writer.ts";
import type { ErrorCode } from "../errors.ts";
import { grpcStatusLines } from "./grpc_status.ts";

const REASON: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  405: "Method Not Allowed",
  408: "Request Timeout",
  413: "Content Too Large",
  414: "URI Too Long",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  505: "HTTP Version Not Supported",
};

/** What is forwarded, for a 405 (RFC 9110 §15.5.6). Others are too: the list can't be complete. */
const ALLOW = "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n";

/**
 * A 401 must name a way to authenticate (RFC 9110 §15.5.2), and some clients
 * fail without one. For client certificates no scheme is registered.
 */
const CHALLENGE = "WWW-Authenticate: ClientCertificate\r\n";

/** An answer of our own. */
export interface ErrorResponse {
  readonly status: number;
  /** Said in the body, so that whoever debugs can look it up. */
  readonly code: ErrorCode;
  /** Whether the connection is closed after it. */
  readonly close: boolean;
  /** False for a HEAD request. */
  readonly withContent: boolean;
  /** `Date: …` and CRLF. */
  readonly dateLine: Uint8Array;
  /** The media type of a gRPC call, which is told by a gRPC status instead. */
  readonly grpc?: string | undefined;
}

/**
 * Appends a whole response of ours: a status, and the reason code as text. To a
 * gRPC call that is a response of trailers alone, to which HTTP's part is 200.
 */
export function writeErrorResponse(
  out: OctetWriter,
  { status, code, close, withContent, dateLine, grpc }: ErrorResponse,
): void {
  const connection = `Connection: ${close ? "close" : "keep-alive"}\r\n\r\n`;
  if (grpc !== undefined) {
    out.addLatin1("HTTP/1.1 200 OK\r\n");
    out.add(dateLine);
    out.addLatin1(`Content-Type: ${grpc}\r\nContent-Length: 0\r\n`);
    out.addLatin1(grpcStatusLines(code) + connection);
    return;
  }
  const content = `${code}\n`;
  out.addLatin1(`HTTP/1.1 ${status} ${REASON[status] ?? ""}\r\n`);
  out.add(dateLine);
  if (status === 401) out.addLatin1(CHALLENGE);
  if (status === 405) out.addLatin1(ALLOW);
  out.addLatin1(
    `Content-Type: text/plain\r\nContent-Length: ${content.length}\r\n` +
      connection,
  );
  if (withContent) out.addLatin1(content);
}
