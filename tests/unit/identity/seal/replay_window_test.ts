import assert from "node:assert/strict";
import fc from "fast-check";
import {
  ReplayWindow,
  Senders,
  workerOf,
} from "../../../../src/identity/seal/replay_window.ts";

const FIRST = (1n << 63n) + 12_345n;

Deno.test("a window takes a growing sequence, each number once", () => {
  const window = new ReplayWindow(FIRST);
  assert.equal(window.take(FIRST), "replayed");
  for (let n = 1n; n < 5_000n; n++) {
    assert.equal(window.take(FIRST + n), "fresh");
    assert.equal(window.take(FIRST + n), "replayed");
  }
});

Deno.test("a window takes what comes late once, while it is less than 1,024 behind", () => {
  const window = new ReplayWindow(FIRST);
  assert.equal(window.take(FIRST + 2_000n), "fresh");
  assert.equal(window.take(FIRST + 977n), "fresh");
  assert.equal(window.take(FIRST + 977n), "replayed");
  assert.equal(window.take(FIRST + 976n), "behind-window");
  assert.equal(window.take(FIRST), "behind-window");
  assert.equal(window.take(0n), "behind-window");
});

Deno.test("a window takes the greatest number there is", () => {
  const window = new ReplayWindow(0n);
  const greatest = (1n << 64n) - 1n;
  assert.equal(window.take(greatest), "fresh");
  assert.equal(window.take(greatest), "replayed");
  assert.equal(window.take(greatest - 1_023n), "fresh");
  assert.equal(window.take(greatest - 1_024n), "behind-window");
});

Deno.test("a window says of any order of numbers what a set of all of them says", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.integer({ min: 0, max: 50 }),
          fc.integer({ min: 0, max: 5_000 }),
        ),
        { minLength: 1, maxLength: 300 },
      ),
      ([first, ...rest]) => {
        const window = new ReplayWindow(BigInt(first!));
        const seen = new Set([first!]);
        let newest = first!;
        for (const number of rest) {
          const expected = number <= newest - 1_024
            ? "behind-window"
            : seen.has(number)
            ? "replayed"
            : "fresh";
          assert.equal(window.take(BigInt(number)), expected);
          seen.add(number);
          newest = Math.max(newest, number);
        }
      },
    ),
  );
});

Deno.test("a sender is a keyid and a worker", () => {
  const senders = new Senders({ maxSenders: 10 });
  const take = (keyId: string, sequence: bigint) =>
    senders.take({ keyId, sequence, created: 100 }, 70);
  assert.equal(take("a", 5_000n), "fresh");
  assert.equal(take("b", 5_000n), "fresh");
  assert.equal(take("a", (1n << 56n) + 1n), "fresh");
  assert.equal(workerOf((1n << 56n) + 1n), 1);
  assert.equal(take("a", 5_000n), "replayed");
  assert.equal(take("b", 5_000n), "replayed");
  assert.equal(take("a", 1n), "behind-window");
});

Deno.test("with no room for a sender it is refused, until all of another one's requests are too old", () => {
  const senders = new Senders({ maxSenders: 2 });
  const take = (keyId: string, created: number, oldest: number) =>
    senders.take({ keyId, sequence: 9n, created }, oldest);
  assert.equal(take("a", 100, 70), "fresh");
  assert.equal(take("b", 120, 90), "fresh");
  assert.equal(take("c", 130, 100), "senders");
  assert.equal(take("a", 100, 100), "replayed");
  assert.equal(take("c", 131, 101), "fresh");
  assert.equal(take("b", 120, 101), "replayed");
});

Deno.test("a sender is remembered by the newest of its requests", () => {
  const senders = new Senders({ maxSenders: 1 });
  const take = (keyId: string, sequence: bigint, created: number) =>
    senders.take({ keyId, sequence, created }, 110);
  assert.equal(take("a", 9n, 100), "fresh");
  assert.equal(take("a", 10n, 110), "fresh");
  assert.equal(take("a", 8n, 105), "fresh");
  assert.equal(take("b", 1n, 110), "senders");
});
