import type { ErrorCode } from "../errors.ts";
import { statusOf } from "./status.ts";

/** Status codes of gRPC, those that we say. */
export const GrpcStatus = {
  DEADLINE_EXCEEDED: 4,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

/** By the HTTP status that other clients are told; what is not here is `INTERNAL`. */
const BY_HTTP_STATUS: Readonly<Record<number, number>> = {
  401: GrpcStatus.UNAUTHENTICATED,
  403: GrpcStatus.PERMISSION_DENIED,
  405: GrpcStatus.UNIMPLEMENTED,
  408: GrpcStatus.DEADLINE_EXCEEDED,
  413: GrpcStatus.RESOURCE_EXHAUSTED,
  414: GrpcStatus.RESOURCE_EXHAUSTED,
  431: GrpcStatus.RESOURCE_EXHAUSTED,
  502: GrpcStatus.UNAVAILABLE,
  503: GrpcStatus.UNAVAILABLE,
  504: GrpcStatus.DEADLINE_EXCEEDED,
};

/** The status that tells a gRPC client of an error. */
export function grpcStatusOf(code: ErrorCode): number {
  // Clients send once more what met `UNAVAILABLE`, but this was processed.
  if (code === "UPSTREAM_RESPONSE_INVALID") return GrpcStatus.INTERNAL;
  return BY_HTTP_STATUS[statusOf(code)] ?? GrpcStatus.INTERNAL;
}

/**
 * The lines that tell a gRPC client of an error, each ended by CRLF: trailers,
 * or in a response without content its head's.
 *
 * `grpc-message` must be percent-encoded, which a code has no need of.
 */
export function grpcStatusLines(code: ErrorCode): string {
  return `grpc-status: ${grpcStatusOf(code)}\r\ngrpc-message: ${code}\r\n`;
}
