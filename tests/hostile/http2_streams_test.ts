import assert from "node:assert/strict";
import { FrameType } from "../../src/http2/frame.ts";
import { writeHeaders, writeReset } from "../../src/http2/frame_writer.ts";
import { H2Error } from "../../src/http2/http2_error.ts";
import { PREFACE } from "../../src/http2/preface.ts";
import {
  blockOf,
  GET,
  Http2Client,
  POST,
  rawFrame,
} from "../support/http2_client.ts";
import { Http2Scene } from "../support/http2_scene.ts";
import { ok } from "../support/messages.ts";

const STREAM_3 = { streamId: 3 } as const;
const ZEROS = "\0\0\0\0";
const settings = (payload: string) => rawFrame(FrameType.SETTINGS, { payload });

/** What ends the whole connection, with the code that GOAWAY must carry. */
const FATAL: Readonly<Record<string, readonly [Uint8Array, number]>> = {
  "§5.1 DATA on an idle stream": [
    rawFrame(FrameType.DATA, STREAM_3),
    H2Error.PROTOCOL_ERROR,
  ],
  "§5.1 RST_STREAM on an idle stream": [
    rawFrame(FrameType.RST_STREAM, { ...STREAM_3, payload: ZEROS }),
    H2Error.PROTOCOL_ERROR,
  ],
  "§5.1 WINDOW_UPDATE on an idle stream": [
    rawFrame(FrameType.WINDOW_UPDATE, { ...STREAM_3, payload: "\0\0\0\x01" }),
    H2Error.PROTOCOL_ERROR,
  ],
  "§6.9 a WINDOW_UPDATE of 0 on an idle stream": [
    rawFrame(FrameType.WINDOW_UPDATE, { ...STREAM_3, payload: ZEROS }),
    H2Error.PROTOCOL_ERROR,
  ],
  "§5.1.1 a stream of an even number": [
    rawFrame(FrameType.HEADERS, {
      flags: 5,
      streamId: 2,
      payload: blockOf(GET).octets,
    }),
    H2Error.PROTOCOL_ERROR,
  ],
  "§6.1 DATA on stream 0": [
    rawFrame(FrameType.DATA),
    H2Error.PROTOCOL_ERROR,
  ],
  "§4.2 a frame that is too large": [
    rawFrame(FrameType.DATA, { streamId: 1, payload: "x".repeat(16_385) }),
    H2Error.FRAME_SIZE_ERROR,
  ],
  "§4.3 a header block that is none": [
    rawFrame(FrameType.HEADERS, { ...STREAM_3, flags: 5, payload: "\xff\xff" }),
    H2Error.COMPRESSION_ERROR,
  ],
  "§6.2 CONTINUATION that continues nothing": [
    rawFrame(FrameType.CONTINUATION, { streamId: 1, flags: 4 }),
    H2Error.PROTOCOL_ERROR,
  ],
  "§6.5 settings that are not whole": [
    settings("\0\x04\0\0"),
    H2Error.FRAME_SIZE_ERROR,
  ],
  "§6.5.2 an initial window above 2^31 - 1": [
    settings("\0\x04\x80\0\0\0"),
    H2Error.FLOW_CONTROL_ERROR,
  ],
  "§6.6 a push": [
    rawFrame(FrameType.PUSH_PROMISE, { streamId: 1, flags: 4, payload: ZEROS }),
    H2Error.PROTOCOL_ERROR,
  ],
  "§6.7 a ping of 7 octets": [
    rawFrame(FrameType.PING, { payload: "1234567" }),
    H2Error.FRAME_SIZE_ERROR,
  ],
  "§6.9 a WINDOW_UPDATE of 0 for the connection": [
    rawFrame(FrameType.WINDOW_UPDATE, { payload: ZEROS }),
    H2Error.PROTOCOL_ERROR,
  ],
  "§6.9.1 a connection's window above 2^31 - 1": [
    rawFrame(FrameType.WINDOW_UPDATE, { payload: "\x7f\xff\xff\xff" }),
    H2Error.FLOW_CONTROL_ERROR,
  ],
};

Deno.test("what breaks the connection's rules ends it with GOAWAY, and what is under way upstream with it", async (t) => {
  for (const [name, [frame, code]] of Object.entries(FATAL)) {
    await t.step(name, async () => {
      await using scene = await Http2Scene.set(async (connection) => {
        await connection.head();
        await connection.rest();
      });
      using client = await Http2Client.connect(scene.port);
      client.request();
      await client.settled();
      client.send(frame);
      assert.equal(await client.goaway(), code);
      client.close();
      await scene.ended();
      assert.equal((await scene.entry())["error.type"], "CLIENT_GONE");
    });
  }
});

Deno.test("§6.9.2 settings that make an open stream's window too large end the connection", async () => {
  await using scene = await Http2Scene.set(async (connection) => {
    await connection.head();
    await connection.rest();
  });
  using client = await Http2Client.connect(scene.port);
  const id = client.request();
  client.open(id, 0x7fff_ffff - 65_535);
  client.send(settings("\0\x04\0\x01\0\0"));
  assert.equal(await client.goaway(), H2Error.FLOW_CONTROL_ERROR);
});

