import assert from "node:assert/strict";
import { limitHits } from "../support/limit_hits.ts";
import { get, ok } from "../support/messages.ts";
import { PlainClients } from "../support/plain_clients.ts";
import type { RawClient } from "../support/raw_client.ts";
import { Scene } from "../support/scene.ts";
import { hasTcpTable, serverDescriptors } from "../support/tcp_table.ts";
import { eventually, soon } from "../support/waiting.ts";

/** Limits that are met soon, and time limits that are of no help. */
const SETTINGS = {
  HANDSHAKE_TIMEOUT_SECS: "600",
  HEADER_TIMEOUT_SECS: "600",
  KEEP_ALIVE_TIMEOUT_SECS: "600",
};

const FLOOD = 50;

async function served(client: RawClient): Promise<void> {
  await client.send(get());
  assert.equal((await client.response()).content, "served");
}

/** A client that has been served. */
async function admitted(scene: Scene): Promise<RawClient> {
  const client = await soon(scene.connect(), "a client to get in");
  await served(client);
  return client;
}

/** How many connections the sidecar holds, as the system has it. */
async function descriptors({ sidecar }: Scene): Promise<number> {
  return hasTcpTable ? await serverDescriptors(sidecar.port) : 0;
}

for (
  const [limit, settings] of [
    ["connections", { MAX_CONNECTIONS: "10" }],
    ["handshakes", { MAX_HANDSHAKES: "10" }],
  ] as const
) {
  for (const way of ["say nothing", "drip their hello"] as const) {
    Deno.test(`a flood of clients that ${way}, beyond the limit on ${limit}, harms neither those who are in nor newcomers`, async () => {
      await using scene = await Scene.set(ok("served"), {
        ...SETTINGS,
        ...settings,
      });
      const { connections } = scene.sidecar.sidecar;
      const inside = await admitted(scene);
      using flood = await PlainClients.connect(scene.sidecar.port, FLOOD);
      // So slowly that the hello, which would be refused, is not whole before long.
      if (way === "drip their hello") flood.drip(500);
      for (let round = 0; round < 50; round++) {
        await served(inside);
        assert.ok(connections.admitted + connections.handshaking <= 11);
      }
      // The one inside, the ten, one that waits, and one that gives way.
      assert.ok(await descriptors(scene) <= 13);
      // Behind the whole flood, in the system's queue.
      const newcomer = await admitted(scene);
      await served(inside);
      for (const client of [inside, newcomer]) client.close();
      flood[Symbol.dispose]();
      assert.ok(((await limitHits(scene.sidecar))[limit] ?? 0) > 0);
    });
  }
}

Deno.test("clients beyond MAX_CONNECTIONS, all of them in earnest, are served in turn and none is dropped", async () => {
  await using scene = await Scene.set(ok("served"), {
    ...SETTINGS,
    MAX_CONNECTIONS: "4",
  });
  const inside = await admitted(scene);
  let most = 0;
  const others = Array.from({ length: 40 }, async () => {
    const client = await admitted(scene);
    most = Math.max(most, scene.sidecar.sidecar.connections.admitted);
    client.close();
  });
  const rounds = (async () => {
    for (let round = 0; round < 50; round++) await served(inside);
  })();
  await Promise.all([rounds, ...others]);
  await served(inside);
  inside.close();
  assert.ok(most <= 4, `${most} were in at a time`);
  const refusals = scene.sidecar.events.filter(({ message }) =>
    message === "connection refused"
  );
  assert.deepEqual(refusals, []);
  assert.ok(((await limitHits(scene.sidecar))["connections"] ?? 0) > 0);
});

Deno.test("a flood from one address, beyond MAX_CONNECTIONS_PER_ADDRESS, is refused at once and takes nobody's room", async () => {
  await using scene = await Scene.set(ok("served"), {
    ...SETTINGS,
    MAX_CONNECTIONS: "10",
    MAX_CONNECTIONS_PER_ADDRESS: "2",
  });
  const inside = await admitted(scene);
  using flood = await PlainClients.connect(scene.sidecar.port, FLOOD);
  const refused = () =>
    scene.sidecar.events.filter(({ fields }) =>
      fields["code"] === "TOO_MANY_CONNECTIONS"
    ).length;
  // One of them has the room that the client inside leaves.
  await eventually(() => refused() === FLOOD - 1, "the flood to be refused");
  await eventually(
    async () => await descriptors(scene) <= 2,
    "descriptors to be closed",
  );
  await served(inside);
  inside.close();
  flood[Symbol.dispose]();
  const hits = await limitHits(scene.sidecar);
  assert.equal(hits["connections_per_address"], FLOOD - 1);
});
