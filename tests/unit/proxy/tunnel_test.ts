import assert from "node:assert/strict";
import { Deadlines } from "../../../src/deadlines.ts";
import { SidecarError } from "../../../src/errors.ts";
import type { MessageBody } from "../../../src/http/body_reader.ts";
import { Tunnel, type TunnelEnd } from "../../../src/proxy/tunnel.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { latin1, octetsOf } from "../../support/octet_reader.ts";

const IDLE_MS = 60_000, HALF_CLOSED_MS = 10_000;

/** Lets all run that can. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** One end, played by the test. */
class FakeEnd implements TunnelEnd {
  sent = "";
  endings = 0;
  destroyed = 0;
  /** While set, what is sent is not taken. */
  stuck: PromiseWithResolvers<void> | undefined;
  readonly #arrived: (string | null | Error)[] = [];
  #waiter: PromiseWithResolvers<void> | undefined;
  #done = false;
  reads = 0;

  readonly body: MessageBody = {
    done: false,
    taken: 0,
    trailers: undefined,
    take: () => {
      if (this.#done) return null;
      const next = this.#arrived.shift();
      if (next instanceof Error) throw next;
      if (next !== null) return next === undefined ? next : octetsOf(next);
      this.#done = true;
      return null;
    },
    more: () => {
      this.reads++;
      if (this.#arrived.length > 0) return Promise.resolve();
      this.#waiter = Promise.withResolvers();
      return this.#waiter.promise;
    },
  };

  arrive(...events: (string | null | Error)[]): void {
    this.#arrived.push(...events);
    this.#waiter?.resolve();
  }

  send(octets: Uint8Array): Promise<void> | undefined {
    this.sent += latin1(octets);
    return this.stuck?.promise;
  }

  endSending(): undefined {
    this.endings++;
  }

  destroy(): void {
    this.destroyed++;
    this.stuck?.resolve();
    this.arrive(new SidecarError("UPSTREAM_CLOSED", "Cannot read: closed"));
  }
}

function fixture(idleMs = IDLE_MS) {
  const clock = new ManualClock();
  const client = new FakeEnd();
  const upstream = new FakeEnd();
  const tunnel = new Tunnel({
    client,
    upstream,
    deadlines: new Deadlines(clock),
    idleMs,
    halfClosedMs: HALF_CLOSED_MS,
  });
  let outcome: string | undefined;
  tunnel.run().then(
    () => outcome = "ended",
    (error) => outcome = error.code ?? error.message,
  );
  return { clock, client, upstream, tunnel, outcome: () => outcome };
}

Deno.test("Tunnel carries octets both ways, and ends when both sides have", async () => {
  const { client, upstream, outcome } = fixture();
  client.arrive("one", "two");
  upstream.arrive("three");
  await settled();
  assert.deepEqual([upstream.sent, client.sent], ["onetwo", "three"]);
  client.arrive(null);
  await settled();
  assert.deepEqual([upstream.endings, client.endings], [1, 0]);
  assert.equal(outcome(), undefined);
  upstream.arrive("four", null);
  await settled();
  assert.deepEqual([client.sent, client.endings], ["threefour", 1]);
  assert.equal(outcome(), "ended");
  assert.deepEqual([client.destroyed, upstream.destroyed], [0, 0]);
});

Deno.test("Tunnel reads no more from a side while the other does not take what came, but goes on the other way", async () => {
  const { client, upstream } = fixture();
  upstream.stuck = Promise.withResolvers();
  client.arrive("one");
  await settled();
  const { reads } = client;
  client.arrive("two");
  upstream.arrive("back");
  await settled();
  assert.deepEqual([upstream.sent, client.reads], ["one", reads]);
  assert.equal(client.sent, "back");
  const { resolve } = upstream.stuck;
  upstream.stuck = undefined;
  resolve();
  await settled();
  assert.equal(upstream.sent, "onetwo");
});

Deno.test("Tunnel cuts both sides where one breaks, and says why", async () => {
  for (const which of ["client", "upstream"] as const) {
    const parts = fixture();
    parts[which].arrive(new SidecarError("CLIENT_GONE", "Cannot read: gone"));
    await settled();
    assert.equal(parts.outcome(), "CLIENT_GONE");
    assert.ok(parts.client.destroyed > 0 && parts.upstream.destroyed > 0);
  }
});

Deno.test("Tunnel.cut() ends it, also while a side does not take what is sent", async () => {
  const { client, upstream, tunnel, outcome } = fixture();
  client.stuck = Promise.withResolvers();
  upstream.arrive("one");
  await settled();
  tunnel.cut(new SidecarError("CLIENT_GONE", "Cannot go on: gone"));
  await settled();
  assert.equal(outcome(), "CLIENT_GONE");
});

Deno.test("Tunnel is cut when nothing moves for too long, and either direction counts", async () => {
  const { clock, client, upstream, outcome } = fixture();
  for (const end of [client, upstream, client]) {
    clock.advance(IDLE_MS - 1000);
    end.arrive("x");
    await settled();
    assert.equal(outcome(), undefined);
  }
  clock.advance(IDLE_MS + 1000);
  await settled();
  assert.equal(outcome(), "TUNNEL_IDLE");
});

Deno.test("Tunnel waits less long once a side has ended", async () => {
  const { clock, client, upstream, outcome } = fixture();
  client.arrive(null);
  await settled();
  clock.advance(HALF_CLOSED_MS - 1000);
  upstream.arrive("x");
  await settled();
  assert.equal(outcome(), undefined);
  clock.advance(HALF_CLOSED_MS + 1000);
  await settled();
  assert.equal(outcome(), "TUNNEL_IDLE");
});

Deno.test("Tunnel waits as long as it takes where there is no limit", async () => {
  const { clock, client, upstream, outcome } = fixture(Infinity);
  clock.advance(1e9);
  await settled();
  assert.equal(outcome(), undefined);
  client.arrive(null);
  upstream.arrive(null);
  await settled();
  assert.equal(outcome(), "ended");
});

Deno.test("Tunnel leaves no deadline behind", async () => {
  const { clock, client, upstream, outcome } = fixture();
  client.arrive(null);
  upstream.arrive(null);
  await settled();
  clock.advance(1e9);
  await settled();
  assert.equal(outcome(), "ended");
  assert.deepEqual([client.destroyed, upstream.destroyed], [0, 0]);
});
