import assert from "node:assert/strict";
import { type Cut, Cutter } from "../support/cutter.ts";
import { get } from "../support/messages.ts";
import { RawClient } from "../support/raw_client.ts";
import { Scene } from "../support/scene.ts";
import { client, root } from "../support/sidecar.ts";
import {
  establishedTo,
  hasTcpTable,
  serverDescriptors,
} from "../support/tcp_table.ts";
import { eventually, soon } from "../support/waiting.ts";

const UPGRADE = get("/", "Connection: upgrade\r\nUpgrade: raw\r\n");
const SWITCHING =
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: raw\r\nConnection: upgrade\r\n\r\n";
const PIECE = "x".repeat(1000);

const TUNNELS = 200;
const AT_ONCE = 20;
/** A handshake and a tunnel take about as many octets. */
const WHOLE = 9_000;

/** Cuts spread over a whole tunnel, by a generator that always gives the same (MINSTD). */
function* cuts(): Generator<Cut> {
  for (let state = 20_26;;) {
    state = state * 48_271 % 0x7fff_ffff;
    yield { after: state % WHOLE, reset: state % 2 === 0 };
  }
}

Deno.test(`${TUNNELS} tunnels whose clients vanish anywhere leave nothing behind`, async () => {
  await using scene = await Scene.set(async (connection) => {
    if (await connection.head() === undefined) return connection.end();
    await connection.write(SWITCHING);
    for (let got; (got = await connection.skip(1000)) > 0;) {
      if (!await connection.write("y".repeat(got))) break;
    }
    connection.end();
  }, { UPGRADES: "raw" });
  const { sidecar } = scene;
  await using cutter = await Cutter.start(sidecar.port, cuts());
  let left = TUNNELS;
  let opened = 0;
  const vanish = async () => {
    using outside = await RawClient.connect({
      port: cutter.port,
      caCerts: [root.certPem],
      identity: client,
    });
    await outside.send(UPGRADE);
    if (!(await outside.head()).startsWith("HTTP/1.1 101")) return;
    opened++;
    for (;;) {
      await outside.send(PIECE);
      if (await outside.skip(1000) < 1000) return;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (left-- > 0) {
      await soon(vanish().catch(() => {}), "a client to vanish");
    }
  }));
  assert.ok(
    opened > 0,
    "some tunnels were there, or these were no random points",
  );
  await sidecar.idle();
  assert.equal(sidecar.sidecar.connections.tunnels, 0);
  if (!hasTcpTable) return;
  await eventually(
    async () => await serverDescriptors(sidecar.port) === 0,
    "descriptors to be closed",
  );
  const { port } = scene.application;
  await eventually(
    async () => await establishedTo(port) <= AT_ONCE,
    "the application's connections to be closed",
  );
});

Deno.test("applications that vanish at any state leave nothing behind", async () => {
  let turn = 0;
  await using scene = await Scene.set(async (connection) => {
    const mine = turn++;
    const leave = () =>
      mine % 2 === 0 ? connection.reset() : connection.destroy();
    const whole = SWITCHING + PIECE;
    await connection.head();
    // Within the head, at its end, within the tunnel, or after the client spoke.
    const octets = (mine * 37) % (whole.length + 1);
    await connection.write(whole.slice(0, octets));
    // Before the 101 is whole nothing comes.
    if (mine % 3 === 0 && octets >= SWITCHING.length) await connection.skip(1);
    leave();
  }, { UPGRADES: "raw" });
  const { sidecar } = scene;
  for (let i = 0; i < 60; i++) {
    const outside = await scene.request(UPGRADE);
    if (i % 3 === 0) await outside.send("x").catch(() => {});
    await soon(outside.rest(), "the end");
    outside.close();
  }
  await sidecar.idle();
  assert.equal(sidecar.sidecar.connections.tunnels, 0);
  assert.equal(sidecar.entries.length, 60);
  for (const { "error.type": code } of sidecar.entries) {
    assert.ok(
      code === undefined || code === "UPSTREAM_CLOSED" ||
        code === "CLIENT_GONE",
      String(code),
    );
  }
});
