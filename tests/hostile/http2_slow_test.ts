import assert from "node:assert/strict";
import { FrameType } from "../../src/http2/frame.ts";
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
import { ManualClock } from "../support/manual_clock.ts";
import { ok } from "../support/messages.ts";
import { eventually } from "../support/waiting.ts";

const SETTINGS = rawFrame(FrameType.SETTINGS);

Deno.test("a client that never comes to its first request is shown out after headerMs", async (t) => {
  const cases: Readonly<Record<string, readonly (string | Uint8Array)[]>> = {
    "that says nothing": [],
    "half a preface": [PREFACE.subarray(0, 12)],
    "a preface": [PREFACE],
    "settings": [PREFACE, SETTINGS],
    "half a frame": [
      PREFACE,
      SETTINGS,
      rawFrame(FrameType.HEADERS, { streamId: 1, flags: 5, payload: "abc" })
        .subarray(0, 11),
    ],
    "a header block without an end": [
      PREFACE,
      SETTINGS,
      rawFrame(FrameType.HEADERS, {
        streamId: 1,
        flags: 1,
        payload: blockOf(GET).octets,
      }),
    ],
  };
  for (const [name, parts] of Object.entries(cases)) {
    await t.step(name, async () => {
      const clock = new ManualClock();
      await using scene = await Http2Scene.set(ok(), { clock });
      using client = await Http2Client.connect(scene.port, { silent: true });
      for (const part of parts) client.send(part);
      await eventually(() => scene.open === 1, "the connection");
      clock.advance(9_000);
      assert.equal(scene.open, 1);
      clock.advance(2_000);
      // For what was on its way.
      clock.advance(2_000);
      await client.ended();
      client.close();
      await scene.ended();
      assert.ok(scene.limits.includes("header_time"), `${scene.limits}`);
      assert.equal(scene.application!.connections.length, 0);
    });
  }
});

Deno.test("a client that does not acknowledge our settings is shown out", async () => {
  const clock = new ManualClock();
  await using scene = await Http2Scene.set(ok(), { clock });
  using client = await Http2Client.connect(scene.port, { rude: true });
  await client.response(client.request());
  clock.advance(11_000);
  assert.equal(await client.goaway(), H2Error.SETTINGS_TIMEOUT);
  assert.deepEqual(scene.limits, ["settings_time"]);
});

Deno.test("a body that stands still is answered with 408, and its neighbours live on", async () => {
  const clock = new ManualClock();
  await using scene = await Http2Scene.set(async (connection) => {
    const head = await connection.head() ?? "";
    if (head.startsWith("GET")) await connection.write(ok("well"));
    await connection.rest();
  }, { clock });
  using client = await Http2Client.connect(scene.port);
  const id = client.request(POST, false);
  await client.data(id, "some");
  await eventually(
    () => scene.application!.connections.length === 1,
    "the request",
  );
  await client.settled();
  clock.advance(61_000);
  const reset = await client.of(FrameType.RST_STREAM, id);
  const { status, text } = client.result(id);
  assert.deepEqual([status, text, reset.errorCode], [408, "BODY_TIMEOUT\n", 0]);
  assert.deepEqual(scene.limits, ["body_time"]);
  assert.equal((await client.response(client.request())).text, "well");
});

Deno.test("a body that moves on, however slowly, is no slow body", async () => {
  const clock = new ManualClock();
  await using scene = await Http2Scene.set(async (connection) => {
    await connection.until("0\r\n\r\n");
    await connection.write(ok("whole"));
  }, { clock });
  using client = await Http2Client.connect(scene.port);
  const id = client.request(POST, false);
  for (let i = 0; i < 5; i++) {
    await client.data(id, "x");
    await client.settled();
    clock.advance(50_000);
  }
  client.data(id, "", true);
  assert.equal((await client.response(id)).text, "whole");
});

Deno.test("a stream whose window stays shut is reset, and its neighbours live on", async () => {
  const clock = new ManualClock();
  await using scene = await Http2Scene.set(ok("x".repeat(70_000)), { clock });
  using client = await Http2Client.connect(scene.port, {
    settings: [[4, 0]],
  });
  client.open(0, 1_000_000);
  const stuck = client.request();
  const neighbour = client.request();
  await eventually(
    () => client.result(stuck).status === 200,
    "the response's head",
  );
  client.open(neighbour, 1);
  await eventually(() => client.result(neighbour).text === "x", "one octet");
  clock.advance(40_000);
  client.open(neighbour, 1);
  await eventually(() => client.result(neighbour).text === "xx", "another");
  clock.advance(30_000);
  assert.equal((await client.response(stuck)).reset, H2Error.CANCEL);
  assert.deepEqual(scene.limits, ["send_time"]);
  client.open(neighbour, 100_000);
  assert.equal((await client.response(neighbour)).text.length, 70_000);
});

Deno.test("a connection's window that stays shut ends its streams", async () => {
  const clock = new ManualClock();
  await using scene = await Http2Scene.set(ok("x".repeat(70_000)), { clock });
  using client = await Http2Client.connect(scene.port, {
    settings: [[4, 1_000_000]],
  });
  const ids = [client.request(), client.request()];
  await eventually(
    () => ids.every((id) => client.result(id).status === 200),
    "the heads",
  );
  await client.settled();
  clock.advance(61_000);
  for (const id of ids) {
    assert.equal((await client.response(id)).reset, H2Error.CANCEL);
  }
  await client.settled();
});

Deno.test("a client that reads nothing holds the application back, and is cut in the end", async () => {
  const clock = new ManualClock();
  const chunk = `40000\r\n${"x".repeat(0x40000)}\r\n`;
  let written = 0;
  await using scene = await Http2Scene.set(async (connection) => {
    await connection.head();
    await connection.write(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    while (await connection.write(chunk)) written += chunk.length;
  }, { clock });
  using client = await Http2Client.connect(scene.port, {
    settings: [[4, 0x7fff_ffff]],
  });
  client.open(0, 0x7fff_0000);
  const id = client.request();
  await client.of(FrameType.HEADERS, id);
  client.hold();
  for (let before = -1, still = 0; still < 10;) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    still = written === before && before > 0 ? still + 1 : 0;
    before = written;
  }
  assert.ok(written < 48 * 1024 * 1024, `${written} octets were taken`);
  clock.advance(61_000);
  await scene.ended();
  assert.ok(scene.limits.includes("send_time"));
});
