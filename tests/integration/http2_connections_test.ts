import assert from "node:assert/strict";
import { FrameType } from "../../src/http2/frame.ts";
import { writeHeaders, writeReset } from "../../src/http2/frame_writer.ts";
import { H2Error } from "../../src/http2/http2_error.ts";
import { blockOf, GET, Http2Client, POST } from "../support/http2_client.ts";
import { Http2Scene, type Http2SceneOptions } from "../support/http2_scene.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { ok } from "../support/messages.ts";
import { eventually } from "../support/waiting.ts";

/** A scene whose application answers when it is told to, and a client with one request under way. */
async function underWay(options: Http2SceneOptions = {}) {
  const { promise: go, resolve: answer } = Promise.withResolvers<void>();
  const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
  await using stack = new AsyncDisposableStack();
  const scene = stack.use(
    await Http2Scene.set(async (connection) => {
      while (await connection.head() !== undefined) {
        ask();
        await go;
        await connection.write(ok("done"));
      }
    }, options),
  );
  const client = stack.use(await Http2Client.connect(scene.port));
  const id = client.request();
  await asked;
  const kept = stack.move();
  return {
    scene,
    client,
    id,
    answer,
    session: scene.sessions[0]!,
    [Symbol.asyncDispose]: () => {
      answer();
      return kept.disposeAsync();
    },
  };
}

const goaways = (client: Http2Client) =>
  client.frames.filter(({ type }) => type === FrameType.GOAWAY);

Deno.test("retire() tells the client twice, serves what was on its way, and ends with the last answer", async () => {
  await using held = await underWay();
  const { scene, client, id, session, answer } = held;
  session.retire();
  // Sent before the client could know.
  const late = client.request();
  await client.of(FrameType.GOAWAY);
  await eventually(() => goaways(client).length === 2, "the second GOAWAY");
  assert.deepEqual(
    goaways(client).map((frame) => [frame.lastStreamId, frame.errorCode]),
    [[0x7fff_ffff, 0], [late, 0]],
  );
  const tooLate = client.request();
  assert.equal((await client.response(tooLate)).reset, 7);
  answer();
  assert.equal((await client.response(id)).text, "done");
  assert.equal((await client.response(late)).text, "done");
  assert.equal(await client.ended(), "ended");
  client.close();
  await scene.ended();
});

Deno.test("retire() ends a connection without requests in order", async () => {
  await using scene = await Http2Scene.set(ok());
  using client = await Http2Client.connect(scene.port);
  await client.response(client.request());
  scene.sessions[0]!.retire();
  assert.equal(await client.goaway(), 0);
  assert.equal(client.end, "ended");
});

Deno.test("retire() does not wait for a client that answers no ping", async () => {
  const clock = new ManualClock();
  await using scene = await Http2Scene.set(ok(), { clock });
  using client = await Http2Client.connect(scene.port, { rude: true });
  await client.response(client.request());
  scene.sessions[0]!.retire();
  await client.of(FrameType.PING);
  assert.equal(goaways(client).length, 1);
  clock.advance(1_500);
  assert.equal(await client.goaway(), 0);
  assert.equal(goaways(client).length, 2);
});

Deno.test("revoke() refuses whatever has not wholly come, and finishes what is in hand", async () => {
  await using held = await underWay();
  const { client, id, session, answer } = held;
  session.revoke();
  const { lastStreamId } = await client.of(FrameType.GOAWAY);
  assert.equal(lastStreamId, id);
  assert.equal((await client.response(client.request())).reset, 7);
  answer();
  assert.equal((await client.response(id)).text, "done");
  assert.equal(await client.ended(), "ended");
});

Deno.test("revoke() takes no request of which a part had come", async () => {
  let heads = 0;
  await using scene = await Http2Scene.set(async (connection) => {
    while (await connection.head() !== undefined) {
      heads++;
      await connection.write(ok());
    }
  });
  using client = await Http2Client.connect(scene.port);
  await client.response(client.request());
  client.write((out) => {
    // HEADERS of 20 octets without END_HEADERS, and less than that of its payload.
    out.add(new Uint8Array([0, 0, 20, 1, 1, 0, 0, 0, 3, 0x82]));
  });
  await eventually(() => heads === 1, "the first request");
  scene.sessions[0]!.revoke();
  assert.equal(await client.goaway(), 0);
  assert.equal(heads, 1);
});

Deno.test("a request that comes when trust is gone is refused, and those in hand are finished", async () => {
  let mayServe = true;
  const { promise: go, resolve: answer } = Promise.withResolvers<void>();
  let heads = 0;
  await using scene = await Http2Scene.set(async (connection) => {
    while (await connection.head() !== undefined) {
      heads++;
      await go;
      await connection.write(ok("in hand"));
    }
  }, { mayServe: () => mayServe });
  using client = await Http2Client.connect(scene.port);
  const inHand = [client.request(), client.request()];
  await eventually(() => heads === 2, "the requests");
  mayServe = false;
  const late = [client.request(), client.request()];
  for (const id of late) {
    assert.equal((await client.response(id)).reset, H2Error.REFUSED_STREAM);
  }
  await client.of(FrameType.GOAWAY);
  answer();
  for (const id of inHand) {
    assert.equal((await client.response(id)).text, "in hand");
  }
  assert.equal(await client.goaway(), H2Error.NO_ERROR);
  client.close();
  await scene.ended();
  assert.equal(heads, 2);
  assert.equal(scene.entries.length, 2);
});

