import assert from "node:assert/strict";
import { FrameType } from "../../src/http2/frame.ts";
import { LARGE_STREAM_WINDOW, STREAM_WINDOW } from "../../src/http2/stream.ts";
import type { ApplicationConnection } from "../support/application.ts";
import { type Field, GET, Http2Client, POST } from "../support/http2_client.ts";
import { Http2Scene } from "../support/http2_scene.ts";
import { fieldValues, ok } from "../support/messages.ts";
import { eventually } from "../support/waiting.ts";

/** Octets of every value, in no order that a mistake would keep. */
const BIG = Array.from(
  { length: 500_003 },
  (_, i) => String.fromCharCode((i * 31 + (i >> 8)) & 0xff),
).join("");

const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/** Takes one chunked request: its head, then its body as it came. */
async function takeChunked(
  connection: ApplicationConnection,
): Promise<{ head: string; content: string; trailers: string }> {
  const head = await connection.head() ?? "";
  let content = "";
  for (
    let size;
    (size = parseInt(await connection.until("\r\n") ?? "0", 16));
  ) {
    content += await connection.octets(size);
    await connection.octets(2);
  }
  let trailers = "";
  for (let line; (line = await connection.until("\r\n")) !== "\r\n";) {
    if (line === undefined) return { head, content, trailers: "cut" };
    trailers += line;
  }
  return { head, content, trailers };
}

/** Sends content as the windows allow it. */
async function upload(client: Http2Client, id: number, content: string) {
  let window = STREAM_WINDOW;
  let connection = STREAM_WINDOW;
  let seen = 0;
  for (let sent = 0; sent < content.length;) {
    for (; seen < client.frames.length; seen++) {
      const { type, streamId, increment } = client.frames[seen]!;
      if (type !== FrameType.WINDOW_UPDATE) continue;
      if (streamId === 0) connection += increment;
      if (streamId === id) window += increment;
    }
    const octets = Math.min(16_384, window, connection, content.length - sent);
    if (octets === 0) {
      const { length } = client.frames;
      await eventually(() => client.frames.length > length, "a window");
      continue;
    }
    window -= octets;
    connection -= octets;
    await client.data(id, content.slice(sent, sent += octets));
  }
  await client.data(id, "", true);
}

Deno.test("a body of a length passes octet for octet, both ways", async () => {
  await using scene = await Http2Scene.set(async (connection) => {
    const head = await connection.head() ?? "";
    const length = Number(fieldValues(head, "content-length")[0]);
    await connection.write(ok(await connection.octets(length)));
  });
  using client = await Http2Client.connect(scene.port);
  client.open(0, 1_000_000);
  const id = client.request([
    ...POST,
    ["content-length", `${BIG.length}`],
  ], false);
  client.open(id, 1_000_000);
  await upload(client, id, BIG);
  const { text, ended } = await client.response(id);
  assert.ok(text === BIG && ended);
  const {
    "http.request.body.size": received,
    "http.response.body.size": sent,
  } = await scene.entry();
  assert.deepEqual([received, sent], [BIG.length, BIG.length]);
});

Deno.test("a body of no declared length is chunked for the application, with its trailers", async () => {
  const taken = Promise.withResolvers<
    Awaited<ReturnType<typeof takeChunked>>
  >();
  await using scene = await Http2Scene.set(async (connection) => {
    taken.resolve(await takeChunked(connection));
    await connection.write(ok("taken"));
  });
  using client = await Http2Client.connect(scene.port);
  const id = client.request(POST, false);
  client.data(id, "one");
  client.data(id, "two");
  client.headers(id, [
    ["x-checksum", "1"],
    ["content-length", "9"],
    ["x-client-cn", "root"],
    ["authorization", "x"],
    ["grpc-status", "0"],
  ]);
  assert.equal((await client.response(id)).text, "taken");
  const { head, content, trailers } = await taken.promise;
  assert.deepEqual(fieldValues(head, "transfer-encoding"), ["chunked"]);
  assert.equal(content, "onetwo");
  assert.equal(trailers, "x-checksum: 1\r\ngrpc-status: 0\r\n");
});

Deno.test("a chunked response arrives as DATA frames and trailers", async () => {
  await using scene = await Http2Scene.set(
    CHUNKED + "3\r\none\r\n3\r\ntwo\r\n0\r\nX-Sum: 7\r\nSet-Cookie: a\r\n\r\n",
  );
  using client = await Http2Client.connect(scene.port);
  const { fields, text, trailers, ended } = await client.response(
    client.request(),
  );
  assert.deepEqual(fields.map(([name]) => name), ["date"]);
  assert.deepEqual({ text, trailers, ended }, {
    text: "onetwo",
    trailers: [["x-sum", "7"]],
    ended: true,
  });
});

