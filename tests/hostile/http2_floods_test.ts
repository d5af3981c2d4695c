import assert from "node:assert/strict";
import type { OctetWriter } from "../../src/http/octet_writer.ts";
import { FrameType } from "../../src/http2/frame.ts";
import { H2Error } from "../../src/http2/http2_error.ts";
import {
  writeDataHeader,
  writeHeaders,
  writeReset,
  writeWindowUpdate,
} from "../../src/http2/frame_writer.ts";
import {
  blockOf,
  GET,
  Http2Client,
  POST,
  rawFrame,
} from "../support/http2_client.ts";
import { Http2Scene } from "../support/http2_scene.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { ok } from "../support/messages.ts";
import { eventually } from "../support/waiting.ts";

const LITTLE_PATIENCE = { clock: new ManualClock() };

/** Frames that serve no request, each written once more than there is credit for. */
const FLOODS: Readonly<Record<string, (out: OctetWriter) => void>> = {
  PING: (out) => out.add(rawFrame(FrameType.PING, { payload: "12345678" })),
  SETTINGS: (out) => out.add(rawFrame(FrameType.SETTINGS)),
  "SETTINGS acknowledged": (out) =>
    out.add(rawFrame(FrameType.SETTINGS, { flags: 1 })),
  PRIORITY: (out) =>
    out.add(
      rawFrame(FrameType.PRIORITY, { streamId: 1, payload: "\0".repeat(5) }),
    ),
  "an unknown type": (out) => out.add(rawFrame(0xfa, { payload: "x" })),
  "empty DATA": (out) => writeDataHeader(out, 1, 0, false),
  "padded empty DATA": (out) =>
    out.add(
      rawFrame(FrameType.DATA, { streamId: 1, flags: 8, payload: "\x01\0" }),
    ),
  WINDOW_UPDATE: (out) => writeWindowUpdate(out, 0, 1),
  GOAWAY: (out) =>
    out.add(rawFrame(FrameType.GOAWAY, { payload: "\0".repeat(8) })),
  "RST_STREAM again and again": (out) => writeReset(out, 1, 8),
};

Deno.test("frames that serve no request end the connection when they are too many", async (t) => {
  for (const [name, write] of Object.entries(FLOODS)) {
    await t.step(name, async () => {
      await using scene = await Http2Scene.set(async (connection) => {
        await connection.head();
        await connection.rest();
      }, LITTLE_PATIENCE);
      using client = await Http2Client.connect(scene.port);
      client.request(POST, false);
      client.write((out) => {
        for (let i = 0; i < 1_100; i++) write(out);
      });
      assert.equal(await client.goaway(), H2Error.ENHANCE_YOUR_CALM);
      assert.deepEqual(scene.limits, ["flood"]);
      client.close();
      await scene.ended();
    });
  }
});

Deno.test("a few hundred such frames, or any number with requests between, are borne", async () => {
  await using scene = await Http2Scene.set(ok("x"), LITTLE_PATIENCE);
  using client = await Http2Client.connect(scene.port);
  for (let round = 0; round < 30; round++) {
    client.write((out) => {
      for (let i = 0; i < 100; i++) FLOODS["PRIORITY"]!(out);
    });
    const ids = Array.from({ length: 12 }, () => client.request());
    for (const id of ids) await client.response(id);
  }
  assert.deepEqual(scene.limits, []);
});

Deno.test("time gives credit back", async () => {
  const clock = new ManualClock();
  await using scene = await Http2Scene.set(ok("x"), { clock });
  using client = await Http2Client.connect(scene.port);
  await client.response(client.request());
  for (let i = 0; i < 5; i++) {
    await client.settled();
    client.write((out) => {
      for (let i = 0; i < 900; i++) FLOODS["PRIORITY"]!(out);
    });
    await client.settled();
    clock.advance(50_000);
    await client.response(client.request());
  }
  assert.deepEqual(scene.limits, []);
});

Deno.test("requests that are reset at once end the connection before they are the application's work", async () => {
  await using scene = await Http2Scene.set(ok(), LITTLE_PATIENCE);
  using client = await Http2Client.connect(scene.port);
  const block = blockOf(GET);
  client.write((out) => {
    for (let id = 1; id < 1_000; id += 2) {
      writeHeaders(out, id, block, true, 16_384);
      writeReset(out, id, 8);
    }
  });
  assert.equal(await client.goaway(), H2Error.ENHANCE_YOUR_CALM);
  assert.ok(scene.entries.length < 100, `${scene.entries.length}`);
});

Deno.test("a client may end any number of responses that have begun", async () => {
  await using scene = await Http2Scene.set(async (connection) => {
    while (await connection.head() !== undefined) {
      await connection.write(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ntick\r\n",
      );
    }
  }, LITTLE_PATIENCE);
  using client = await Http2Client.connect(scene.port);
  for (let round = 0; round < 30; round++) {
    const ids = Array.from({ length: 10 }, () => client.request());
    for (const id of ids) {
      await client.of(FrameType.DATA, id);
      client.reset(id);
    }
  }
  await client.settled();
  assert.deepEqual(scene.limits, []);
});

Deno.test("a client may give up requests that an application does not answer", async () => {
  const clock = new ManualClock();
  await using scene = await Http2Scene.set(
    (connection) => connection.rest(),
    { clock },
  );
  using client = await Http2Client.connect(scene.port);
  for (let round = 0; round < 3; round++) {
    const ids = Array.from({ length: 90 }, () => client.request());
    await client.settled();
    clock.advance(2_000);
    for (const id of ids) client.reset(id);
    await eventually(
      () => scene.entries.length === 90 * (round + 1),
      "the exchanges' ends",
    );
  }
  assert.deepEqual(scene.limits, []);
});

