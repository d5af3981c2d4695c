import assert from "node:assert/strict";
import { get } from "../support/messages.ts";
import { Scene } from "../support/scene.ts";
import { soon, standstill } from "../support/waiting.ts";

const PIECE = new Uint8Array(64 * 1024);
const TOTAL = 1024 * PIECE.length;

/** As of a body: the kernel's buffers on both connections, and little of ours. */
const MOST_UNDER_WAY = 24 * 1024 * 1024;

const UPGRADE = get("/", "Connection: upgrade\r\nUpgrade: raw\r\n");
const SWITCHING =
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: raw\r\nConnection: upgrade\r\n\r\n";

Deno.test("a client that does not read stops the application's writing into a tunnel, and gets all when it reads", async () => {
  let written = 0;
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    await connection.write(SWITCHING);
    while (written < TOTAL) {
      await connection.write(PIECE);
      written += PIECE.length;
    }
    connection.end();
  }, { UPGRADES: "raw" });
  const client = await scene.request(UPGRADE);
  await client.response();
  const stopped = await standstill(() => written);
  assert.ok(stopped < MOST_UNDER_WAY, `${stopped} octets were taken`);
  // The other direction goes on meanwhile.
  await client.send("hello");
  assert.equal(await soon(client.skip(TOTAL), "the rest"), TOTAL);
  assert.deepEqual(await client.rest(), { text: "", end: "ended" });
});

Deno.test("an application that does not read stops the client's writing into a tunnel, and gets all when it reads", async () => {
  const read = Promise.withResolvers<void>();
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    await connection.write(SWITCHING);
    await read.promise;
    await connection.write(String(await connection.skip(TOTAL)));
    connection.end();
  }, { UPGRADES: "raw" });
  const client = await scene.request(UPGRADE);
  await client.response();
  let sent = 0;
  const send = async () => {
    for (; sent < TOTAL; sent += PIECE.length) await client.send(PIECE);
    await client.endWrite();
  };
  const sending = send();
  const stopped = await standstill(() => sent);
  assert.ok(stopped < MOST_UNDER_WAY, `${stopped} octets were taken`);
  read.resolve();
  await soon(sending, "the rest to be sent");
  assert.deepEqual(await client.rest(), { text: String(TOTAL), end: "ended" });
});
