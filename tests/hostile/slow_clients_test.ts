import assert from "node:assert/strict";
import { limitHits } from "../support/limit_hits.ts";
import { get, ok, postChunked } from "../support/messages.ts";
import { Scene } from "../support/scene.ts";

const FLOOD = "x".repeat(256 * 1024);
const ENDLESS = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const CHUNK = `40000\r\n${FLOOD}\r\n`;

/** What `written` gives when it stands still: all buffers on the way are full. */
async function standstill(written: () => number): Promise<number> {
  for (let before = -1, same = 0;;) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const now = written();
    same = now === before ? same + 1 : 0;
    if (same === 5 && now > 0) return now;
    before = now;
  }
}

Deno.test("a client that reads nothing holds the application back, and gets all of it in the end", async () => {
  const TOTAL = 48 * 1024 * 1024;
  let written = 0;
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    await connection.write(
      `HTTP/1.1 200 OK\r\nContent-Length: ${TOTAL}\r\n\r\n`,
    );
    while (written < TOTAL && await connection.write(FLOOD)) {
      written += FLOOD.length;
    }
  });
  using client = await scene.request(get());
  await client.head();
  const stuck = await standstill(() => written);
  // Beyond what the kernel's buffers on both ways hold, nothing is taken.
  assert.ok(stuck < 32 * 1024 * 1024, `${stuck} octets were taken`);
  assert.equal(await client.skip(TOTAL), TOTAL);
});

Deno.test("an application that reads nothing holds the client back", async () => {
  const reading = Promise.withResolvers<void>();
  const TOTAL = 48 * 1024 * 1024;
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    await reading.promise;
    assert.equal(await connection.skip(TOTAL), TOTAL);
    await connection.write(ok("all"));
  });
  using client = await scene.request(
    `PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${TOTAL}\r\n\r\n`,
  );
  let sent = 0;
  const sending = (async () => {
    for (; sent < TOTAL; sent += FLOOD.length) await client.send(FLOOD);
  })();
  const stuck = await standstill(() => sent);
  assert.ok(stuck < 32 * 1024 * 1024, `${stuck} octets were taken`);
  reading.resolve();
  await sending;
  assert.equal((await client.response()).content, "all");
});

Deno.test("a client that takes nothing for BODY_TIMEOUT_SECS is cut", async () => {
  const given = Promise.withResolvers<void>();
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    await connection.write(ENDLESS);
    while (await connection.write(CHUNK));
    given.resolve();
  }, { BODY_TIMEOUT_SECS: "1" });
  using client = await scene.request(get());
  await client.head();
  await given.promise;
  await scene.sidecar.idle();
  assert.notEqual((await scene.sidecar.entry())["error.type"], undefined);
  assert.deepEqual(await limitHits(scene.sidecar), { send_time: 1 });
});

Deno.test("a client that stands still in both directions is cut", async () => {
  const given = Promise.withResolvers<void>();
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    await connection.write(ENDLESS);
    while (await connection.write(CHUNK));
    given.resolve();
  }, { BODY_TIMEOUT_SECS: "1" });
  using client = await scene.request(postChunked("1\r\na\r\n"));
  await client.head();
  await given.promise;
  await scene.sidecar.idle();
  // Both may be noticed at the same moment.
  const hits = await limitHits(scene.sidecar);
  assert.ok("body_time" in hits || "send_time" in hits);
});

Deno.test("many clients that read nothing harm nobody who does, and are cut after BODY_TIMEOUT_SECS", async () => {
  const MANY = 8;
  await using scene = await Scene.set(async (connection) => {
    const head = await connection.head();
    if (!head?.startsWith("GET /endless")) {
      await connection.write(ok("served"));
      return;
    }
    await connection.write(ENDLESS);
    while (await connection.write(CHUNK));
    // Long enough that a machine that is busy with other tests does not take the
    // application for what stands still, while there is room to send into.
  }, { BODY_TIMEOUT_SECS: "3" });
  // Held, or the runtime may close those that nobody looks at any more.
  await using clients = new AsyncDisposableStack();
  for (let left = MANY; left > 0; left--) {
    const client = await scene.request(get("/endless"));
    clients.defer(() => client.close());
  }
  using neighbour = await scene.request(get("/"));
  assert.equal((await neighbour.response()).content, "served");
  neighbour.close();
  await scene.sidecar.idle();
  assert.deepEqual(await limitHits(scene.sidecar), { send_time: MANY });
});
