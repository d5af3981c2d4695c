import assert from "node:assert/strict";
import { Deadlines } from "../../../src/deadlines.ts";
import type { UpstreamConnection } from "../../../src/upstream/connection.ts";
import { UpstreamPool } from "../../../src/upstream/pool.ts";
import { FakeTcp, settled } from "../../support/fake_tcp.ts";
import { ManualClock } from "../../support/manual_clock.ts";

const ADDRESS = { hostname: "app.example", port: 8080 };

class Fixture {
  readonly clock = new ManualClock();
  readonly opened: FakeTcp[] = [];
  readonly pool = new UpstreamPool({
    address: ADDRESS,
    deadlines: new Deadlines(this.clock),
    connect: () => {
      const tcp = new FakeTcp();
      this.opened.push(tcp);
      return Promise.resolve(tcp);
    },
  });

  /** A connection that has answered a request, given back. */
  async used(): Promise<{ connection: UpstreamConnection; tcp: FakeTcp }> {
    const connection = await this.pool.connect();
    const tcp = this.opened.at(-1)!;
    tcp.arrive("HTTP/1.1 204 No Content\r\n\r\n");
    await connection.readHead("GET");
    connection.body.begin(connection.head.framing);
    return { connection, tcp };
  }
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

Deno.test("UpstreamPool closes what was idle for 4 s", async () => {
  const fixture = new Fixture();
  const { connection, tcp } = await fixture.used();
  fixture.pool.give(connection);
  fixture.clock.advance(3900);
  assert.equal(fixture.pool.idle, 1);
  fixture.clock.advance(600);
  assert.equal(fixture.pool.idle, 0);
  assert.equal(tcp.closed, 1);
  assert.equal(fixture.clock.running, 0);
});

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
