import assert from "node:assert/strict";
import { Deadlines } from "../../../src/deadlines.ts";
import type { UpstreamConnection } from "../../../src/upstream/connection.ts";
import {
  UpstreamPool,
  type UpstreamPoolOptions,
} from "../../../src/upstream/pool.ts";
import { FakeTcp, settled } from "../../support/fake_tcp.ts";
import { ManualClock } from "../../support/manual_clock.ts";

class Fixture {
  readonly clock = new ManualClock();
  readonly opened: FakeTcp[] = [];
  readonly pool: UpstreamPool;
  /** What the next connections fail with. */
  failure: Error | undefined;

  constructor(options: Partial<UpstreamPoolOptions> = {}) {
    this.pool = new UpstreamPool({
      address: { scheme: "http", hostname: "app.example", port: 8080 },
      deadlines: new Deadlines(this.clock),
      sockets: {
        tcp: () => {
          if (this.failure !== undefined) return Promise.reject(this.failure);
          const tcp = new FakeTcp();
          this.opened.push(tcp);
          return Promise.resolve(tcp);
        },
        unix: () => Promise.reject(new Error("not in use")),
      },
      ...options,
    });
  }

  /** A connection that has answered a request, given back. */
  async used(): Promise<{ connection: UpstreamConnection; tcp: FakeTcp }> {
    const connection = await this.pool.connect();
    const tcp = this.opened.at(-1)!;
    await answer(connection, tcp);
    return { connection, tcp };
  }
}

/** Lets the request in hand be answered whole. */
async function answer(
  connection: UpstreamConnection,
  tcp: FakeTcp,
): Promise<void> {
  tcp.arrive("HTTP/1.1 204 No Content\r\n\r\n");
  await connection.readHead("GET");
  connection.body.begin(connection.head.framing);
}

Deno.test("UpstreamPool has no idle connection at first", () => {
  assert.equal(new Fixture().pool.take(), undefined);
});

Deno.test("UpstreamPool gives the connection that was used last", async () => {
  const fixture = new Fixture();
  const first = await fixture.used();
  const second = await fixture.used();
  fixture.pool.give(second.connection);
  fixture.pool.give(first.connection);
  assert.equal(fixture.pool.idle, 2);
  assert.equal(fixture.pool.take(), first.connection);
  assert.equal(first.connection.reused, true);
  assert.equal(fixture.pool.idle, 1);
  first.connection.destroy();
  fixture.pool.close();
});

for (const ms of [undefined, 9000]) {
  Deno.test(`UpstreamPool closes what was idle for ${ms ?? 4000} ms`, async () => {
    const fixture = new Fixture(ms === undefined ? {} : { idleTimeoutMs: ms });
    const { connection, tcp } = await fixture.used();
    fixture.pool.give(connection);
    fixture.clock.advance((ms ?? 4000) - 100);
    assert.equal(fixture.pool.idle, 1);
    fixture.clock.advance(600);
    assert.equal(fixture.pool.idle, 0);
    assert.equal(tcp.closed, 1);
    assert.equal(fixture.clock.running, 0);
  });
}

Deno.test("UpstreamPool forgets a connection that the application closes", async () => {
  const fixture = new Fixture();
  const first = await fixture.used();
  const second = await fixture.used();
  fixture.pool.give(first.connection);
  fixture.pool.give(second.connection);
  first.tcp.arrive(null);
  await settled();
  assert.equal(fixture.pool.idle, 1);
  assert.equal(fixture.pool.take(), second.connection);
  assert.equal(fixture.pool.take(), undefined);
  second.connection.destroy();
});

Deno.test("UpstreamPool does not let an idle deadline cut a request", async () => {
  const fixture = new Fixture();
  const { connection, tcp } = await fixture.used();
  fixture.pool.give(connection);
  assert.equal(fixture.pool.take(), connection);
  fixture.clock.advance(60_000);
  assert.equal(tcp.closed, 0);
  connection.destroy();
});