Deno.test("content that is still coming on a stream that was answered is let pass, in however many pieces", async () => {
  await using scene = await Http2Scene.set(async (connection) => {
    await connection.head();
    await connection.write(ok("enough"));
    await connection.rest();
  }, LITTLE_PATIENCE);
  using client = await Http2Client.connect(scene.port);
  const id = client.request(POST, false);
  assert.equal((await client.response(id)).text, "enough");
  await client.of(FrameType.RST_STREAM, id);
  client.write((out) => writeDataHeader(out, id, 1_500, false));
  for (let i = 0; i < 1_500; i++) {
    await client.send("x");
    // Else many would be read in one.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await client.settled();
  assert.deepEqual(scene.limits, []);
});

Deno.test("streams that a client has reset count until their exchange has ended", async () => {
  const { promise: go, resolve: end } = Promise.withResolvers<void>();
  await using scene = await Http2Scene.set(async (connection) => {
    await connection.head();
    await go;
  }, LITTLE_PATIENCE);
  // A pool that is full keeps the exchanges waiting for a connection.
  const waiting = Array.from({ length: 1024 }, () => scene.pool.connect());
  const taken = await Promise.all(waiting);
  using client = await Http2Client.connect(scene.port);
  const ids = Array.from({ length: 100 }, () => client.request());
  await client.settled();
  for (const id of ids) client.reset(id);
  await client.settled();
  const { reset } = await client.response(client.request());
  assert.equal(reset, H2Error.REFUSED_STREAM);
  for (const connection of taken) connection.destroy();
  end();
  await eventually(() => scene.entries.length === 100, "the exchanges' ends");
});

Deno.test("errors that a client provokes cost as much as resets of its own", async () => {
  await using scene = await Http2Scene.set(async (connection) => {
    await connection.head();
    await connection.rest();
  }, LITTLE_PATIENCE);
  using client = await Http2Client.connect(scene.port);
  const block = blockOf(GET);
  client.write((out) => {
    for (let id = 1; id < 1_000; id += 2) {
      writeHeaders(out, id, block, true, 16_384);
      out.add(
        rawFrame(FrameType.WINDOW_UPDATE, {
          streamId: id,
          payload: "\0\0\0\0",
        }),
      );
    }
  });
  assert.equal(await client.goaway(), H2Error.ENHANCE_YOUR_CALM);
});

Deno.test("requests that are none, again and again, end the connection", async () => {
  await using scene = await Http2Scene.set(ok(), LITTLE_PATIENCE);
  using client = await Http2Client.connect(scene.port);
  for (let i = 0; i < 400 && client.end === undefined; i++) {
    await client.response(client.request([...GET, ["upgrade", "h2c"]]));
  }
  assert.equal(await client.goaway(), H2Error.ENHANCE_YOUR_CALM);
});

Deno.test("a header block that never ends is not collected", async () => {
  await using scene = await Http2Scene.set(ok(), LITTLE_PATIENCE);
  using client = await Http2Client.connect(scene.port);
  client.write((out) => {
    out.add(
      rawFrame(FrameType.HEADERS, {
        streamId: 1,
        flags: 1,
        payload: blockOf(GET).octets,
      }),
    );
    for (let i = 0; i < 100; i++) {
      out.add(rawFrame(FrameType.CONTINUATION, { streamId: 1 }));
    }
  });
  assert.equal(await client.goaway(), H2Error.ENHANCE_YOUR_CALM);
});

Deno.test("references to one long field are not multiplied without end", async () => {
  await using scene = await Http2Scene.set(ok(), LITTLE_PATIENCE);
  using client = await Http2Client.connect(scene.port);
  const block = blockOf(GET);
  // One literal with incremental indexing, then its index again and again.
  block.addOctet(0x40);
  block.addOctet(1);
  block.addLatin1("x");
  block.addOctet(127);
  block.addOctet(0x80 | (4_000 - 127) & 127);
  block.addOctet((4_000 - 127) >> 7);
  block.addLatin1("y".repeat(4_000));
  for (let i = 0; i < 10_000; i++) block.addOctet(0x80 | 62);
  client.write((out) => writeHeaders(out, 1, block, true, 16_384));
  assert.equal(await client.goaway(), H2Error.ENHANCE_YOUR_CALM);
});

Deno.test("a client that takes no answers is not read any further, and then cut", async () => {
  const clock = new ManualClock();
  await using scene = await Http2Scene.set(
    "HTTP/1.1 204 No Content\r\nX-Large: " + "x".repeat(8_000) + "\r\n\r\n",
    { clock },
  );
  using client = await Http2Client.connect(scene.port);
  client.hold();
  const taken = () => scene.entries.length;
  // 50 at a time, until none of them is taken any more.
  for (let sent = 0, still = 0; still < 20;) {
    if (sent < taken() + 50) {
      const id = 2 * sent++ + 1;
      client.write((out) => writeHeaders(out, id, blockOf(GET), true, 16_384));
      still = 0;
    } else {
      await new Promise((resolve) => setTimeout(resolve, 20));
      still++;
    }
    assert.ok(sent < 20_000, "all requests were taken");
  }
  clock.advance(100_000);
  await scene.ended();
  assert.deepEqual(scene.limits, ["send_time"]);
});
