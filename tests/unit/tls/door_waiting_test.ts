import assert from "node:assert/strict";
import { latin1 } from "../../support/octet_reader.ts";
import { TestDoor } from "../../support/door.ts";
import { materialOf } from "../../support/material.ts";
import { createAuthority, type Issued } from "../../support/pki.ts";
import { RawClient } from "../../support/raw_client.ts";
import { root, server } from "../../support/sidecar.ts";
import { eventually, soon, standstill } from "../../support/waiting.ts";

const removed = createAuthority({ commonName: "Removed Root" });
const kept = createAuthority({ commonName: "Kept Root" });
const BOTH = [removed, kept];

const PIECE = new Uint8Array(64 * 1024);
const TOTAL = 1024 * PIECE.length;
/** What may be under way while nobody reads: buffers of the kernel, up to 6 MiB on each side. */
const MOST_UNDER_WAY = 24 * 1024 * 1024;

interface State {
  mayJudge: boolean;
  /** How often the door asked. */
  asked: number;
}

/** Stands between one client and a port, and can say something in the client's name. */
class Injector implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #server: Deno.TcpConn;
  readonly #stop = new AbortController();
  readonly #passing: Promise<void>;

  private constructor(server: Deno.TcpConn) {
    this.#server = server;
    this.#passing = this.#pass();
  }

  static async start(port: number): Promise<Injector> {
    return new Injector(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  async inject(octets: Uint8Array): Promise<void> {
    await this.#server.write(octets);
  }

  async #pass(): Promise<void> {
    const client = await this.#listener.accept();
    const { readable, writable } = this.#server;
    const { signal } = this.#stop;
    await Promise.allSettled([
      readable.pipeTo(client.writable, { signal }),
      client.readable.pipeTo(writable, { signal }),
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.#stop.abort();
    await this.#passing;
  }
}

/** A door that may not judge until it is told so. */
class WaitingDoor implements AsyncDisposable {
  readonly test: TestDoor;
  readonly #clients: RawClient[] = [];
  readonly #state: State;

  private constructor(test: TestDoor, state: State) {
    this.test = test;
    this.#state = state;
  }

  static async open(): Promise<WaitingDoor> {
    const state: State = { mayJudge: false, asked: 0 };
    const test = await TestDoor.open(undefined, {
      authorities: BOTH,
      mayJudge() {
        state.asked++;
        return state.mayJudge;
      },
    });
    return new WaitingDoor(test, state);
  }

  /** A client whose handshake is done, and who waits. */
  async waiting(
    identity: Issued,
    port = this.test.port,
  ): Promise<RawClient> {
    const { asked } = this.#state;
    const client = await RawClient.connect({
      port,
      caCerts: [root.certPem],
      identity,
    });
    this.#clients.push(client);
    await eventually(() => this.#state.asked > asked, "the door to ask");
    return client;
  }

  /** From now on clients may be judged, those who wait too. */
  resume(): void {
    this.#state.mayJudge = true;
    this.test.door.resume();
  }

  /** Trusts only these from now on. */
  async trust(...authorities: readonly Issued[]): Promise<void> {
    this.test.store.swap(await materialOf({ server, authorities }));
  }

  get codes(): string[] {
    return this.test.refusals.map(({ code }) => code);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.test[Symbol.asyncDispose]();
  }
}

Deno.test("a client whose handshake ends while nobody may be judged waits, and what it has said is there when it is let in", async () => {
  await using waiting = await WaitingDoor.open();
  const { test } = waiting;
  const client = await waiting.waiting(kept.issue());
  await client.send("early");
  // Still it is said no.
  test.door.resume();
  assert.deepEqual([test.admitted.length, test.door.handshaking], [0, 1]);
  waiting.resume();
  assert.equal(test.admitted.length, 1);
  assert.equal(test.door.handshaking, 0);
  const octets = await soon(test.admitted[0]!.read(), "what it said");
  assert.equal(octets && latin1(octets), "early");
});

Deno.test("a client who waited is judged by what is trusted when it may be, and not by what was before", async () => {
  await using waiting = await WaitingDoor.open();
  const { test } = waiting;
  const lost = await waiting.waiting(removed.issue());
  await waiting.waiting(kept.issue());
  await waiting.trust(kept);
  assert.deepEqual(waiting.codes, []);
  waiting.resume();
  assert.deepEqual(waiting.codes, ["PATH_NOT_FOUND"]);
  assert.equal(test.admitted.length, 1);
  assert.equal((await soon(lost.rest(), "its end")).text, "");
});

Deno.test("a client who waits is given up when the time for a handshake is over, and not judged after", async () => {
  await using waiting = await WaitingDoor.open();
  const { test } = waiting;
  const client = await waiting.waiting(kept.issue());
  test.clock.advance(TestDoor.HANDSHAKE_TIMEOUT_MS - 1);
  assert.deepEqual(waiting.codes, []);
  test.clock.advance(251);
  assert.deepEqual(waiting.codes, ["HANDSHAKE_TIMEOUT"]);
  assert.equal((await soon(client.rest(), "its end")).text, "");
  waiting.resume();
  assert.deepEqual(waiting.codes, ["HANDSHAKE_TIMEOUT"]);
  assert.deepEqual(test.admitted, []);
  assert.equal(test.clock.running, 0);
});

Deno.test("a client who goes away while it waits leaves nothing, and is not judged after", async () => {
  await using waiting = await WaitingDoor.open();
  const { test } = waiting;
  const client = await waiting.waiting(kept.issue());
  client.close();
  await test.handshaking(0);
  assert.deepEqual(waiting.codes, ["HANDSHAKE_FAILED"]);
  waiting.resume();
  assert.deepEqual(waiting.codes, ["HANDSHAKE_FAILED"]);
  assert.deepEqual(test.admitted, []);
  assert.equal(test.clock.running, 0);
});

Deno.test("a door that closes cuts those who wait", async () => {
  await using waiting = await WaitingDoor.open();
  const client = await waiting.waiting(kept.issue());
  waiting.test.door.close();
  assert.equal((await soon(client.rest(), "its end")).text, "");
  await waiting.test.handshaking(0);
  waiting.resume();
  assert.deepEqual(waiting.test.admitted, []);
});

Deno.test("a client who waits cannot fill the memory, and all that it has said is there when it is let in", async () => {
  await using waiting = await WaitingDoor.open();
  const { test } = waiting;
  const client = await waiting.waiting(kept.issue());
  let sent = 0;
  const sending = (async () => {
    for (; sent < TOTAL; sent += PIECE.length) await client.send(PIECE);
  })();
  assert.ok(await standstill(() => sent) < MOST_UNDER_WAY);
  waiting.resume();
  let taken = 0;
  while (taken < TOTAL) {
    const octets = await soon(test.admitted[0]!.read(), "what it said");
    assert.ok(octets !== null);
    taken += octets.length;
  }
  await sending;
});

Deno.test("a client who breaks the protocol while it waits is refused for that, and not judged after", async () => {
  await using waiting = await WaitingDoor.open();
  await using between = await Injector.start(waiting.test.port);
  await waiting.waiting(kept.issue(), between.port);
  await between.inject(Uint8Array.of(23, 3, 3, 0, 4, 1, 2, 3, 4));
  await waiting.test.handshaking(0);
  waiting.resume();
  assert.deepEqual(waiting.codes, ["HANDSHAKE_FAILED"]);
  assert.deepEqual(waiting.test.admitted, []);
});
