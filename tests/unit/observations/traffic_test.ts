import assert from "node:assert/strict";
import type { ErrorCode } from "../../../src/errors.ts";
import {
  CODE_CLASSES,
  type Exchanged,
  Traffic,
} from "../../../src/observations/traffic.ts";
import { Tally } from "../../../src/tally.ts";

const ENDED: Exchanged = {
  protocol: "http/1.1",
  status: 200,
  fault: undefined,
  durationMs: 2,
  upstreamMs: 1,
  received: 3,
  sent: 4,
};

function fixture() {
  const tally = new Tally();
  return { tally, traffic: new Traffic(tally) };
}

Deno.test("Traffic counts by protocol and class of the status", () => {
  const { traffic } = fixture();
  const statuses: [status: number, codeClass: typeof CODE_CLASSES[number]][] = [
    [0, "none"],
    [101, "1xx"],
    [200, "2xx"],
    [299, "2xx"],
    [304, "3xx"],
    [431, "4xx"],
    [500, "5xx"],
    // Such statuses exist, though nobody defined them.
    [999, "5xx"],
  ];
  for (const protocol of ["http/1.0", "http/1.1", "h2"] as const) {
    for (const [status, codeClass] of statuses) {
      const index = CODE_CLASSES.indexOf(codeClass);
      const before = traffic.requests[protocol][index]!;
      traffic.begin();
      traffic.end({ ...ENDED, protocol, status });
      assert.equal(traffic.requests[protocol][index], before + 1);
    }
  }
  assert.equal(traffic.total, 3 * statuses.length);
  assert.equal(traffic.answered("5xx"), 6);
});

Deno.test("Traffic knows what is in flight, and adds up octets", () => {
  const { traffic } = fixture();
  traffic.begin();
  traffic.begin();
  assert.equal(traffic.inFlight, 2);
  traffic.end(ENDED);
  assert.equal(traffic.inFlight, 1);
  traffic.end(ENDED);
  assert.deepEqual([traffic.received, traffic.sent], [6, 8]);
  assert.equal(traffic.inFlight, 0);
});

Deno.test("Traffic keeps durations in seconds, and none of an application that was not asked", () => {
  const { traffic } = fixture();
  traffic.begin();
  traffic.end({ ...ENDED, durationMs: 1500, upstreamMs: -1 });
  assert.equal(traffic.duration.sum, 1.5);
  assert.equal(traffic.upstreamDuration.sum, 0);
  assert.ok(traffic.upstreamDuration.counts.every((count) => count === 0));
});

Deno.test("Traffic counts what was no request without a duration, and never as in flight", () => {
  const { traffic } = fixture();
  traffic.refused({ ...ENDED, status: 400 });
  assert.equal(traffic.answered("4xx"), 1);
  assert.equal(traffic.inFlight, 0);
  assert.equal(traffic.duration.sum, 0);
});

Deno.test("Traffic counts faults of the application by code, and limits of ours by name", () => {
  const faults: [ErrorCode, upstream: number, limit: string | undefined][] = [
    ["UPSTREAM_CLOSED", 1, undefined],
    ["UPSTREAM_TIMEOUT", 1, undefined],
    ["FIELDS_TOO_LARGE", 0, "header_size"],
    ["TARGET_TOO_LONG", 0, "header_size"],
    ["CLIENT_GONE", 0, undefined],
  ];
  for (const [code, upstream, limit] of faults) {
    const { tally, traffic } = fixture();
    traffic.refused({ ...ENDED, status: 400, fault: { code } });
    assert.equal(tally.get("upstream_errors", code), upstream, code);
    assert.deepEqual(
      [...tally.entries("limits_hit")],
      limit === undefined ? [] : [[limit, 1]],
    );
  }
});

Deno.test("Traffic counts a tunnel, and leaves out of the durations how long it lasted", () => {
  const { traffic } = fixture();
  traffic.begin();
  traffic.end({ ...ENDED, status: 101, durationMs: 3_600_000 });
  assert.equal(traffic.answered("1xx"), 1);
  assert.equal(traffic.duration.sum, 0);
});
