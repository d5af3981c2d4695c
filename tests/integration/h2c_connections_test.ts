import assert from "node:assert/strict";
import { FrameType } from "../../src/http2/frame.ts";
import { Setting } from "../../src/http2/settings.ts";
import {
  answering,
  Http2Application,
  type Http2ApplicationOptions,
  type Http2Script,
} from "../support/http2_application.ts";
import { type Field, GET, Http2Client, POST } from "../support/http2_client.ts";
import { client as identity, root, TestSidecar } from "../support/sidecar.ts";
import { eventually } from "../support/waiting.ts";

async function before(
  script: Http2Script,
  { settings = {}, application: options }: {
    settings?: Record<string, string>;
    application?: Http2ApplicationOptions;
  } = {},
) {
  await using stack = new AsyncDisposableStack();
  const application = stack.use(new Http2Application(script, options));
  const sidecar = stack.use(
    await TestSidecar.start({
      upstream: application.url,
      settings: { UPSTREAM_PROTOCOL: "h2c", ...settings },
    }),
  );
  const client = stack.use(
    await Http2Client.connect(sidecar.port, {
      tls: { identity, caCerts: [root.certPem] },
    }),
  );
  const kept = stack.move();
  return {
    application,
    sidecar,
    client,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

const to = (path: string): Field[] => [...GET.slice(0, 3), [":path", path]];

/** Requests that came on a connection of the application. */
const heads = ({ connections }: Http2Application, index: number) =>
  connections[index]!.frames.frames.filter(({ type }) =>
    type === FrameType.HEADERS
  );

Deno.test("requests at a time share a connection, up to what the application takes", async () => {
  const { promise: go, resolve } = Promise.withResolvers<void>();
  await using scene = await before(async (connection) => {
    const asked = [await connection.request(), await connection.request()];
    await go;
    for (const request of asked) connection.answer(request!.streamId, "late");
    await answering(connection, 0);
  }, { application: { settings: [[Setting.MAX_CONCURRENT_STREAMS, 2]] } });
  const { application, client } = scene;
  const ids = Array.from({ length: 6 }, () => client.request());
  await eventually(
    () =>
      application.connections.length === 3 &&
      [0, 1, 2].every((index) => heads(application, index).length === 2),
    "three connections with two requests each",
  );
  resolve();
  for (const id of ids) assert.equal((await client.response(id)).text, "late");
});

Deno.test("beyond UPSTREAM_MAX_CONNECTIONS requests wait, and go as soon as there is room", async () => {
  const { promise: go, resolve } = Promise.withResolvers<void>();
  await using scene = await before(async (connection) => {
    await go;
    await answering(connection, 0);
  }, {
    application: { settings: [[Setting.MAX_CONCURRENT_STREAMS, 1]] },
    settings: { UPSTREAM_MAX_CONNECTIONS: "1" },
  });
  const ids = ["/1", "/2", "/3"].map((path) => scene.client.request(to(path)));
  await eventually(
    () =>
      scene.application.connections.length === 1 &&
      heads(scene.application, 0).length === 1,
    "the first request",
  );
  resolve();
  for (const [i, id] of ids.entries()) {
    assert.equal((await scene.client.response(id)).text, `/${i + 1}`);
  }
  assert.equal(scene.application.connections.length, 1);
});

Deno.test("GOAWAY: what the application did not process goes to a new connection, body included; the rest is finished", async () => {
  await using scene = await before(async (connection, index) => {
    if (index > 0) {
      for (let request; (request = await connection.request()) !== undefined;) {
        await connection.whole(request.streamId);
        const { text } = connection.frames.result(request.streamId);
        connection.answer(request.streamId, `second ${text}`);
      }
      return;
    }
    const [first, second] = [
      (await connection.request())!,
      (await connection.request())!,
    ];
    assert.equal(second.streamId, 3);
    await connection.whole(second.streamId);
    connection.goaway(first.streamId);
    connection.answer(first.streamId, "first");
  });
  const { client, application } = scene;
  const first = client.request();
  await eventually(
    () =>
      application.connections.length === 1 && heads(application, 0).length > 0,
    "the first request",
  );
  const second = client.request(POST, false);
  client.data(second, "content", true);
  assert.equal((await client.response(first)).text, "first");
  assert.equal((await client.response(second)).text, "second content");
  await application.opened(1);
});

Deno.test("REFUSED_STREAM: the request is sent again, twice at most", async () => {
  let refusals = 0;
  await using scene = await before(async (connection) => {
    for (let request; (request = await connection.request()) !== undefined;) {
      const path = request.fields.find(([name]) => name === ":path")![1];
      if (path === "/never" || refusals++ < 2) {
        connection.frames.reset(request.streamId, 7);
      } else connection.answer(request.streamId, "at last");
    }
  });
  const { client, application } = scene;
  const once = await client.response(client.request(POST));
  assert.equal(once.text, "at last");
  const never = await client.response(client.request(to("/never")));
  assert.equal(never.status, 502);
  assert.equal(never.text, "UPSTREAM_CLOSED\n");
  assert.equal(heads(application, 0).length, 6);
});

Deno.test("a request that the application may have processed is not sent again", async () => {
  await using scene = await before(async (connection) => {
    for (let request; (request = await connection.request()) !== undefined;) {
      connection.frames.reset(request.streamId, 2);
    }
  });
  const { client, application } = scene;
  const result = await client.response(client.request(POST));
  assert.equal(result.text, "UPSTREAM_CLOSED\n");
  assert.equal(heads(application, 0).length, 1);
});

Deno.test("a client that gives up ends its own stream with CANCEL, and its neighbours go on", async () => {
  await using scene = await before(async (connection) => {
    const first = (await connection.request())!;
    connection.frames.headers(first.streamId, [[":status", "200"]], false);
    await connection.frames.of(FrameType.RST_STREAM, first.streamId);
    // Sent before it could know.
    connection.frames.data(first.streamId, "nobody's");
    await answering(connection, 0);
  });
  const { client, application } = scene;
  const first = client.request();
  await client.of(FrameType.HEADERS, first);
  client.reset(first);
  const second = await client.response(client.request(to("/second")));
  assert.equal(second.text, "/second");
  const reset = await application.connections[0]!.frames.of(
    FrameType.RST_STREAM,
    1,
  );
  assert.equal(reset.errorCode, 8);
  assert.equal(application.connections.length, 1);
});

Deno.test("after a hundred that were given up a connection takes no more requests", async () => {
  await using scene = await before(async (connection) => {
    for (let request; (request = await connection.request()) !== undefined;) {
      const path = request.fields.find(([name]) => name === ":path")![1];
      if (path === "/last") connection.answer(request.streamId, "served");
      else {connection.frames.headers(
          request.streamId,
          [[":status", "200"]],
          false,
        );}
    }
  });
  const { client, application } = scene;
  for (let i = 0; i < 100; i++) {
    const id = client.request();
    await client.of(FrameType.HEADERS, id);
    client.reset(id);
  }
  await client.settled();
  await eventually(
    () => application.connections[0]!.frames.end !== undefined,
    "the end of the first connection",
  );
  const last = await client.response(client.request(to("/last")));
  assert.equal(last.text, "served");
  assert.equal(application.connections.length, 2);
});

Deno.test("an idle connection is ended in order, before the application does", async () => {
  await using scene = await before(answering, {
    settings: { UPSTREAM_IDLE_TIMEOUT_SECS: "1" },
  });
  const { client, application } = scene;
  await client.response(client.request());
  assert.equal(await application.connections[0]!.frames.goaway(), 0);
  assert.equal((await client.response(client.request(to("/b")))).text, "/b");
});

Deno.test("an application that is back is found by the next request", async () => {
  let port: number;
  {
    await using gone = new Http2Application(answering);
    port = gone.port;
  }
  await using sidecar = await TestSidecar.start({
    upstream: `http://127.0.0.1:${port}`,
    settings: { UPSTREAM_PROTOCOL: "h2c" },
  });
  using client = await sidecar.connect();
  const get = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";
  await client.send(get);
  assert.equal((await client.response()).content, "UPSTREAM_CONNECT_FAILED\n");
  await using _back = new Http2Application(answering, { port });
  await client.send(get);
  assert.equal((await client.response()).content, "/x");
});
