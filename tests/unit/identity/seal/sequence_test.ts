import assert from "node:assert/strict";
import { SequenceNumbers } from "../../../../src/identity/seal/sequence.ts";
import { START_MS } from "./support.ts";

Deno.test("a sequence begins with the microseconds of its start, and grows by one", () => {
  const numbers = new SequenceNumbers(0, START_MS);
  assert.equal(numbers.next(), "1780272000000000");
  assert.equal(numbers.next(), "1780272000000001");
});

Deno.test("the worker stands in the top eight bits", () => {
  const numbers = new SequenceNumbers(255, START_MS);
  const first = BigInt(numbers.next());
  assert.equal(first >> 56n, 255n);
  assert.equal(first & (1n << 56n) - 1n, BigInt(START_MS) * 1000n);
  assert.ok(first < 1n << 64n);
});

Deno.test("a sequence carries where nine digits end", () => {
  for (const [startMs, first] of [[0, 0n], [999_999, 999_999_000n]] as const) {
    const numbers = new SequenceNumbers(0, startMs);
    for (let n = 0n; n < 2_000n; n++) {
      assert.equal(numbers.next(), String(first + n));
    }
  }
});

Deno.test("a restart a millisecond later begins above a thousand requests", () => {
  const numbers = new SequenceNumbers(3, START_MS);
  let last = 0n;
  for (let n = 0; n < 1_000; n++) last = BigInt(numbers.next());
  const restarted = new SequenceNumbers(3, START_MS + 1);
  assert.ok(BigInt(restarted.next()) > last);
});

Deno.test("the bits under the worker hold a thousand years of 50,000 requests a second", () => {
  const requests = 50_000n * 60n * 60n * 24n * 366n * 1_000n;
  assert.ok(BigInt(START_MS) * 1000n + requests < 1n << 56n);
});

Deno.test("a worker that does not fit is refused", () => {
  for (const worker of [-1, 256, 1.5, NaN]) {
    assert.throws(() => new SequenceNumbers(worker, 0), RangeError);
  }
});