Deno.test("what does not begin as a client's connection is ended", async (t) => {
  const cases: Readonly<Record<string, Uint8Array | string>> = {
    "an HTTP/1.1 request": "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "another preface": PREFACE.map((octet, i) => i === 23 ? 0 : octet),
    "a ping first": new Uint8Array([
      ...PREFACE,
      ...rawFrame(FrameType.PING, { payload: "12345678" }),
    ]),
    "an acknowledgement first": new Uint8Array([
      ...PREFACE,
      ...rawFrame(FrameType.SETTINGS, { flags: 1 }),
    ]),
  };
  for (const [name, octets] of Object.entries(cases)) {
    await t.step(name, async () => {
      await using scene = await Http2Scene.set(ok());
      using client = await Http2Client.connect(scene.port, { silent: true });
      client.send(octets);
      assert.equal(await client.goaway(), H2Error.PROTOCOL_ERROR);
    });
  }
});

/** What spoils a stream, with the code that its RST_STREAM must carry. */
const SPOILT: Readonly<
  Record<string, readonly [(client: Http2Client, id: number) => void, number]>
> = {
  "§6.9 a WINDOW_UPDATE of 0": [
    (client, id) => client.open(id, 0),
    H2Error.PROTOCOL_ERROR,
  ],
  "§6.9.1 a window above 2^31 - 1": [
    (client, id) => client.open(id, 0x7fff_ffff),
    H2Error.FLOW_CONTROL_ERROR,
  ],
  "§8.1 a second header block without an end": [
    (client, id) => client.headers(id, [["x", "y"]], false),
    H2Error.PROTOCOL_ERROR,
  ],
  "§5.1 DATA after the end": [
    (client, id) => {
      client.data(id, "x", true);
      client.data(id, "y");
    },
    H2Error.STREAM_CLOSED,
  ],
  "§5.1 HEADERS after the end": [
    (client, id) => {
      client.data(id, "x", true);
      client.headers(id, [["x", "y"]]);
    },
    H2Error.STREAM_CLOSED,
  ],
  "§5.1 DATA after a reset": [
    (client, id) => {
      client.reset(id);
      client.data(id, "y");
    },
    H2Error.STREAM_CLOSED,
  ],
  "§5.1 HEADERS after a reset": [
    (client, id) => {
      // In one piece: later it would be a stream that nobody remembers.
      client.write((out) => {
        writeReset(out, id, H2Error.CANCEL);
        writeHeaders(out, id, blockOf(GET), true, 16_384);
      });
    },
    H2Error.STREAM_CLOSED,
  ],
};

Deno.test("what breaks a stream's rules resets it, ends its request upstream, and harms no neighbour", async (t) => {
  for (const [name, [spoil, code]] of Object.entries(SPOILT)) {
    await t.step(name, async () => {
      await using scene = await Http2Scene.set(async (connection) => {
        const head = await connection.head() ?? "";
        if (head.startsWith("GET")) await connection.write(ok("well"));
        else await connection.rest();
      });
      using client = await Http2Client.connect(scene.port);
      const id = client.request(POST, false);
      await client.settled();
      spoil(client, id);
      const reset = await client.of(FrameType.RST_STREAM, id);
      assert.equal(reset.errorCode, code);
      assert.equal((await scene.entry())["http.response.status_code"], 0);
      assert.equal((await client.response(client.request())).text, "well");
    });
  }
});

Deno.test("§5.1 frames on a stream that is done with", async () => {
  await using scene = await Http2Scene.set(ok("x"));
  using client = await Http2Client.connect(scene.port);
  const id = client.request();
  await client.response(id);
  await scene.entry();
  // What a client may have sent before it saw the end.
  client.open(id, 1000);
  client.reset(id);
  client.send(
    rawFrame(FrameType.PRIORITY, { streamId: id, payload: "\0".repeat(5) }),
  );
  await client.settled();
  assert.equal(client.result(id).reset, undefined);
  // What it may not.
  client.data(id, "more");
  const reset = await client.of(FrameType.RST_STREAM, id);
  assert.equal(reset.errorCode, H2Error.STREAM_CLOSED);
  const next = client.request();
  assert.equal((await client.response(next)).text, "x");
  await scene.entry({ "url.path": "/", "http.response.status_code": 200 });
  client.headers(next, GET);
  assert.equal(await client.goaway(), H2Error.STREAM_CLOSED);
});

Deno.test("§5.1.1 a stream of a lower number than the last ends the connection", async () => {
  await using scene = await Http2Scene.set(ok("x"));
  using client = await Http2Client.connect(scene.port);
  client.headers(5, GET);
  client.headers(3, GET);
  assert.equal(await client.goaway(), H2Error.STREAM_CLOSED);
});

Deno.test("§5.1.2 streams beyond 100 are refused, and those within are served", async () => {
  const { promise: go, resolve: answer } = Promise.withResolvers<void>();
  await using scene = await Http2Scene.set(async (connection) => {
    await connection.head();
    await go;
    await connection.write(ok("x"));
    await connection.rest();
  });
  using client = await Http2Client.connect(scene.port);
  const ids = Array.from({ length: 110 }, () => client.request());
  for (const id of ids.slice(100)) {
    assert.equal((await client.response(id)).reset, H2Error.REFUSED_STREAM);
  }
  assert.equal(scene.limits.length, 10);
  assert.equal(scene.limits[0], "concurrent_streams");
  answer();
  for (const id of ids.slice(0, 100)) {
    assert.equal((await client.response(id)).text, "x");
  }
});
