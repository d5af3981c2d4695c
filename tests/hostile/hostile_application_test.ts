import assert from "node:assert/strict";
import { get, ok } from "../support/messages.ts";
import { Scene } from "../support/scene.ts";

Deno.test("an application that sends interim responses without end is given up", async () => {
  const given = Promise.withResolvers<void>();
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    const flood = "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100);
    while (await connection.write(flood));
    given.resolve();
  });
  using client = await scene.request(get());
  assert.ok(await client.until("\r\n\r\nHTTP/1.1 502 ") !== undefined);
  await given.promise;
});

Deno.test("an application cannot split a response for the next request of the same client", async () => {
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    await connection.write(
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n" +
        "Content-Length: 6\r\n\r\nforged",
    );
    await connection.rest();
  });
  using client = await scene.request(get("/1") + get("/2"));
  assert.equal((await client.response()).content, "ok");
  assert.equal((await client.response()).content, "ok");
});

Deno.test("an application that hangs up on every request harms no other request", async () => {
  await using scene = await Scene.set(async (connection) => {
    const head = await connection.head() ?? "";
    if (head.startsWith("GET /bad")) connection.reset();
    else await connection.write(ok("good"));
  });
  const clients = await Promise.all(
    Array.from(
      { length: 20 },
      (_, i) => scene.request(get(i % 2 === 0 ? "/bad" : "/good")),
    ),
  );
  const responses = await Promise.all(
    clients.map((client) => client.response()),
  );
  assert.deepEqual(
    responses.map(({ status }) => status),
    clients.map((_, i) => i % 2 === 0 ? 502 : 200),
  );
});
