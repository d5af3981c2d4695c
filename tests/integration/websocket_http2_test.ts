import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import http2 from "node:http2";
// @ts-types="npm:@types/ws@8.18.2"
import { WebSocket } from "ws";
import { client, root, type TestSidecar } from "../support/sidecar.ts";
import { soon } from "../support/waiting.ts";
import { WebSocketScene } from "../support/websocket.ts";

/** A connection that knows that it may ask for tunnels. */
async function connect(
  sidecar: TestSidecar,
): Promise<http2.ClientHttp2Session & AsyncDisposable> {
  const session = http2.connect(`https://127.0.0.1:${sidecar.port}`, {
    ca: root.certPem,
    cert: client.chainPem,
    key: client.keyPem,
  });
  session.on("error", () => {});
  const [settings] = await soon(once(session, "remoteSettings"), "settings");
  assert.equal(settings.enableConnectProtocol, true);
  return Object.assign(session, {
    async [Symbol.asyncDispose]() {
      // Destroyed with a GOAWAY on its way, the runtime's client aborts the process.
      await new Promise<void>((resolve) => session.close(resolve));
      await sidecar.idle();
    },
  });
}

/** An extended CONNECT (RFC 8441 §4). */
function tunnel(
  session: http2.ClientHttp2Session,
  fields: http2.OutgoingHttpHeaders = {},
): http2.ClientHttp2Stream {
  const stream = session.request({
    ":method": "CONNECT",
    ":protocol": "websocket",
    ":path": "/tunnel?q",
    "sec-websocket-version": "13",
    ...fields,
  }, { endStream: false });
  stream.on("error", () => {});
  return stream;
}

async function answer(
  stream: http2.ClientHttp2Stream,
): Promise<http2.IncomingHttpHeaders> {
  const [headers] = await soon(once(stream, "response"), "the response");
  return headers;
}

/** The client's side of a WebSocket whose handshake is done, over a stream. */
function socketOver(stream: http2.ClientHttp2Stream): WebSocket {
  // A client without an address waits to be given its stream.
  const socket: WebSocket = Reflect.construct(WebSocket, [
    null,
    undefined,
    { autoPong: true, closeTimeout: 1_000 },
  ]);
  Object.assign(socket, { _isServer: false });
  // What a stream lacks of a socket, ws calls all the same.
  const methods = { setTimeout() {}, setNoDelay() {} };
  const adopt: unknown = Reflect.get(socket, "setSocket");
  assert.ok(typeof adopt === "function");
  adopt.call(socket, Object.assign(stream, methods), Buffer.alloc(0), {
    allowSynchronousEvents: true,
    maxPayload: 64 * 1024 * 1024,
    skipUTF8Validation: false,
  });
  return socket;
}

Deno.test("a WebSocket over HTTP/2 goes to the application over HTTP/1.1 (RFC 8441)", async () => {
  await using scene = await WebSocketScene.set({
    settings: { INJECT_CLIENT_HEADERS: "true" },
  });
  await using session = await connect(scene.sidecar);
  const stream = tunnel(session, { "sec-websocket-protocol": "a, b" });
  const headers = await answer(stream);
  assert.equal(headers[":status"], 200);
  assert.equal(headers["sec-websocket-protocol"], "b");
  assert.equal(headers["sec-websocket-accept"], undefined);
  assert.equal(headers["upgrade"], undefined);
  const socket = socketOver(stream);
  socket.send("hello");
  const [data] = await soon(once(socket, "message"), "a message");
  assert.equal(String(data), "hello");
  const sent = Buffer.alloc(10 * 1024 * 1024, "0123456789abcdef!");
  socket.send(sent);
  const [received] = await soon(once(socket, "message"), "10 MiB");
  assert.ok(sent.equals(received));
  socket.close(4000, "enough");
  const [code] = await soon(once(socket, "close"), "the close");
  assert.equal(code, 4000);
  const [request] = scene.requests;
  assert.equal(request?.["x-client-cn"], "test-client");
  assert.equal(request?.["upgrade"], "websocket");
  const entry = await scene.sidecar.entry({ "url.path": "/tunnel" });
  assert.deepEqual([
    entry["http.response.status_code"],
    entry["network.protocol.version"],
    entry["error.type"],
  ], [
    101,
    "2",
    undefined,
  ]);
});

Deno.test("1,000 messages come back in order over HTTP/2, on each of several WebSockets of a connection", async () => {
  await using scene = await WebSocketScene.set();
  await using session = await connect(scene.sidecar);
  await Promise.all(Array.from({ length: 4 }, async () => {
    const stream = tunnel(session);
    await answer(stream);
    const socket = socketOver(stream);
    const done = Promise.withResolvers<void>();
    let next = 0;
    socket.on("message", (data) => {
      assert.equal(String(data), `message ${next}`);
      if (++next === 1000) done.resolve();
    });
    for (let i = 0; i < 1000; i++) socket.send(`message ${i}`);
    await soon(done.promise, "the last message");
    socket.close();
    await soon(once(socket, "close"), "the close");
  }));
});
