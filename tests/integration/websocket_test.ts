import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
// @ts-types="npm:@types/ws@8.18.2"
import type { WebSocket } from "ws";
import { soon } from "../support/waiting.ts";
import { WebSocketScene } from "../support/websocket.ts";

const MEBIBYTE = 1024 * 1024;

/** The next message. */
async function message(socket: WebSocket): Promise<Buffer> {
  const [data] = await soon(once(socket, "message"), "a message");
  return data as Buffer;
}

Deno.test("a WebSocket goes through: text and binary, a subprotocol, and who the client is", async () => {
  await using scene = await WebSocketScene.set({
    settings: { INJECT_CLIENT_HEADERS: "true" },
  });
  const socket = await scene.open("/chat?room=1", {
    protocols: ["v1.chat", "v2.chat"],
  });
  assert.equal(socket.protocol, "v2.chat");
  socket.send("Grüße");
  assert.equal(String(await message(socket)), "Grüße");
  socket.send(Buffer.from([0, 255, 1]));
  assert.deepEqual([...await message(socket)], [0, 255, 1]);
  const [request] = scene.requests;
  assert.equal(request?.["x-client-cn"], "test-client");
  assert.equal(request?.["x-forwarded-proto"], "https");
  socket.close(4000, "enough");
  const [code, reason] = await soon(once(socket, "close"), "the close");
  assert.deepEqual([code, String(reason)], [4000, "enough"]);
  const entry = await scene.sidecar.entry({ "url.path": "/chat" });
  assert.equal(entry["http.response.status_code"], 101);
  assert.equal(entry["error.type"], undefined);
  assert.ok(
    Number(entry["http.request.body.size"]) > 0 &&
      Number(entry["http.response.body.size"]) > 0,
  );
});

Deno.test("pings and pongs, and a close by the application, go through a WebSocket", async () => {
  await using scene = await WebSocketScene.set({
    serve(socket) {
      socket.on("pong", (data) => socket.close(4001, String(data)));
      socket.ping("are you there");
    },
  });
  const socket = await scene.open();
  const [code, reason] = await soon(once(socket, "close"), "the close");
  assert.deepEqual([code, String(reason)], [4001, "are you there"]);
  await scene.sidecar.idle();
});

Deno.test("messages of 10 MiB are whole on a WebSocket, compressed or not", async () => {
  for (const deflate of [false, true]) {
    await using scene = await WebSocketScene.set({ deflate });
    const socket = await scene.open("/", { deflate });
    const sent = Buffer.alloc(10 * MEBIBYTE, "0123456789abcdef!");
    socket.send(sent);
    assert.ok(sent.equals(await message(socket)));
    assert.equal(socket.extensions !== "", deflate);
  }
});

Deno.test("1,000 messages of all sizes come back in order on a WebSocket", async () => {
  await using scene = await WebSocketScene.set();
  const socket = await scene.open();
  const done = Promise.withResolvers<void>();
  let received = 0;
  socket.on("message", (data: Buffer) => {
    const size = sizeOf(received);
    assert.equal(data.length, size);
    assert.equal(data[size - 1], received % 251);
    if (++received === 1000) done.resolve();
  });
  for (let i = 0; i < 1000; i++) {
    socket.send(Buffer.alloc(sizeOf(i), i % 251));
  }
  await soon(done.promise, "the last message");
});

function sizeOf(index: number): number {
  return 1 + index * index * 7 % 20_000;
}

Deno.test("a WebSocket that the application refuses gets its answer", async () => {
  await using scene = await WebSocketScene.set();
  scene.sockets.options.verifyClient = (_: unknown, done: VerifyDone) =>
    done(false, 418, "short and stout");
  const socket = scene.client();
  const [, response] = await soon(
    once(socket, "unexpected-response"),
    "the refusal",
  );
  assert.equal(response.statusCode, 418);
  response.destroy();
});

type VerifyDone = (result: boolean, code: number, text: string) => void;

Deno.test("a WebSocket that either side terminates ends on the other, and leaves nothing", async () => {
  await using scene = await WebSocketScene.set();
  const first = await scene.open();
  const [inside] = scene.sockets.clients;
  first.terminate();
  await soon(once(inside!, "close"), "the application's close");
  await scene.sidecar.idle();

  const second = await scene.open();
  for (const socket of scene.sockets.clients) socket.terminate();
  const [code] = await soon(once(second, "close"), "the client's close");
  assert.equal(code, 1006);
  await scene.sidecar.idle();
  assert.equal(scene.sidecar.sidecar.connections.tunnels, 0);
});
