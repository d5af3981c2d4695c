import assert from "node:assert/strict";
import { TestDoor } from "../support/door.ts";
import { RawClient } from "../support/raw_client.ts";
import { Scene } from "../support/scene.ts";
import { client, root } from "../support/sidecar.ts";
import { hasTcpTable, serverDescriptors } from "../support/tcp_table.ts";
import { eventually, soon } from "../support/waiting.ts";
import type { SecureConnection } from "../../src/tls/secure_connection.ts";

async function enter(
  door: TestDoor,
): Promise<{ outside: RawClient; inside: SecureConnection }> {
  const outside = await RawClient.connect({
    port: door.port,
    caCerts: [root.certPem],
    identity: client,
  });
  await eventually(() => door.admitted.length === 1, "admission");
  const [inside] = door.admitted;
  assert.ok(inside);
  return { outside, inside };
}

async function nothingLeft(door: TestDoor): Promise<void> {
  if (!hasTcpTable) return;
  await eventually(
    async () => await serverDescriptors(door.port) === 0,
    "descriptors to be closed",
  );
}

Deno.test("end() sends what was written, then close_notify (RFC 8446 §6.1)", async () => {
  await using door = await TestDoor.open();
  const { outside, inside } = await enter(door);
  using _ = outside;
  inside.write(new TextEncoder().encode("all of it"));
  inside.end();
  const { text, end } = await soon(outside.rest(), "the end");
  assert.deepEqual([text, end], ["all of it", "ended"]);
  outside.close();
  assert.equal(await soon(inside.read(), "the client's end"), null);
});

Deno.test("end() resolves when all has left, and does not wait for the client to end its side", async () => {
  await using door = await TestDoor.open();
  const { outside, inside } = await enter(door);
  using _ = outside;
  const octets = new Uint8Array(1024 * 1024);
  // More than the system's buffers take.
  for (let written = 0; written < 32; written++) inside.write(octets);
  let left = false;
  const ended = inside.end().then(() => left = true);
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal(left, false, "the client has not taken it");
  assert.equal(await outside.skip(32 * octets.length), 32 * octets.length);
  await soon(ended, "all to leave");
});

Deno.test("destroy() sends no close_notify, so that the client knows of the cut", async () => {
  await using door = await TestDoor.open();
  const { outside, inside } = await enter(door);
  using _ = outside;
  let closed = 0;
  inside.onClosed = () => closed++;
  inside.write(new TextEncoder().encode("some of it"));
  assert.equal(await outside.until("some of it"), "some of it");
  inside.destroy();
  assert.notEqual((await soon(outside.rest(), "the end")).end, "ended");
  await eventually(() => closed > 0, "onClosed");
  inside.destroy();
  assert.equal(inside.gone, true);
  assert.equal(closed, 1);
  await nothingLeft(door);
});

Deno.test("a client that goes away is told of once, and read() gives null", async () => {
  await using door = await TestDoor.open();
  const { outside, inside } = await enter(door);
  let gone = 0;
  inside.onGone = () => gone++;
  const read = inside.read();
  outside.close();
  assert.equal(await soon(read, "the client's end"), null);
  assert.equal(inside.gone, true);
  inside.destroy();
  await nothingLeft(door);
  assert.equal(gone, 1);
});

Deno.test("an answer with Connection: close ends by close_notify", async () => {
  await using scene = await Scene.set(
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nin",
  );
  const outside = await scene.request(
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
  );
  const { text, end } = await soon(outside.rest(), "the end");
  assert.match(text, /\r\n\r\nin$/);
  assert.equal(end, "ended");
});

Deno.test("an answer that the application breaks off ends without close_notify", async () => {
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    await connection.write("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nin");
    connection.destroy();
  });
  const outside = await scene.request("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const { text, end } = await soon(outside.rest(), "the end");
  assert.doesNotMatch(text, /\r\n\r\nin./);
  assert.notEqual(end, "ended");
});
