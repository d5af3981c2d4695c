import assert from "node:assert/strict";
import {
  Connections,
  type Grounds,
  type LiveConnection,
} from "../../src/connections.ts";
import { Deadlines } from "../../src/deadlines.ts";
import { ManualClock } from "../support/manual_clock.ts";

const DRAIN = 30_000;
/** Deadlines are looked at now and then, and may be so late. */
const LATE = 500;

/** Notes what is done with it. */
class FakeConnection implements LiveConnection {
  readonly calls: string[] = [];
  retire(): void {
    this.calls.push("retire");
  }
  revoke(): void {
    this.calls.push("revoke");
  }
  destroy(): void {
    this.calls.push("destroy");
  }
}

class Registry {
  readonly clock = new ManualClock();
  /** The wall clock, which need not go as the other does. */
  now = 1_000_000;
  expired = 0;
  /** What is left of grounds: nothing, unless a test says otherwise. */
  rejudge: (grounds: Grounds) => Grounds | undefined = () => undefined;
  readonly connections = new Connections<Grounds>({
    deadlines: new Deadlines(this.clock),
    drainMs: DRAIN,
    now: () => this.now,
    rejudge: (grounds) => this.rejudge(grounds),
    onExpired: () => this.expired++,
  });

  add(grounds: Grounds = { notAfter: Infinity }): FakeConnection {
    const connection = new FakeConnection();
    this.connections.add(connection, grounds);
    return connection;
  }

  advance(ms: number): void {
    this.now += ms;
    this.clock.advance(ms);
  }
}

Deno.test("Connections revokes those alone whose grounds do not stand, asking once for each", () => {
  const registry = new Registry();
  const gone = { notAfter: Infinity };
  const kept = { notAfter: Infinity };
  const revoked = [registry.add(gone), registry.add(gone)];
  const other = registry.add(kept);
  const asked: Grounds[] = [];
  registry.rejudge = (grounds) => {
    asked.push(grounds);
    return grounds === gone ? undefined : grounds;
  };
  const count = registry.connections.reconsider();
  assert.equal(count, 2);
  assert.deepEqual(asked.length, 2);
  assert.deepEqual(revoked.map(({ calls }) => calls), [["revoke"], ["revoke"]]);
  assert.deepEqual(other.calls, []);
});

Deno.test("Connections cuts a revoked connection that takes too long to finish", () => {
  const registry = new Registry();
  const connection = registry.add();
  registry.connections.reconsider();
  registry.advance(DRAIN - 1);
  assert.deepEqual(connection.calls, ["revoke"]);
  registry.advance(1 + LATE);
  assert.deepEqual(connection.calls, ["revoke", "destroy"]);
});

Deno.test("Connections does not begin the limit anew when trust shrinks again", () => {
  const registry = new Registry();
  const connection = registry.add();
  assert.equal(registry.connections.reconsider(), 1);
  registry.advance(DRAIN - 1000);
  assert.equal(registry.connections.reconsider(), 0);
  registry.advance(1000 + LATE);
  assert.deepEqual(connection.calls, ["revoke", "destroy"]);
});

Deno.test("Connections revokes a connection when its grounds have expired, and not before", () => {
  const registry = new Registry();
  const connection = registry.add({ notAfter: registry.now + 5000 });
  registry.advance(5000);
  assert.deepEqual(connection.calls, []);
  registry.advance(1 + LATE);
  assert.deepEqual(connection.calls, ["revoke"]);
  assert.equal(registry.expired, 1);
});

Deno.test("Connections waits on where the wall clock was set back", () => {
  const registry = new Registry();
  const connection = registry.add({ notAfter: registry.now + 5000 });
  registry.now -= 3000;
  registry.advance(5000 + LATE);
  assert.deepEqual(connection.calls, []);
  registry.advance(3000 + LATE);
  assert.deepEqual(connection.calls, ["revoke"]);
});

Deno.test("Connections lets a connection rest on other grounds, and for their time", () => {
  const registry = new Registry();
  const connection = registry.add({ notAfter: registry.now + 5000 });
  const renewed = { notAfter: registry.now + 9000 };
  registry.rejudge = () =>
    registry.now > renewed.notAfter ? undefined : renewed;
  assert.equal(registry.connections.reconsider(), 0);
  assert.deepEqual([...registry.connections.grounds], [renewed]);
  registry.advance(5000 + LATE);
  assert.deepEqual(connection.calls, []);
  registry.advance(4000 + LATE);
  assert.deepEqual(connection.calls, ["revoke"]);
});

Deno.test("Connections looks for other grounds when those of a connection expire", () => {
  const registry = new Registry();
  const connection = registry.add({ notAfter: registry.now + 5000 });
  registry.rejudge = () => ({ notAfter: registry.now + 60_000 });
  registry.advance(5000 + LATE);
  assert.deepEqual(connection.calls, []);
  assert.equal(registry.expired, 0);
});

Deno.test("Connections trusts no connection whose grounds are past by the wall clock, revoked or unknown", () => {
  const registry = new Registry();
  const connection = registry.add({ notAfter: registry.now + 5000 });
  assert.ok(registry.connections.trusts(connection));
  registry.now += 5001;
  assert.ok(!registry.connections.trusts(connection));
  registry.now -= 5001;
  registry.connections.reconsider();
  assert.ok(!registry.connections.trusts(connection));
  assert.ok(!registry.connections.trusts(new FakeConnection()));
});

Deno.test("Connections does not count the grounds of revoked connections", () => {
  const registry = new Registry();
  registry.add();
  assert.equal(registry.connections.grounds.size, 1);
  registry.connections.reconsider();
  assert.equal(registry.connections.grounds.size, 0);
});

Deno.test("Connections forgets a connection that has ended, and leaves no timer", () => {
  const registry = new Registry();
  const connection = registry.add({ notAfter: registry.now + 1 });
  registry.connections.delete(connection);
  registry.connections.delete(connection);
  registry.advance(DRAIN);
  assert.deepEqual(connection.calls, []);
  assert.equal(registry.connections.size, 0);
  assert.equal(registry.clock.running, 0);
});

Deno.test("Connections retires and cuts them all", () => {
  const registry = new Registry();
  const all = [registry.add(), registry.add()];
  registry.connections.retireAll();
  registry.connections.destroyAll();
  for (const { calls } of all) assert.deepEqual(calls, ["retire", "destroy"]);
});
