import assert from "node:assert/strict";
import type { ErrorCode } from "../../../src/errors.ts";
import { OctetWriter } from "../../../src/http/octet_writer.ts";
import {
  type ErrorResponse,
  writeErrorResponse,
} from "../../../src/proxy/error_response.ts";
import { statusOf } from "../../../src/proxy/status.ts";
import { latin1, octetsOf } from "../../support/octet_reader.ts";
import { readResponses } from "../http/message_reader.ts";

const DATE = "Date: Sat, 21 Nov 2026 09:00:00 GMT\r\n";

function written(response: Partial<ErrorResponse>): string {
  const out = new OctetWriter(16);
  writeErrorResponse(out, {
    status: 502,
    code: "UPSTREAM_CLOSED",
    close: false,
    withContent: true,
    dateLine: octetsOf(DATE),
    ...response,
  });
  return latin1(out.octets);
}

Deno.test("writeErrorResponse() says the status and the reason's code", () => {
  assert.equal(
    written({}),
    `HTTP/1.1 502 Bad Gateway\r\n${DATE}Content-Type: text/plain\r\n` +
      "Content-Length: 16\r\nConnection: keep-alive\r\n\r\nUPSTREAM_CLOSED\n",
  );
});

Deno.test("writeErrorResponse() tells HEAD the length, and sends no content (RFC 9110 §9.3.2)", () => {
  const head = written({ withContent: false });
  assert.match(head, /\r\nContent-Length: 16\r\n/);
  assert.ok(head.endsWith("\r\n\r\n"));
});

Deno.test("writeErrorResponse() says when the connection is closed", () => {
  assert.match(written({ close: true }), /\r\nConnection: close\r\n/);
});

Deno.test("writeErrorResponse() lists methods with 405 (RFC 9110 §15.5.6)", () => {
  const refusal = written({ status: 405, code: "METHOD_NOT_ALLOWED" });
  const allow = /\r\nAllow: (.*)\r\n/.exec(refusal)?.[1]?.split(", ");
  assert.ok(allow?.includes("GET"));
  assert.ok(!allow?.includes("TRACE") && !allow?.includes("CONNECT"));
  assert.doesNotMatch(written({}), /Allow/);
});

/** Every code that a client may be answered, and others that it never should. */
const STATUSES: readonly (readonly [ErrorCode, number])[] = [
  ["REQUEST_LINE_INVALID", 400],
  ["METHOD_NOT_ALLOWED", 405],
  ["TARGET_TOO_LONG", 414],
  ["VERSION_NOT_SUPPORTED", 505],
  ["FIELDS_TOO_LARGE", 431],
  ["FRAMING_AMBIGUOUS", 400],
  ["TRANSFER_ENCODING_UNSUPPORTED", 501],
  ["CHUNK_INVALID", 400],
  ["TRAILERS_INVALID", 400],
  ["HEADER_TIMEOUT", 408],
  ["BODY_TIMEOUT", 408],
  ["BODY_INCOMPLETE", 400],
  ["UPSTREAM_CONNECT_FAILED", 502],
  ["UPSTREAM_CLOSED", 502],
  ["UPSTREAM_RESPONSE_INVALID", 502],
  ["UPSTREAM_TIMEOUT", 504],
  ["INTERNAL", 500],
  ["CA_EMPTY", 500],
];

Deno.test("statusOf() and the reason of each status are those of RFC 9110 §15", async () => {
  for (const [code, status] of STATUSES) {
    assert.equal(statusOf(code), status, code);
    const { messages, verdict } = await readResponses([
      written({ status, code }),
    ]);
    assert.equal(verdict, "end");
    assert.equal(messages[0]?.status, status);
    assert.match(messages[0].reason, /^ \d{3} [A-Z]/, "it has a reason");
    assert.equal(messages[0].content, `${code}\n`);
  }
});

Deno.test("writeErrorResponse() tells a gRPC call by a status of gRPC, in a response of trailers alone", () => {
  assert.equal(
    written({ grpc: "application/grpc" }),
    `HTTP/1.1 200 OK\r\n${DATE}Content-Type: application/grpc\r\n` +
      "Content-Length: 0\r\ngrpc-status: 14\r\ngrpc-message: UPSTREAM_CLOSED\r\n" +
      "Connection: keep-alive\r\n\r\n",
  );
});
