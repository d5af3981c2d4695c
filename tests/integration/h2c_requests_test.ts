import assert from "node:assert/strict";
import { FrameType } from "../../src/http2/frame.ts";
import { Setting } from "../../src/http2/settings.ts";
import {
  answering,
  Http2Application,
  type Http2Script,
} from "../support/http2_application.ts";
import { GET, Http2Client } from "../support/http2_client.ts";
import { client as identity, root, TestSidecar } from "../support/sidecar.ts";
import { eventually } from "../support/waiting.ts";

/** A sidecar before an application that speaks HTTP/2. */
async function before(
  script: Http2Script,
  settings: Record<string, string> = {},
) {
  await using stack = new AsyncDisposableStack();
  const application = stack.use(new Http2Application(script));
  const sidecar = stack.use(
    await TestSidecar.start({
      upstream: application.url,
      settings: { UPSTREAM_PROTOCOL: "h2c", ...settings },
    }),
  );
  const kept = stack.move();
  return {
    application,
    sidecar,
    http2: () =>
      Http2Client.connect(sidecar.port, {
        tls: { identity, caCerts: [root.certPem] },
      }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

Deno.test("an HTTP/1.1 request reaches an HTTP/2 application, and its answer the client", async () => {
  await using scene = await before(answering);
  using client = await scene.sidecar.connect();
  await client.send(
    "GET /a?b=c HTTP/1.1\r\nHost: shop.test\r\nX-One: 1\r\nConnection: X-Hop\r\n" +
      "X-Hop: gone\r\nX-Client-CN: forged\r\n\r\n",
  );
  const response = await client.response();
  assert.equal(response.status, 200);
  assert.equal(response.content, "/a?b=c");
  const { fields } = await scene.application.connections[0]!.frames.of(
    FrameType.HEADERS,
    1,
  );
  assert.deepEqual(fields.slice(0, 5), [
    [":method", "GET"],
    [":scheme", "http"],
    [":authority", `127.0.0.1:${scene.application.port}`],
    [":path", "/a?b=c"],
    ["x-one", "1"],
  ]);
  const names = fields.map(([name]) => name);
  for (const name of ["host", "connection", "x-hop", "x-client-cn"]) {
    assert.ok(!names.includes(name), name);
  }
  assert.deepEqual(
    fields.filter(([name]) => name.startsWith("x-forwarded-")),
    [
      ["x-forwarded-host", "shop.test"],
      ["x-forwarded-for", "127.0.0.1"],
      ["x-forwarded-proto", "https"],
    ],
  );
});

Deno.test("chunks become DATA and DATA chunks, with trailers both ways", async () => {
  await using scene = await before(async (connection) => {
    const { streamId } = (await connection.request())!;
    await connection.whole(streamId);
    const { text } = connection.frames.result(streamId);
    connection.frames.headers(streamId, [[":status", "200"]], false);
    await connection.frames.data(streamId, `got ${text}`);
    connection.frames.headers(streamId, [["x-after", "all"]]);
  });
  using client = await scene.sidecar.connect();
  await client.send(
    "POST / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\n" +
      "Transfer-Encoding: chunked\r\n\r\n" +
      "3\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 5\r\nTrailer: x\r\n\r\n",
  );
  const response = await client.response();
  assert.equal(response.content, "got abcde");
  assert.match(response.trailers, /x-after: all/i);
  const heads = scene.application.connections[0]!.frames.frames.filter((
    { type },
  ) => type === FrameType.HEADERS);
  assert.deepEqual(heads[0]!.fields.find(([name]) => name === "te"), [
    "te",
    "trailers",
  ]);
  assert.deepEqual(heads[1]!.fields, [["x-sum", "5"]]);
});

Deno.test("interim responses come before the final one, to both kinds of clients", async () => {
  await using scene = await before(async (connection) => {
    for (let request; (request = await connection.request()) !== undefined;) {
      const { streamId } = request;
      for (const status of ["103", "103"]) {
        connection.frames.headers(
          streamId,
          [[":status", status], ["link", "</a>"]],
          false,
        );
      }
      connection.answer(streamId, "done");
    }
  });
  using client = await scene.sidecar.connect();
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  for (const status of [103, 103, 200]) {
    assert.equal((await client.response()).status, status);
  }
  using http2 = await scene.http2();
  const response = await http2.response(http2.request());
  assert.deepEqual(response.interim, [103, 103]);
  assert.equal(response.text, "done");
});

Deno.test("a HEAD, a 204 and a 304 have no content, whatever length they tell", async () => {
  await using scene = await before(async (connection) => {
    for (let request; (request = await connection.request()) !== undefined;) {
      const path = request.fields.find(([name]) => name === ":path")![1];
      const status = path === "/head" ? "200" : path.slice(1);
      connection.frames.headers(request.streamId, [
        [":status", status],
        ...(status === "204" ? [] : [["content-length", "10"] as const]),
      ]);
    }
  });
  using client = await scene.sidecar.connect();
  for (
    const [method, path] of [["HEAD", "head"], ["GET", "204"], ["GET", "304"]]
  ) {
    await client.send(`${method} /${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
    const response = await client.response(method);
    assert.equal(response.content, "");
  }
});

Deno.test("a body goes no faster than the application takes it, and whole", async () => {
  const content = "0123456789abcdef".repeat(20_000);
  const { promise: go, resolve } = Promise.withResolvers<void>();
  await using scene = await before(async (connection) => {
    const { streamId } = (await connection.request())!;
    await go;
    for (let taken = 0; taken < content.length;) {
      const step = 60_000;
      connection.open(0, step);
      connection.open(streamId, step);
      taken += step;
    }
    await connection.whole(streamId);
    connection.answer(
      streamId,
      String(connection.frames.result(streamId).text === content),
    );
  });
  using client = await scene.sidecar.connect();
  const sending = client.send(
    `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${content.length}\r\n\r\n${content}`,
  );
  await eventually(
    () => scene.application.connections.length > 0,
    "a connection",
  );
  const { frames } = scene.application.connections[0]!;
  const sent = () => frames.result(1).text.length;
  await eventually(() => sent() >= 65_535, "as much as the window allows");
  await frames.settled();
  // The window of RFC 9113 §6.9.2, and not one octet more.
  assert.equal(sent(), 65_535);
  resolve();
  await sending;
  assert.equal((await client.response()).content, "true");
});

Deno.test("a slow client slows its own stream down alone", async () => {
  await using scene = await before(async (connection) => {
    const big = (await connection.request())!;
    connection.frames.headers(big.streamId, [[":status", "200"]], false);
    connection.frames.data(big.streamId, "x".repeat(16_000));
    connection.frames.data(big.streamId, "y".repeat(16_000));
    await answering(connection, 0);
  });
  using http2 = await scene.http2();
  http2.write((out) => out.add(new Uint8Array(0)));
  const big = http2.request();
  await http2.of(FrameType.DATA, big);
  // Nobody opens the windows of the first one.
  const small = http2.request([...GET.slice(0, 3), [":path", "/small"]]);
  assert.equal((await http2.response(small)).text, "/small");
});

Deno.test("settings of the application are kept to: its frames are no larger than it takes", async () => {
  await using application = new Http2Application(answering, {
    settings: [[Setting.INITIAL_WINDOW_SIZE, 5], [
      Setting.HEADER_TABLE_SIZE,
      0,
    ]],
  });
  await using sidecar = await TestSidecar.start({
    upstream: application.url,
    settings: { UPSTREAM_PROTOCOL: "h2c" },
  });
  using client = await sidecar.connect();
  await client.send(
    "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n12345678",
  );
  assert.equal((await client.response()).content, "/p");
  const data = application.connections[0]!.frames.frames.filter(({ type }) =>
    type === FrameType.DATA
  );
  assert.deepEqual(data.map(({ text }) => text), ["12345"]);
});