Deno.test("UpstreamPool keeps no connection whose response is not whole", async () => {
  const fixture = new Fixture();
  const connection = await fixture.pool.connect();
  const tcp = fixture.opened[0]!;
  tcp.arrive("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
  await connection.readHead("GET");
  connection.body.begin(connection.head.framing);
  fixture.pool.give(connection);
  assert.equal(fixture.pool.idle, 0);
  assert.equal(tcp.closed, 1);
});

Deno.test("UpstreamPool keeps at most 256 idle connections", async () => {
  const fixture = new Fixture();
  const all = [];
  for (let i = 0; i < 257; i++) all.push(await fixture.used());
  for (const { connection } of all) fixture.pool.give(connection);
  assert.equal(fixture.pool.idle, 256);
  assert.equal(all.at(-1)?.tcp.closed, 1);
  fixture.pool.close();
});

Deno.test("UpstreamPool.close() closes what is idle, and what is given back later", async () => {
  const fixture = new Fixture();
  const idle = await fixture.used();
  const busy = await fixture.used();
  fixture.pool.give(idle.connection);
  fixture.pool.close();
  assert.equal(idle.tcp.closed, 1);
  assert.equal(busy.tcp.closed, 0, "its request is still under way");
  fixture.pool.give(busy.connection);
  assert.equal(busy.tcp.closed, 1);
  assert.equal(fixture.pool.idle, 0);
});

Deno.test("UpstreamPool counts its connections, until they are closed", async () => {
  const fixture = new Fixture();
  const first = await fixture.used();
  const second = fixture.pool.connect();
  assert.equal(fixture.pool.size, 2, "one of them is being made");
  fixture.pool.give(first.connection);
  assert.equal(fixture.pool.size, 2);
  (await second).destroy();
  assert.equal(fixture.pool.size, 1);
  fixture.pool.close();
  assert.equal(fixture.pool.size, 0);
});

Deno.test("UpstreamPool does not count a connection that could not be made", async () => {
  const fixture = new Fixture({ maxConnections: 1 });
  fixture.failure = new Error("refused");
  for (const _ of [1, 2, 3]) {
    await assert.rejects(fixture.pool.connect(), {
      code: "UPSTREAM_CONNECT_FAILED",
    });
  }
  assert.equal(fixture.pool.size, 0);
});

Deno.test("UpstreamPool tries an application that failed again at once", async () => {
  const fixture = new Fixture();
  fixture.failure = new Error("refused");
  for (let i = 0; i < 50; i++) await assert.rejects(fixture.pool.connect());
  fixture.failure = undefined;
  (await fixture.pool.connect()).destroy();
});

Deno.test("UpstreamPool lets those beyond its limit wait their turn", async () => {
  const fixture = new Fixture({ maxConnections: 1 });
  const { connection, tcp } = await fixture.used();
  const order: number[] = [];
  const waiting = [1, 2, 3].map(async (who) => {
    const got = await fixture.pool.connect();
    order.push(who);
    assert.equal(got, connection);
    assert.equal(got.reused, true);
    await answer(got, tcp);
    fixture.pool.give(got);
  });
  assert.equal(fixture.pool.waiting, 3);
  fixture.pool.give(connection);
  assert.equal(fixture.pool.idle, 0, "it went to the one who waited");
  await Promise.all(waiting);
  assert.deepEqual(order, [1, 2, 3]);
  assert.equal(fixture.opened.length, 1);
  assert.equal(fixture.pool.idle, 1);
  fixture.pool.close();
  assert.equal(fixture.clock.running, 0, "no deadline is left");
});

Deno.test("UpstreamPool makes a connection for whoever waits when one is closed", async () => {
  const fixture = new Fixture({ maxConnections: 1 });
  const { connection } = await fixture.used();
  const waiting = fixture.pool.connect();
  connection.destroy();
  const got = await waiting;
  assert.notEqual(got, connection);
  assert.equal(got.reused, false);
  assert.equal(fixture.pool.size, 1);
  got.destroy();
});

Deno.test("UpstreamPool tells each who waits where the application is gone", async () => {
  const fixture = new Fixture({ maxConnections: 1 });
  const { connection } = await fixture.used();
  const waiting = [1, 2, 3].map(() => fixture.pool.connect());
  fixture.failure = new Error("refused");
  connection.destroy();
  for (const each of await Promise.allSettled(waiting)) {
    assert.equal(each.status, "rejected");
  }
  assert.equal(fixture.pool.size, 0);
  assert.equal(fixture.pool.waiting, 0);
});

Deno.test("UpstreamPool lets nobody wait longer than waitTimeoutMs", async () => {
  const fixture = new Fixture({ maxConnections: 1, waitTimeoutMs: 2000 });
  const { connection } = await fixture.used();
  const early = fixture.pool.connect();
  fixture.clock.advance(1500);
  const late = fixture.pool.connect();
  fixture.clock.advance(1000);
  await assert.rejects(early, {
    name: "SidecarError",
    code: "UPSTREAM_BUSY",
    message:
      "Cannot get a connection to the application: 1 connections are in use",
  });
  assert.equal(fixture.pool.waiting, 1);
  fixture.pool.give(connection);
  assert.equal(await late, connection);
  connection.destroy();
});

Deno.test("UpstreamPool.refresh() closes what is idle, and lets requests in hand finish", async () => {
  const fixture = new Fixture();
  const idle = await fixture.used();
  const busy = await fixture.used();
  fixture.pool.give(idle.connection);
  fixture.pool.refresh();
  assert.equal(idle.tcp.closed, 1);
  assert.equal(busy.tcp.closed, 0);
  fixture.pool.give(busy.connection);
  assert.equal(busy.tcp.closed, 1, "and then it is not used again");
  const after = await fixture.used();
  fixture.pool.give(after.connection);
  assert.equal(fixture.pool.take(), after.connection);
  after.connection.destroy();
});

Deno.test("UpstreamPool.refresh() concerns a connection that is being made", async () => {
  const fixture = new Fixture();
  const making = fixture.pool.connect();
  fixture.pool.refresh();
  const connection = await making;
  await answer(connection, fixture.opened[0]!);
  fixture.pool.give(connection);
  assert.equal(fixture.opened[0]!.closed, 1);
});

Deno.test("UpstreamPool asks for TLS with every connection", async () => {
  let asked = 0;
  const fixture = new Fixture({
    address: { scheme: "https", hostname: "app.example", port: 8443 },
    tls: () => {
      asked++;
      return { secure: (tcp) => Promise.resolve(tcp) };
    },
  });
  for (const count of [1, 2]) {
    (await fixture.pool.connect()).destroy();
    assert.equal(asked, count);
  }
});

Deno.test("UpstreamPool.close() lets nobody wait any longer", async () => {
  const fixture = new Fixture({ maxConnections: 1 });
  const { connection } = await fixture.used();
  const waiting = fixture.pool.connect();
  fixture.pool.close();
  await assert.rejects(waiting, { code: "UPSTREAM_BUSY" });
  connection.destroy();
  assert.equal(fixture.pool.size, 0);
});
