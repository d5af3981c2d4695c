import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";
import { limitHits } from "../support/limit_hits.ts";
import { get, ok } from "../support/messages.ts";
import { Scene } from "../support/scene.ts";
import { client, root } from "../support/sidecar.ts";
import { eventually } from "../support/waiting.ts";

/** Whether a connection ends, in order or not, before anything comes. */
async function ended(connection: Deno.TcpConn): Promise<boolean> {
  try {
    return await connection.read(new Uint8Array(1)) === null;
  } catch (error) {
    return error instanceof Deno.errors.ConnectionReset;
  }
}

/** The first line that a client from this address of the loopback network is answered. */
async function answerFrom(localAddress: string, port: number): Promise<string> {
  const socket = tls.connect({
    socket: net.connect({ host: "127.0.0.1", port, localAddress }),
    host: "127.0.0.1",
    ca: [root.certPem],
    cert: client.chainPem,
    key: client.keyPem,
  });
  try {
    await once(socket, "secureConnect");
    socket.write(get());
    const [octets] = await once(socket, "data");
    return String(octets).split("\r\n")[0]!;
  } finally {
    socket.destroy();
  }
}

Deno.test("a client beyond MAX_CONNECTIONS waits until another one has left, and is served then", async () => {
  await using scene = await Scene.set(ok("served"), { MAX_CONNECTIONS: "2" });
  const { sidecar } = scene;
  using first = await scene.request(get());
  using second = await scene.request(get());
  for (const client of [first, second]) await client.response();

  let isIn = false;
  const third = scene.request(get()).finally(() => isIn = true);
  // Those that are in are served all the same, for as long as they like.
  for (let round = 0; round < 20; round++) {
    await second.send(get());
    assert.equal((await second.response()).content, "served");
  }
  assert.equal(isIn, false);
  assert.equal(sidecar.sidecar.connections.admitted, 2);
  first.close();
  using late = await third;
  assert.equal((await late.response()).content, "served");
  assert.deepEqual(
    sidecar.events.filter(({ message }) => message === "connection refused"),
    [],
  );
  for (const client of [second, late]) client.close();
  assert.deepEqual(await limitHits(sidecar), { connections: 2 });
});

Deno.test("a client that says nothing does not keep its room from one in earnest", async () => {
  await using scene = await Scene.set(ok("served"), { MAX_CONNECTIONS: "1" });
  const { sidecar } = scene;
  using silent = await Deno.connect({
    hostname: "127.0.0.1",
    port: sidecar.port,
  });
  await eventually(
    () => sidecar.sidecar.connections.handshaking === 1,
    "the silent client",
  );
  using client = await scene.request(get());
  assert.equal((await client.response()).content, "served");
  assert.equal(await silent.read(new Uint8Array(1)), null);
  assert.equal(
    (await sidecar.event("connection refused")).fields.code,
    "TOO_MANY_HANDSHAKES",
  );
});

Deno.test("shutdown ends while a client waits for room", async () => {
  await using scene = await Scene.set(ok(), {
    MAX_CONNECTIONS: "1",
    SHUTDOWN_TIMEOUT_SECS: "0",
  });
  using client = await scene.request(get());
  await client.response();
  using waiting = await Deno.connect({
    hostname: "127.0.0.1",
    port: scene.sidecar.port,
  });
  await client.send(get());
  await client.response();
  await scene.sidecar.shutdown();
  assert.ok(await ended(waiting));
});

Deno.test("MAX_CONNECTIONS_PER_ADDRESS closes what an address has too many of, and nothing of others", async () => {
  await using scene = await Scene.set(ok("served"), {
    MAX_CONNECTIONS_PER_ADDRESS: "2",
  });
  const { sidecar } = scene;
  using first = await scene.request(get());
  using second = await scene.request(get());
  for (const client of [first, second]) await client.response();
  await assert.rejects(scene.connect());
  const { fields } = await sidecar.event("connection refused");
  assert.deepEqual(fields, {
    code: "TOO_MANY_CONNECTIONS",
    detail: "its address has all it may have",
    client: "127.0.0.1",
  });
  assert.equal(await answerFrom("127.0.0.2", sidecar.port), "HTTP/1.1 200 OK");

  first.close();
  await eventually(
    () => sidecar.sidecar.connections.admitted === 1,
    "the first client to have left",
  );
  using third = await scene.request(get());
  assert.equal((await third.response()).content, "served");
  for (const client of [second, third]) client.close();
  assert.deepEqual(await limitHits(sidecar), { connections_per_address: 1 });
});