Deno.test("a response ends with its last DATA frame, where its end is known by then", async (t) => {
  const cases: Readonly<Record<string, string>> = {
    length: ok("content"),
    chunked: CHUNKED + "7\r\ncontent\r\n0\r\n\r\n",
    "length, large": ok("x".repeat(16_000)),
  };
  for (const [name, response] of Object.entries(cases)) {
    await t.step(name, async () => {
      await using scene = await Http2Scene.set(response);
      using client = await Http2Client.connect(scene.port);
      const id = client.request();
      await client.response(id);
      const frames = client.frames.filter(({ streamId }) => streamId === id);
      assert.deepEqual(frames.map(({ type }) => type), [
        FrameType.HEADERS,
        FrameType.DATA,
      ]);
    });
  }
});

Deno.test("a response that ends at close is whole when its stream has ended", async () => {
  await using scene = await Http2Scene.set(async (connection) => {
    await connection.head();
    await connection.write("HTTP/1.0 200 OK\r\n\r\nuntil the end");
    connection.end();
  });
  using client = await Http2Client.connect(scene.port);
  const { text, ended } = await client.response(client.request());
  assert.deepEqual([text, ended], ["until the end", true]);
});

Deno.test("a response that breaks off resets its stream, and its neighbours live on", async () => {
  const go = Promise.withResolvers<void>();
  await using scene = await Http2Scene.set(async (connection) => {
    const head = await connection.head() ?? "";
    if (head.startsWith("GET /broken ")) {
      await connection.write(
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
      );
      connection.destroy();
    } else {
      await go.promise;
      await connection.write(ok("whole"));
    }
  });
  using client = await Http2Client.connect(scene.port);
  const neighbour = client.request();
  const { status, ended, reset } = await client.response(
    client.request([...GET.slice(0, 3), [":path", "/broken"]]),
  );
  assert.deepEqual([status, ended, reset], [200, false, 2]);
  go.resolve();
  assert.equal((await client.response(neighbour)).text, "whole");
});

Deno.test("both bodies are passed on while they are still coming", async () => {
  await using scene = await Http2Scene.set(async (connection) => {
    await connection.until("first\r\n");
    await connection.write(CHUNKED + "5\r\nfirst\r\n");
    await connection.until("then.\r\n");
    await connection.write("5\r\nthen.\r\n0\r\n\r\n");
    await connection.until("0\r\n\r\n");
  });
  using client = await Http2Client.connect(scene.port);
  const id = client.request(POST, false);
  client.data(id, "first");
  await client.of(FrameType.DATA, id);
  assert.equal(client.result(id).text, "first");
  client.data(id, "then.");
  client.data(id, "", true);
  assert.equal((await client.response(id)).text, "firstthen.");
});

Deno.test("an answer before the end of the request's body ends the stream without an error", async () => {
  await using scene = await Http2Scene.set(async (connection) => {
    await connection.head();
    await connection.write("HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno");
  });
  using client = await Http2Client.connect(scene.port);
  const id = client.request(POST, false);
  await client.data(id, "some of it");
  const reset = await client.of(FrameType.RST_STREAM, id);
  assert.equal(reset.errorCode, 0);
  const { status, text, ended } = client.result(id);
  assert.deepEqual([status, text, ended], [413, "no", true]);
  // What was on its way is no error, and the connection goes on.
  await client.data(id, "more of it");
  await client.settled();
  assert.equal((await client.response(client.request())).status, 413);
});

Deno.test("what would complete a body is held back until the stream has ended", async () => {
  let seen = "";
  await using scene = await Http2Scene.set(async (connection) => {
    await connection.head();
    seen += await connection.octets(4);
    seen += await connection.octets(4);
    await connection.write(ok("whole"));
  });
  using client = await Http2Client.connect(scene.port);
  const id = client.request([...POST, ["content-length", "8"]], false);
  await client.data(id, "half");
  await eventually(() => seen === "half", "the first half");
  await client.data(id, "rest");
  await client.settled();
  assert.equal(seen, "half");
  client.data(id, "", true);
  assert.equal((await client.response(id)).text, "whole");
});

Deno.test("a body that is not as long as it says never looks whole to the application", async (t) => {
  const cases: Readonly<
    Record<string, (client: Http2Client, id: number) => void>
  > = {
    "too long": (client, id) => {
      client.data(id, "01234567");
      client.data(id, "8", true);
    },
    "too long at once": (client, id) => client.data(id, "012345678", true),
    "too short": (client, id) => client.data(id, "0123456", true),
    "too short, with trailers": (client, id) => {
      client.data(id, "0123456");
      client.headers(id, [["x-a", "b"]]);
    },
  };
  for (const [name, send] of Object.entries(cases)) {
    await t.step(name, async () => {
      let body = "";
      await using scene = await Http2Scene.set(async (connection) => {
        if (await connection.head() === undefined) return;
        body += await connection.octets(8);
      });
      using client = await Http2Client.connect(scene.port);
      const id = client.request([...POST, ["content-length", "8"]], false);
      send(client, id);
      const { status } = await client.response(id);
      assert.equal(status, 400);
      await scene.entry({ "http.response.status_code": 400 });
      assert.ok(body.length < 8, body);
      assert.equal(scene.open, 1);
    });
  }
});

