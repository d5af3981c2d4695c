import assert from "node:assert/strict";
import { Scene } from "../support/scene.ts";
import { soon, standstill } from "../support/waiting.ts";

const PIECE = new Uint8Array(64 * 1024);
const TOTAL = 1024 * PIECE.length;

/**
 * What may be under way while nobody reads: buffers of the kernel on both
 * connections, up to 6 MiB each on Linux, and little of ours.
 */
const MOST_UNDER_WAY = 24 * 1024 * 1024;

Deno.test("a client that does not read stops the application's writing, and gets all when it reads", async () => {
  let written = 0;
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    await connection.write(
      `HTTP/1.1 200 OK\r\nContent-Length: ${TOTAL}\r\n\r\n`,
    );
    while (written < TOTAL) {
      await connection.write(PIECE);
      written += PIECE.length;
    }
  });
  const client = await scene.request("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await soon(client.head(), "the answer to begin");
  const stopped = await standstill(() => written);
  assert.ok(stopped < MOST_UNDER_WAY, `${stopped} octets were taken`);
  assert.equal(await soon(client.skip(TOTAL), "the rest"), TOTAL);
  assert.equal(written, TOTAL);
});

Deno.test("an application that does not read stops the client's writing, and gets all when it reads", async () => {
  const read = Promise.withResolvers<void>();
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    await read.promise;
    const count = await connection.skip(TOTAL);
    const text = String(count);
    await connection.write(
      `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
    );
  });
  const client = await scene.request(
    `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${TOTAL}\r\n\r\n`,
  );
  let sent = 0;
  const send = async () => {
    while (sent < TOTAL) {
      await client.send(PIECE);
      sent += PIECE.length;
    }
  };
  const sending = send();
  const stopped = await standstill(() => sent);
  assert.ok(stopped < MOST_UNDER_WAY, `${stopped} octets were taken`);
  read.resolve();
  await soon(sending, "the rest to be sent");
  const { content } = await soon(client.response(), "the answer");
  assert.equal(content, String(TOTAL));
});
