import assert from "node:assert/strict";
import { RequestHead } from "../../../src/http/request_head.ts";
import { grpcMediaType, grpcTimeoutMs } from "../../../src/proxy/grpc_call.ts";
import { octetsOf } from "../../support/octet_reader.ts";

function headOf(fields: string, method = "POST"): RequestHead {
  const bytes = octetsOf(
    `${method} /a.B/C HTTP/1.1\r\nHost: a\r\n${fields}\r\n`,
  );
  const head = new RequestHead();
  assert.ok(head.parse({ bytes, start: 0, end: bytes.length }));
  return head;
}

Deno.test("grpcMediaType() knows gRPC and gRPC-Web, whatever their messages are written in", () => {
  for (
    const [value, type] of [
      ["application/grpc", "application/grpc"],
      ["application/grpc+proto", "application/grpc"],
      ["application/grpc; charset=x", "application/grpc"],
      ["Application/GRPC", "application/grpc"],
      ["application/grpc-web+proto", "application/grpc-web"],
      ["application/grpc-web-text", "application/grpc-web-text"],
      ["application/grpcx", undefined],
      ["application/json", undefined],
      ["text/plain; a=application/grpc", undefined],
    ] as const
  ) {
    const head = headOf(`CONTENT-type: ${value}\r\n`);
    assert.equal(grpcMediaType(head), type, value);
  }
});

Deno.test("grpcMediaType() takes nothing for gRPC that is no POST or says no type", () => {
  assert.equal(
    grpcMediaType(headOf("Content-Type: application/grpc\r\n", "GET")),
    undefined,
  );
  assert.equal(
    grpcMediaType(headOf("Content-Typo: application/grpc\r\n")),
    undefined,
  );
});

Deno.test("grpcTimeoutMs() understands every unit, and at most eight digits", () => {
  for (
    const [value, ms] of [
      ["2H", 7_200_000],
      ["3M", 180_000],
      ["4S", 4_000],
      ["5m", 5],
      ["6000u", 6],
      ["7000000n", 7],
      ["0S", 0],
      ["99999999H", 99999999 * 3_600_000],
      ["100000000S", Infinity],
      ["-1S", Infinity],
      ["1.5S", Infinity],
      ["1", Infinity],
      ["S", Infinity],
      ["", Infinity],
    ] as const
  ) {
    assert.equal(
      grpcTimeoutMs(headOf(`grpc-timeout: ${value}\r\n`)),
      ms,
      value,
    );
  }
  assert.equal(grpcTimeoutMs(headOf("")), Infinity);
});
