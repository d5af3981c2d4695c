import assert from "node:assert/strict";
import { get, ok } from "../support/messages.ts";
import { Scene } from "../support/scene.ts";
import { eventually } from "../support/waiting.ts";

Deno.test("requests beyond UPSTREAM_MAX_CONNECTIONS wait their turn, and are all answered", async () => {
  let atOnce = 0;
  let most = 0;
  await using scene = await Scene.set(async (connection) => {
    while (await connection.head() !== undefined) {
      most = Math.max(most, ++atOnce);
      await new Promise((resolve) => setTimeout(resolve, 5));
      atOnce--;
      await connection.write(ok("done"));
    }
    connection.end();
  }, { UPSTREAM_MAX_CONNECTIONS: "2" });
  const clients = await Promise.all(
    Array.from({ length: 12 }, () => scene.connect()),
  );
  await Promise.all(clients.map(async (client) => {
    for (const _ of [1, 2, 3]) {
      await client.send(get());
      assert.equal((await client.response()).content, "done");
    }
  }));
  assert.equal(most, 2);
  assert.equal(scene.application.connections.length, 2);
});

Deno.test("a request that gets no connection to the application in UPSTREAM_TIMEOUT_SECS is answered with 503", async () => {
  const held = Promise.withResolvers<void>();
  let heads = 0;
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    heads++;
    // A body that goes on: its connection is in use for as long as it does.
    await connection.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
    await held.promise;
    await connection.write("done");
  }, { UPSTREAM_MAX_CONNECTIONS: "1", UPSTREAM_TIMEOUT_SECS: "1" });
  const first = await scene.request(get());
  await eventually(() => heads === 1, "the first request");
  const second = await scene.request(get());
  const { status, content } = await second.response();
  assert.deepEqual([status, content], [503, "UPSTREAM_BUSY\n"]);
  held.resolve();
  assert.equal((await first.response()).content, "done");
});
