import assert from "node:assert/strict";
import { Deadlines } from "../../../src/deadlines.ts";
import type {
  ConnectionLimits,
  ConnectionLimitsOptions,
  Occupant,
} from "../../../src/net/connection_limits.ts";
import type { Limit } from "../../../src/tally.ts";
import { limits } from "../../support/limits.ts";
import { ManualClock } from "../../support/manual_clock.ts";

/** How often the deadlines are looked at, in milliseconds. */
const SWEEP_MS = 250;

/** How many sweeps a handshake has, once others wait. */
const SILENT = 2;
const TALKING = 4;

/** A connection that closes at once when it is told to. */
class Client implements Occupant {
  silent = true;
  gaveWay = false;
  readonly #limits: ConnectionLimits;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  giveWay(): void {
    this.gaveWay = true;
    this.destroy();
  }

  destroy(): void {
    this.#limits.settle(this);
    this.#limits.leave(this);
  }
}

class Scene {
  readonly clock = new ManualClock();
  readonly hits: Limit[] = [];
  readonly limits: ConnectionLimits;
  rooms = 0;

  constructor(options: Partial<ConnectionLimitsOptions>) {
    this.limits = limits(new Deadlines(this.clock), {
      onLimit: (limit) => this.hits.push(limit),
      onRoom: () => this.rooms++,
      ...options,
    });
  }

  /** A connection comes for which there is no room, and so long is waited for it. */
  wait(sweeps: number): void {
    assert.equal(this.limits.hasRoom(), false, "there is room already");
    for (let sweep = 0; sweep < sweeps; sweep++) this.clock.advance(SWEEP_MS);
  }

  /** A connection that enters, as one that was accepted does. */
  come(how: "silent" | "talking" | "established"): Client {
    assert.ok(this.limits.hasRoom(), "it would have to wait");
    const client = new Client(this.limits);
    client.silent = how === "silent";
    this.limits.enter(client);
    if (how === "established") this.limits.settle(client);
    return client;
  }
}

Deno.test("ConnectionLimits has no room beyond maxConnections until one has ended", () => {
  const scene = new Scene({ maxConnections: 2 });
  const first = scene.come("established");
  assert.deepEqual(scene.hits, []);
  scene.come("established");
  assert.equal(scene.limits.size, 2);
  assert.deepEqual(scene.hits, ["connections"]);
  assert.equal(scene.limits.hasRoom(), false);
  const { rooms } = scene;
  first.destroy();
  assert.ok(scene.rooms > rooms, "the listener is told");
  scene.come("established");
  assert.deepEqual(scene.hits, ["connections", "connections"]);
});

Deno.test("ConnectionLimits counts a connection until it is closed, once", () => {
  const { limits, ...scene } = new Scene({});
  assert.equal(scene.hits.length, 0);
  const client = new Client(limits);
  limits.enter(client);
  assert.deepEqual([limits.size, limits.handshaking], [1, 1]);
  assert.equal(limits.isHandshaking(client), true);
  assert.equal(limits.settle(client), true);
  assert.equal(limits.settle(client), false);
  assert.equal(limits.isHandshaking(client), false);
  assert.deepEqual([limits.size, limits.handshaking], [1, 0]);
  limits.leave(client);
  limits.leave(client);
  assert.equal(limits.size, 0);
});

Deno.test("ConnectionLimits lets the oldest handshake that is silent give way to a newcomer", () => {
  const scene = new Scene({ maxHandshakes: 3 });
  const talking = scene.come("talking");
  const [older, newer] = [scene.come("silent"), scene.come("silent")];
  assert.deepEqual(scene.hits, ["handshakes"]);
  scene.wait(SILENT - 1);
  assert.equal(scene.limits.hasRoom(), false, "their hello may be on its way");
  scene.wait(1);
  scene.come("talking");
  assert.deepEqual(
    [talking, older, newer].map(({ gaveWay }) => gaveWay),
    [false, true, false],
  );
  assert.equal(scene.limits.handshaking, 3);
  scene.come("talking");
  assert.equal(newer.gaveWay, true);
  assert.equal(scene.limits.hasRoom(), false, "nobody is silent");
});

