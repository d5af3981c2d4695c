import assert from "node:assert/strict";
import fc from "fast-check";
import {
  ConnectionCounts,
  HandshakeCounts,
} from "../../../src/observations/connection_counts.ts";
import { Histogram } from "../../../src/observations/histogram.ts";
import { Observations } from "../../../src/observations/observations.ts";
import { type Exchanged, Traffic } from "../../../src/observations/traffic.ts";
import { Tally } from "../../../src/tally.ts";

const ENDED: Exchanged = {
  protocol: "h2",
  status: 200,
  fault: undefined,
  durationMs: 2,
  upstreamMs: 1,
  received: 3,
  sent: 4,
};

Deno.test("Tally.drain() gives away each count once, and absorb() adds it to what is there", () => {
  const [here, there] = [new Tally(), new Tally()];
  here.add("reloads", "ok");
  there.add("limits_hit", "idle", 2);
  there.add("reloads", "ok");
  here.absorb(there.drain());
  here.absorb(there.drain());
  assert.deepEqual(there.snapshot(), {});
  there.add("limits_hit", "idle");
  here.absorb(there.drain());
  assert.deepEqual(here.snapshot(), {
    reloads: { ok: 2 },
    limits_hit: { idle: 3 },
  });
});

Deno.test("Histogram loses nothing over many drains, wherever they fall", () => {
  const pieces = fc.array(fc.array(fc.integer({ min: 0, max: 9 })));
  fc.assert(fc.property(pieces, (pieces) => {
    const whole = new Histogram([2, 5]);
    const here = new Histogram([2, 5]);
    const there = new Histogram([2, 5]);
    for (const piece of pieces) {
      for (const value of piece) {
        whole.observe(value);
        there.observe(value);
      }
      here.absorb(structuredClone(there.drain()));
    }
    assert.deepEqual([here.counts, here.sum], [whole.counts, whole.sum]);
    assert.deepEqual([[...there.counts], there.sum], [[0, 0, 0], 0]);
  }));
});

Deno.test("Histogram.drain() gives away what later values do not change", () => {
  const histogram = new Histogram([1]);
  histogram.observe(1);
  const drained = histogram.drain();
  histogram.observe(1);
  assert.deepEqual([...drained.counts], [1, 0]);
});

Deno.test("Traffic.drain() gives away requests and octets, and leaves what is in flight", () => {
  const tally = new Tally();
  const [here, there] = [new Traffic(tally), new Traffic(tally)];
  for (let i = 0; i < 3; i++) there.begin();
  there.end(ENDED);
  const drained = structuredClone(there.drain());
  there.end({ ...ENDED, status: 503, protocol: "http/1.1" });
  here.absorb(drained);
  assert.deepEqual([here.total, here.answered("2xx")], [1, 1]);
  assert.equal(there.inFlight, 1);
  here.absorb(there.drain());
  here.absorb(there.drain());
  assert.deepEqual([here.total, here.answered("5xx")], [2, 1]);
  assert.deepEqual([here.received, here.sent], [6, 8]);
  assert.equal(here.duration.sum, 0.004);
  assert.equal(here.upstreamDuration.sum, 0.002);
  assert.deepEqual([there.total, there.received, there.sent], [0, 0, 0]);
  assert.equal(there.inFlight, 1);
  there.end(ENDED);
  assert.equal(there.inFlight, 0);
});

Deno.test("Traffic.show() shows what is in flight elsewhere, and no request of its own", () => {
  const traffic = new Traffic(new Tally());
  for (const inFlight of [5, 2, 0]) {
    traffic.show(inFlight);
    assert.equal(traffic.inFlight, inFlight);
  }
  assert.equal(traffic.total, 0);
});

Deno.test("ConnectionCounts.drain() gives away the totals, and leaves what is open", () => {
  const [here, there] = [new ConnectionCounts(), new ConnectionCounts()];
  there.opened("h2");
  there.opened("h2");
  there.opened("tunnel");
  there.closed("h2");
  here.absorb(there.drain());
  here.absorb(there.drain());
  assert.deepEqual(here.total, { "http/1.1": 0, "h2": 2, "tunnel": 1 });
  assert.deepEqual(here.open, { "http/1.1": 0, "h2": 0, "tunnel": 0 });
  assert.deepEqual(there.open, { "http/1.1": 0, "h2": 1, "tunnel": 1 });
  there.closed("h2");
  assert.equal(there.open["h2"], 0);
});

Deno.test("HandshakeCounts.drain() gives away each handshake once, with the time it took", () => {
  let now = 0;
  const [here, there] = [new HandshakeCounts(), new HandshakeCounts(() => now)];
  const begun = there.begin();
  now = 500;
  there.complete(begun, true);
  there.fail();
  here.absorb(structuredClone(there.drain()));
  here.absorb(there.drain());
  // One that was under way while they were drained.
  now = 750;
  there.complete(begun, false);
  here.absorb(there.drain());
  assert.deepEqual(
    [here.completed, here.resumed, here.failed, here.duration.sum],
    [2, 1, 1, 1.25],
  );
});

Deno.test("Observations.drain() gives away all that is counted, as something that can be sent to another thread", () => {
  const [here, there] = [
    new Observations(() => 1),
    new Observations(() => 2),
  ];
  there.tally.add("limits_hit", "idle");
  there.traffic.begin();
  there.traffic.end(ENDED);
  there.connections.opened("h2");
  there.handshakes.fail();
  there.eventLoopDelay.observe(0.5);
  there.journal.refuse({
    code: "LEAF_EXPIRED",
    detail: "expired",
    address: "192.0.2.1",
    leaf: new Uint8Array([1, 2]),
  });
  for (let i = 0; i < 2; i++) here.absorb(structuredClone(there.drain()));
  assert.equal(here.tally.get("limits_hit", "idle"), 1);
  assert.equal(here.traffic.total, 1);
  assert.equal(here.connections.total["h2"], 1);
  assert.equal(here.handshakes.failed, 1);
  assert.equal(here.eventLoopDelay.sum, 0.5);
  assert.equal(here.journal.refused, 1);
  assert.deepEqual(here.journal.refusals[0]?.leaf, new Uint8Array([1, 2]));
});
