import assert from "node:assert/strict";
import { FrameType } from "../../src/http2/frame.ts";
import {
  answering,
  type ApplicationConnection,
  Http2Application,
  type Http2ApplicationOptions,
  type Http2Script,
} from "../support/http2_application.ts";
import { type Field, GET, Http2Client } from "../support/http2_client.ts";
import { octetsOf } from "../support/octet_reader.ts";
import { client as identity, root, TestSidecar } from "../support/sidecar.ts";

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
const OK: Field = [":status", "200"];

/** A frame of any kind. */
function frame(
  type: number,
  streamId: number,
  payload: string,
  flags = 0,
): Uint8Array {
  const { length } = payload;
  const bytes = [length >> 16, length >> 8 & 255, length & 255, type, flags];
  bytes.push(0, 0, streamId >> 8, streamId & 255);
  return new Uint8Array([...bytes, ...octetsOf(payload)]);
}

type Answer = (connection: ApplicationConnection, streamId: number) => unknown;

/** Answers to one request that are none, and end that stream alone. */
const BROKEN: readonly (readonly [string, Answer])[] = [
  ["no status", ({ frames }, id) => frames.headers(id, [["a", "b"]])],
  ["two statuses", ({ frames }, id) => frames.headers(id, [OK, OK])],
  [
    "a pseudo-header of a request",
    ({ frames }, id) => frames.headers(id, [OK, [":path", "/"]]),
  ],
  [
    "a status that is no number",
    ({ frames }, id) => frames.headers(id, [[":status", "2OO"]]),
  ],
  [
    "a switch of protocols",
    ({ frames }, id) => frames.headers(id, [[":status", "101"]], false),
  ],
  [
    "a field of an HTTP/1.1 connection",
    ({ frames }, id) => frames.headers(id, [OK, ["connection", "close"]]),
  ],
  [
    "transfer-encoding",
    ({ frames }, id) =>
      frames.headers(id, [OK, ["transfer-encoding", "chunked"]]),
  ],
  [
    "a value with a line end",
    ({ frames }, id) => frames.headers(id, [OK, ["a", "b\r\nc: d"]]),
  ],
  [
    "a name in upper case",
    ({ frames }, id) => frames.headers(id, [OK, ["A", "b"]]),
  ],
  [
    "content before a head",
    ({ frames }, id) => frames.data(id, "early"),
  ],
  [
    "an end before a head",
    ({ frames }, id) => frames.data(id, "", true),
  ],
  [
    "an interim response at the end",
    ({ frames }, id) => frames.headers(id, [[":status", "103"]], true),
  ],
  [
    "a length that nothing follows",
    ({ frames }, id) => frames.headers(id, [OK, ["content-length", "5"]]),
  ],
  [
    "two lengths",
    ({ frames }, id) =>
      frames.headers(id, [OK, ["content-length", "5"], [
        "content-length",
        "5",
      ]]),
  ],
  [
    "a header bomb",
    ({ frames }, id) => frames.headers(id, [OK, ["a", "x".repeat(40_000)]]),
  ],
  [
    "interim responses without end",
    ({ frames }, id) => {
      for (let i = 0; i < 40; i++) {
        frames.headers(id, [[":status", "103"]], false);
      }
    },
  ],
];

Deno.test("an answer that is none is a 502, and its neighbours on the connection go on", async (t) => {
  let answer: Answer;
  await using scene = await before(async (connection) => {
    let held = 0;
    for (let request; (request = await connection.request()) !== undefined;) {
      const path = request.fields.find(([name]) => name === ":path")![1];
      if (path === "/neighbour") held = request.streamId;
      else if (path === "/broken") answer(connection, request.streamId);
      else {
        connection.answer(held, "unharmed");
        connection.answer(request.streamId, "next");
      }
    }
  });
  const { client, application } = scene;
  for (const [name, broken] of BROKEN) {
    await t.step(name, async () => {
      answer = broken;
      const neighbour = client.request(to("/neighbour"));
      const result = await client.response(client.request(to("/broken")));
      assert.equal(result.status, 502);
      assert.equal(result.text, "UPSTREAM_RESPONSE_INVALID\n");
      const next = client.request(to("/next"));
      assert.equal((await client.response(neighbour)).text, "unharmed");
      assert.equal((await client.response(next)).text, "next");
    });
  }
  assert.equal(application.connections.length, 1);
});

/** What comes after a head that was good: the client must see that it is not whole. */
const CUT: readonly (readonly [string, Answer])[] = [
  ["less than the length", ({ frames }, id) => frames.data(id, "abc", true)],
  [
    "more than the length",
    ({ frames }, id) => frames.data(id, "abcdefgh", true),
  ],
  ["a reset", ({ frames }, id) => frames.reset(id, 2)],
  ["a second response", ({ frames }, id) => frames.headers(id, [OK], false)],
  [
    "trailers with a pseudo-header",
    ({ frames }, id) => frames.headers(id, [OK]),
  ],
  [
    "more than the window",
    ({ frames }, id) => {
      for (let i = 0; i < 20; i++) frames.data(id, "x".repeat(16_000));
    },
  ],
  ["the connection's end", ({ frames }) => frames.close()],
];