Deno.test("ConnectionLimits lets a silent handshake give way where maxConnections are there", () => {
  const scene = new Scene({ maxConnections: 2 });
  const established = scene.come("established");
  const silent = scene.come("silent");
  scene.wait(SILENT);
  scene.come("established");
  assert.deepEqual([established.gaveWay, silent.gaveWay], [false, true]);
  assert.equal(scene.limits.hasRoom(), false);
});

Deno.test("ConnectionLimits gives a handshake a second once others wait, and no limit before", () => {
  const scene = new Scene({ maxHandshakes: 2 });
  const first = scene.come("talking");
  scene.clock.advance(60_000);
  assert.equal(scene.limits.hasRoom(), true);
  const second = scene.come("talking");
  for (let sweep = 0; sweep < TALKING; sweep++) {
    assert.equal(scene.limits.hasRoom(), false, `sweep ${sweep}`);
    scene.clock.advance(SWEEP_MS);
  }
  assert.equal(scene.limits.hasRoom(), true);
  assert.equal(first.gaveWay, false, "nobody has come yet");
  const third = scene.come("talking");
  assert.deepEqual([first, second, third].map((client) => client.gaveWay), [
    true,
    false,
    false,
  ]);
});

Deno.test("ConnectionLimits loses no patience by a processor that stands still", () => {
  const scene = new Scene({ maxHandshakes: 1 });
  scene.come("talking");
  assert.equal(scene.limits.hasRoom(), false);
  scene.clock.advance(60_000);
  assert.equal(scene.limits.hasRoom(), false, "it was one sweep");
});

Deno.test("ConnectionLimits leaves no timer behind", () => {
  const scene = new Scene({ maxHandshakes: 1 });
  const client = scene.come("talking");
  assert.equal(scene.limits.hasRoom(), false);
  assert.equal(scene.clock.running, 1);
  client.destroy();
  scene.clock.advance(SWEEP_MS);
  assert.equal(scene.clock.running, 0);
});

Deno.test("ConnectionLimits runs no timer where no handshake could give way", () => {
  const scene = new Scene({ maxConnections: 1 });
  scene.come("established");
  assert.equal(scene.limits.hasRoom(), false);
  assert.equal(scene.clock.running, 0);
});

Deno.test("ConnectionLimits refuses an address that has as many connections as it may", () => {
  const scene = new Scene({ maxPerAddress: 2 });
  const claim = (client: Client, address: string) =>
    scene.limits.claim(client, address);
  const clients = Array.from({ length: 4 }, () => scene.come("established"));
  const [first, second, third, other] = clients as [
    Client,
    Client,
    Client,
    Client,
  ];
  assert.ok(claim(first, "192.0.2.1") && claim(second, "192.0.2.1"));
  assert.equal(claim(third, "192.0.2.1"), false);
  assert.equal(claim(other, "192.0.2.2"), true);
  assert.deepEqual(scene.hits, ["connections_per_address"]);
  third.destroy();
  assert.equal(claim(scene.come("silent"), "192.0.2.1"), false);
  first.destroy();
  assert.equal(claim(scene.come("silent"), "192.0.2.1"), true);
});

Deno.test("ConnectionLimits does not count for an address a connection that is closed", () => {
  const { limits } = new Scene({ maxPerAddress: 1 });
  const gone = new Client(limits);
  limits.enter(gone);
  gone.destroy();
  limits.claim(gone, "192.0.2.1");
  const client = new Client(limits);
  limits.enter(client);
  assert.equal(limits.claim(client, "192.0.2.1"), true);
});

Deno.test("ConnectionLimits closes all handshakes and nothing else", () => {
  const scene = new Scene({});
  scene.come("established");
  const clients = [scene.come("silent"), scene.come("talking")];
  scene.limits.destroyHandshakes();
  assert.deepEqual([scene.limits.size, scene.limits.handshaking], [1, 0]);
  assert.ok(clients.every(({ gaveWay }) => !gaveWay), "it is for no one else");
});
