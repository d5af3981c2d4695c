import assert from "node:assert/strict";
import { OctetWriters } from "../../../src/http/octet_writers.ts";
import { Http2Buffers, MAX_HELD_OCTETS } from "../../../src/http2/buffers.ts";

Deno.test("content is held up to a bound for all streams together, and what is let go makes room", () => {
  const buffers = new Http2Buffers(new OctetWriters());
  const half = MAX_HELD_OCTETS / 2;
  assert.ok(buffers.hold(half));
  assert.ok(buffers.hold(half));
  assert.ok(!buffers.hold(1));
  buffers.letGo(half);
  assert.ok(buffers.hold(half));
  assert.ok(!buffers.hold(1));
});