Deno.test("a response that is not whole never looks so", async (t) => {
  for (const [name, cut] of CUT) {
    await t.step(name, async () => {
      await using scene = await before(async (connection) => {
        const { streamId } = (await connection.request())!;
        const length = /length/.test(name) ? "5" : "400000";
        connection.frames.headers(
          streamId,
          [OK, ["content-length", length]],
          false,
        );
        await connection.frames.settled();
        await cut(connection, streamId);
      });
      const result = await scene.client.response(scene.client.request());
      assert.ok(!result.ended, "it ended in order");
      assert.notEqual(result.reset, undefined);
    });
  }
});

/** What breaks a whole connection. */
const FATAL: readonly (readonly [string, Answer])[] = [
  ["a push", ({ frames }) => frames.send(frame(5, 1, "\0\0\0\x02", 4))],
  ["a stream of the server's", ({ frames }) => frames.headers(2, [OK])],
  ["a stream that nobody opened", ({ frames }) => frames.headers(99, [OK])],
  [
    "a frame that is too large",
    ({ frames }) => frames.send(frame(0, 1, "x".repeat(20_000))),
  ],
  [
    "a block that can't be decoded",
    ({ frames }) => frames.send(frame(1, 1, "\xff\xff\xff\xff\xff", 4)),
  ],
  ["a window of 0", ({ frames }) => frames.send(frame(8, 0, "\0\0\0\0"))],
  [
    "pings without end",
    ({ frames }) => {
      for (let i = 0; i < 3_000; i++) frames.send(frame(6, 0, "12345678"));
    },
  ],
  [
    "settings without end",
    ({ frames }) => {
      for (let i = 0; i < 3_000; i++) frames.send(frame(4, 0, ""));
    },
  ],
  [
    "empty content without end",
    ({ frames }, id) => {
      frames.headers(id, [OK], false);
      for (let i = 0; i < 3_000; i++) frames.send(frame(0, id, ""));
    },
  ],
];

Deno.test("an application that breaks HTTP/2 loses its connection, and is asked on another one", async (t) => {
  for (const [name, broken] of FATAL) {
    await t.step(name, async () => {
      await using scene = await before(async (connection, index) => {
        if (index > 0) return await answering(connection, index);
        const { streamId } = (await connection.request())!;
        broken(connection, streamId);
      });
      const { client, application } = scene;
      const result = await client.response(client.request());
      assert.ok(
        result.status === 502 || result.reset !== undefined,
        `${result.status}`,
      );
      const goaway = await application.connections[0]!.frames.goaway();
      assert.ok(goaway !== 0, `GOAWAY ${goaway}`);
      const next = await client.response(client.request(to("/next")));
      assert.equal(next.text, "/next");
    });
  }
});

Deno.test("an application that does not speak HTTP/2, or says nothing, is no application", async (t) => {
  for (const says of ["HTTP/1.1 400 Bad Request\r\n\r\n", ""]) {
    await t.step(says || "nothing", async () => {
      await using scene = await before(
        ({ frames }) => void frames.send(says),
        {
          application: { settings: undefined, rude: true },
          settings: { UPSTREAM_CONNECT_TIMEOUT_SECS: "1" },
        },
      );
      const result = await scene.client.response(scene.client.request());
      assert.equal(result.text, "UPSTREAM_CONNECT_FAILED\n");
    });
  }
});

Deno.test("an application that hangs is a 504, and its connection is not used again", async () => {
  await using scene = await before(
    async (connection, index) => {
      if (index > 0) await answering(connection, index);
    },
    { settings: { UPSTREAM_TIMEOUT_SECS: "1" } },
  );
  const { client, application } = scene;
  const result = await client.response(client.request());
  assert.equal(result.status, 504);
  assert.equal(result.text, "UPSTREAM_TIMEOUT\n");
  const reset = await application.connections[0]!.frames.of(
    FrameType.RST_STREAM,
    1,
  );
  assert.equal(reset.errorCode, 8);
  const next = await client.response(client.request(to("/next")));
  assert.equal(next.text, "/next");
});

Deno.test("an application that sends a whole response and resets the stream is taken at its word", async () => {
  await using scene = await before(async (connection) => {
    const { streamId } = (await connection.request())!;
    connection.frames.headers(streamId, [OK], false);
    connection.frames.data(streamId, "x".repeat(15_000));
    connection.frames.data(streamId, "x".repeat(15_000), true);
    connection.frames.reset(streamId, 0);
    await connection.frames.send("");
    connection.frames.close();
  });
  const result = await scene.client.response(scene.client.request());
  assert.equal(result.text.length, 30_000);
  assert.ok(result.ended);
});
