import assert from "node:assert/strict";
import fc from "fast-check";
import {
  mostWorkers,
  SHARED_LIMITS,
  sharesOf,
} from "../../../src/config/shared_limits.ts";

const NAMES = Object.values(SHARED_LIMITS);

/** The same value for each limit. */
function limitsOf(limit: number) {
  return {
    maxConnections: limit,
    maxHandshakes: limit,
    maxConnectionsPerAddress: limit,
    upstreamMaxConnections: limit,
  };
}

/** What each of `count` workers has of a limit. */
function sharesOfAll(limit: number, count: number): number[][] {
  return Array.from({ length: count }, (_, index) => {
    const shares = sharesOf(limitsOf(limit), { index, count });
    assert.deepEqual(Object.keys(shares).toSorted(), NAMES.toSorted());
    return NAMES.map((name) => shares[name]!);
  });
}

Deno.test("sharesOf() gives shares that add up to the limit, none larger than another by more than one", () => {
  const limit = fc.integer({ min: 0, max: 1_000_000 });
  const count = fc.integer({ min: 1, max: 256 });
  fc.assert(fc.property(limit, count, (limit, count) => {
    const all = sharesOfAll(limit, count);
    for (const index of NAMES.keys()) {
      const shares = all.map((shares) => shares[index]!);
      assert.equal(shares.reduce((sum, share) => sum + share, 0), limit);
      assert.ok(Math.max(...shares) - Math.min(...shares) <= 1);
    }
  }));
});

Deno.test("sharesOf() leaves each worker at least one of a limit that all can be given of", () => {
  const count = fc.integer({ min: 1, max: 256 });
  const more = fc.integer({ min: 0, max: 1000 });
  fc.assert(fc.property(count, more, (count, more) => {
    for (const share of sharesOfAll(count + more, count).flat()) {
      assert.ok(share >= 1);
    }
  }));
});

Deno.test("sharesOf() leaves no limit what it is", () => {
  for (const share of sharesOfAll(0, 3).flat()) assert.equal(share, 0);
});

Deno.test("sharesOf() shares each limit by itself", () => {
  const limits = {
    maxConnections: 10,
    maxHandshakes: 7,
    maxConnectionsPerAddress: 0,
    upstreamMaxConnections: 3,
  };
  assert.deepEqual(sharesOf(limits, { index: 0, count: 3 }), {
    maxConnections: 4,
    maxHandshakes: 3,
    maxConnectionsPerAddress: 0,
    upstreamMaxConnections: 1,
  });
  assert.deepEqual(sharesOf(limits, { index: 2, count: 3 }), {
    maxConnections: 3,
    maxHandshakes: 2,
    maxConnectionsPerAddress: 0,
    upstreamMaxConnections: 1,
  });
});

Deno.test("mostWorkers() is the smallest limit, and what is none does not count", () => {
  assert.equal(mostWorkers(limitsOf(5)), 5);
  for (const name of NAMES) {
    assert.equal(mostWorkers({ ...limitsOf(9), [name]: 2 }), 2);
    assert.equal(mostWorkers({ ...limitsOf(9), [name]: 0 }), 9);
  }
  assert.equal(mostWorkers(limitsOf(0)), Infinity);
});
