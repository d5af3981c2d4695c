import assert from "node:assert/strict";
import type { ErrorCode } from "../../../src/errors.ts";
import {
  grpcStatusLines,
  grpcStatusOf,
} from "../../../src/proxy/grpc_status.ts";

Deno.test("grpcStatusOf() tells clients what they can act on", () => {
  const statuses: readonly (readonly [ErrorCode, number])[] = [
    ["UPSTREAM_CONNECT_FAILED", 14],
    ["UPSTREAM_TLS_FAILED", 14],
    ["UPSTREAM_BUSY", 14],
    ["UPSTREAM_CLOSED", 14],
    ["UPSTREAM_TIMEOUT", 4],
    ["BODY_TIMEOUT", 4],
    ["ACCESS_NOT_ALLOWED", 7],
    ["LEAF_EXPIRED", 16],
    ["FIELDS_TOO_LARGE", 8],
    ["UPSTREAM_RESPONSE_INVALID", 13],
    ["INTERNAL", 13],
    ["FIELD_INVALID", 13],
  ];
  for (const [code, status] of statuses) {
    assert.equal(grpcStatusOf(code), status, code);
  }
});

Deno.test("grpcStatusLines() says the status, and the code as the message", () => {
  assert.equal(
    grpcStatusLines("UPSTREAM_TIMEOUT"),
    "grpc-status: 4\r\ngrpc-message: UPSTREAM_TIMEOUT\r\n",
  );
});