Deno.test("a content-length of 0 that the stream goes on after is no end by itself", async () => {
  const taken = Promise.withResolvers<
    Awaited<ReturnType<typeof takeChunked>>
  >();
  await using scene = await Http2Scene.set(async (connection) => {
    taken.resolve(await takeChunked(connection));
  });
  using client = await Http2Client.connect(scene.port);
  const id = client.request([...POST, ["content-length", "0"]], false);
  await client.settled();
  client.data(id, "smuggled", true);
  assert.equal((await client.response(id)).status, 400);
  const { head, content, trailers } = await taken.promise;
  assert.deepEqual(fieldValues(head, "content-length"), []);
  assert.deepEqual([content, trailers], ["", "cut"]);
});

Deno.test("a stream whose content is not taken never stops its neighbours", async () => {
  const go = Promise.withResolvers<void>();
  await using scene = await Http2Scene.set(async (connection) => {
    const head = await connection.head() ?? "";
    if (head.startsWith("POST /stuck ")) await go.promise;
    const length = Number(fieldValues(head, "content-length")[0]);
    await connection.skip(length);
    await connection.write(ok("taken"));
  });
  using client = await Http2Client.connect(scene.port);
  const size: Field = ["content-length", "8000000"];
  const stuck = client.request(
    [...POST.slice(0, 3), [":path", "/stuck"], size],
    false,
  );
  let sent = 0;
  // The application's kernel takes some of it; in the end the window is shut.
  const opened = () =>
    client.frames.filter(({ type, streamId }) =>
      type === FrameType.WINDOW_UPDATE && streamId === stuck
    ).reduce((sum, { increment }) => sum + increment, STREAM_WINDOW);
  for (let still = 0; still < 20;) {
    if (sent < Math.min(opened(), 8_000_000)) {
      const octets = Math.min(16_384, opened() - sent, 8_000_000 - sent);
      await client.data(stuck, "x".repeat(octets));
      sent += octets;
      still = 0;
    } else {
      await new Promise((resolve) => setTimeout(resolve, 10));
      still++;
    }
  }
  assert.ok(sent < 8_000_000, "the application's side took everything");
  const neighbour = client.request(
    [...POST, ["content-length", "300000"]],
    false,
  );
  await upload(client, neighbour, "y".repeat(300_000));
  assert.equal((await client.response(neighbour)).text, "taken");
  go.resolve();
  client.reset(stuck);
});

Deno.test("a stream whose content is taken is given a large window", async () => {
  await using scene = await Http2Scene.set(async (connection) => {
    await connection.head();
    await connection.skip(600_000);
    await connection.write(ok("taken"));
  });
  using client = await Http2Client.connect(scene.port);
  const id = client.request([...POST, ["content-length", "600000"]], false);
  await upload(client, id, "x".repeat(600_000));
  await client.response(id);
  const largest = Math.max(
    ...client.frames.filter(({ type, streamId }) =>
      type === FrameType.WINDOW_UPDATE && streamId === id
    ).map(({ increment }) => increment),
  );
  assert.ok(largest >= LARGE_STREAM_WINDOW / 2, `${largest}`);
});

Deno.test("a client's windows are kept to, and opened ones are used", async () => {
  await using scene = await Http2Scene.set(ok("x".repeat(200_000)));
  // A window of its own for each stream: 1000 octets.
  using client = await Http2Client.connect(scene.port, {
    settings: [[4, 1000]],
  });
  const id = client.request();
  const received = () => client.result(id).text.length;
  await eventually(() => received() === 1000, "the first window");
  await client.settled();
  assert.equal(received(), 1000);
  client.open(id, 100_000);
  // The connection's window of 65,535 is what limits now.
  await eventually(() => received() === 65_535, "the connection's window");
  await client.settled();
  assert.equal(received(), 65_535);
  client.open(0, 1_000_000);
  await eventually(() => received() === 101_000, "the stream's window");
  client.write((out) => {
    // A larger initial window enlarges those of open streams (RFC 9113 §6.9.2).
    out.add(new Uint8Array([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 3, 0, 0]));
  });
  assert.equal((await client.response(id)).text.length, 200_000);
});

Deno.test("streams that wait for the same window share it fairly", async () => {
  await using scene = await Http2Scene.set(ok("x".repeat(300_000)));
  using client = await Http2Client.connect(scene.port, {
    settings: [[4, 1_000_000]],
  });
  const ids = [client.request(), client.request(), client.request()];
  await client.settled();
  await eventually(
    () => ids.every((id) => client.result(id).status === 200),
    "the heads",
  );
  client.open(0, 300_000);
  const received = () => ids.map((id) => client.result(id).text.length);
  await eventually(
    () => received().reduce((sum, octets) => sum + octets) === 365_535,
    "the window's content",
  );
  for (const octets of received()) assert.ok(octets > 80_000, `${received()}`);
  client.open(0, 1_000_000);
  for (const id of ids) {
    assert.equal((await client.response(id)).text.length, 300_000);
  }
});
