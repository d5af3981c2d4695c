import assert from "node:assert/strict";
import { type Effect, guardAgainstLockout, sumOf } from "../../src/lockout.ts";
import type { LogFields, Logger } from "../../src/log.ts";

const NOT = () => assert.fail("only a warning is expected");

/** What the guard tells of an effect. Throws what it throws. */
function guarded(
  effect: Effect,
  { asked = false, refuseLockout = true } = {},
): LogFields[] {
  const told: LogFields[] = [];
  const log: Logger = {
    debug: NOT,
    info: NOT,
    warning: (_, fields) => void told.push(fields ?? {}),
    error: NOT,
  };
  guardAgainstLockout(effect, { asked, refuseLockout, log });
  return told;
}

const ALL: Effect = { clients: 3, refused: 3, lockedOut: 1 };

Deno.test("guardAgainstLockout() refuses what would refuse every client, unless it was asked for or may", () => {
  assert.throws(() => guarded(ALL), {
    code: "LOCKOUT",
    message: "Cannot take new trust: it would refuse all of the 3 clients " +
      "connected now; SIGHUP takes it all the same",
  });
  const told = [{ clients: 3, refused: 3 }];
  assert.deepEqual(guarded(ALL, { asked: true }), told);
  assert.deepEqual(guarded(ALL, { refuseLockout: false }), told);
});

Deno.test("guardAgainstLockout() takes what leaves one client in, or refuses only those that a CRL names", () => {
  assert.deepEqual(guarded({ ...ALL, clients: 4 }), [
    { clients: 4, refused: 3 },
  ]);
  assert.deepEqual(guarded({ ...ALL, lockedOut: 0 }), [
    { clients: 3, refused: 3 },
  ]);
});

Deno.test("guardAgainstLockout() says nothing where nobody is refused", () => {
  assert.deepEqual(guarded({ clients: 3, refused: 0, lockedOut: 0 }), []);
  assert.deepEqual(guarded({ clients: 0, refused: 0, lockedOut: 0 }), []);
});

Deno.test("sumOf() makes a lock-out of parts only where each part is one or empty", () => {
  const none: Effect = { clients: 0, refused: 0, lockedOut: 0 };
  const spared: Effect = { clients: 1, refused: 0, lockedOut: 0 };
  assert.deepEqual(sumOf([]), none);
  assert.deepEqual(sumOf([ALL, { clients: 2, refused: 1, lockedOut: 1 }]), {
    clients: 5,
    refused: 4,
    lockedOut: 2,
  });
  assert.throws(() => guarded(sumOf([ALL, none])), { code: "LOCKOUT" });
  assert.throws(() => guarded(sumOf([ALL, ALL])), { code: "LOCKOUT" });
  assert.deepEqual(guarded(sumOf([ALL, spared])), [{ clients: 4, refused: 3 }]);
});