Deno.test("a connection that may not be served ends with the request that it refused", async () => {
  await using scene = await Http2Scene.set(ok(), { mayServe: () => false });
  using client = await Http2Client.connect(scene.port);
  const { reset } = await client.response(client.request());
  assert.equal(reset, H2Error.REFUSED_STREAM);
  assert.equal(await client.goaway(), H2Error.NO_ERROR);
  client.close();
  await scene.ended();
  assert.deepEqual(scene.entries, []);
});

Deno.test("destroy() cuts the connection, and what is under way upstream with it", async () => {
  await using held = await underWay();
  const { scene, client, session } = held;
  session.destroy();
  await client.ended();
  assert.equal((await scene.entry())["error.type"], "CLIENT_GONE");
  await scene.ended();
});

Deno.test("an idle connection is retired after keepAliveMs", async () => {
  const clock = new ManualClock();
  await using scene = await Http2Scene.set(ok(), { clock });
  using client = await Http2Client.connect(scene.port);
  await client.response(client.request());
  await scene.entry();
  await client.settled();
  clock.advance(74_000);
  await client.settled();
  assert.equal(goaways(client).length, 0);
  clock.advance(2_000);
  assert.equal(await client.goaway(), 0);
  client.close();
  await scene.ended();
});

Deno.test("a connection with requests under way is not idle", async () => {
  const clock = new ManualClock();
  await using held = await underWay({ clock, upstreamTimeoutMs: 600_000 });
  const { client, id, answer } = held;
  clock.advance(300_000);
  await client.settled();
  answer();
  assert.equal((await client.response(id)).text, "done");
});

Deno.test("a client's reset ends the request to the application", async () => {
  const gone = Promise.withResolvers<void>();
  await using scene = await Http2Scene.set(async (connection) => {
    await connection.head();
    await connection.rest();
    gone.resolve();
  });
  using client = await Http2Client.connect(scene.port);
  const id = client.request();
  await eventually(
    () => scene.application!.connections.length === 1,
    "the request",
  );
  client.reset(id);
  await gone.promise;
  assert.equal((await scene.entry())["error.type"], "CLIENT_GONE");
  await client.settled();
});

Deno.test("a client's reset in the middle of its body ends the request to the application", async () => {
  const gone = Promise.withResolvers<void>();
  await using scene = await Http2Scene.set(async (connection) => {
    await connection.head();
    await connection.rest();
    gone.resolve();
  });
  using client = await Http2Client.connect(scene.port);
  const id = client.request(POST, false);
  await client.data(id, "some");
  await eventually(
    () => scene.application!.connections.length === 1,
    "the request",
  );
  client.reset(id);
  await gone.promise;
  assert.equal((await scene.entry())["error.type"], "CLIENT_GONE");
});

Deno.test("what was reset before it was handed on is nobody's work", async () => {
  await using scene = await Http2Scene.set(ok());
  using client = await Http2Client.connect(scene.port);
  await client.settled();
  // In one write, hence taken together.
  client.write((out) => {
    for (const id of [1, 3, 5]) {
      writeHeaders(out, id, blockOf(GET), true, 16_384);
      writeReset(out, id, 8);
    }
  });
  await client.settled();
  assert.equal(scene.entries.length, 0);
});

Deno.test("a ping is answered with its octets, and settings are acknowledged", async () => {
  await using scene = await Http2Scene.set(ok());
  using client = await Http2Client.connect(scene.port);
  await client.frame(({ type, ack }) => type === FrameType.SETTINGS && ack);
  await client.settled();
  const [first] = client.frames;
  assert.equal(first!.type, FrameType.SETTINGS);
  assert.equal(first!.ack, false);
});

Deno.test("a client that takes leave by GOAWAY gets its answers", async () => {
  await using held = await underWay();
  const { scene, client, id, answer } = held;
  client.send(new Uint8Array([0, 0, 8, 7, 0, 0, 0, 0, 0, ...Array(8).fill(0)]));
  await client.settled();
  answer();
  assert.equal((await client.response(id)).text, "done");
  client.close();
  await scene.ended();
});

Deno.test("the next connection starts anew", async () => {
  await using scene = await Http2Scene.set(ok("x"));
  for (const _ of [1, 2, 3]) {
    using client = await Http2Client.connect(scene.port);
    for (const _ of [1, 2, 3]) {
      assert.equal((await client.response(client.request(GET))).text, "x");
    }
  }
  await scene.ended();
});
