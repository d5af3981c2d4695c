import assert from "node:assert/strict";
import { status } from "@grpc/grpc-js";
import { FrameType } from "../../src/http2/frame.ts";
import {
  Http2Application,
  type Http2Script,
} from "../support/http2_application.ts";
import { type Field, Http2Client, POST } from "../support/http2_client.ts";
import { call, grpcClient, TEXTS } from "../support/grpc.ts";
import { client as identity, root, TestSidecar } from "../support/sidecar.ts";
import { soon } from "../support/waiting.ts";

const HEAD: readonly Field[] = [
  [":status", "200"],
  ["content-type", "application/grpc"],
];

/** One message of text as gRPC frames it. */
const message = (text: string) =>
  `\0\0\0\0${String.fromCharCode(text.length)}${text}`;

/** A real client, and a raw one, before an application that does what a test has it do. */
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
  const tls = { identity, caCerts: [root.certPem] };
  const client = grpcClient(sidecar.port, tls);
  stack.defer(() => client.close());
  const raw = stack.use(await Http2Client.connect(sidecar.port, { tls }));
  const kept = stack.move();
  return {
    application,
    sidecar,
    client,
    raw,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** A call as a client sends it whose own clock does not run. */
const grpc = (...fields: Field[]): Field[] => [
  ...POST,
  ["content-type", "application/grpc+proto"],
  ["te", "trailers"],
  ...fields,
];

Deno.test("gRPC: what grpc-timeout says is kept to, where nobody else does", async () => {
  await using at = await before(() => {});
  const id = at.raw.request(grpc(["grpc-timeout", "200m"]));
  const result = await at.raw.response(id);
  assert.equal(result.status, 200);
  assert.ok(result.ended);
  const fields = new Map(result.fields);
  assert.equal(fields.get("content-type"), "application/grpc");
  assert.equal(fields.get("grpc-status"), "4");
  assert.equal(fields.get("grpc-message"), "UPSTREAM_TIMEOUT");
  const { frames } = at.application.connections[0]!;
  assert.equal((await frames.of(FrameType.RST_STREAM, 1)).errorCode, 8);
  const head = await frames.of(FrameType.HEADERS, 1);
  assert.equal(new Map(head.fields).get("grpc-timeout"), "200m");
});

Deno.test("gRPC: a call whose response has begun ends by trailers when its time is over", async () => {
  await using at = await before(async (connection) => {
    const { streamId } = (await connection.request())!;
    connection.frames.headers(streamId, HEAD, false);
    connection.frames.data(streamId, message("a"));
  });
  const id = at.raw.request(grpc(["grpc-timeout", "500m"]));
  const result = await at.raw.response(id);
  assert.equal(result.text, message("a"));
  assert.deepEqual(result.trailers, [
    ["grpc-status", "4"],
    ["grpc-message", "UPSTREAM_TIMEOUT"],
  ]);
});

Deno.test("gRPC: a call is not cut by the limits of requests, but by GRPC_IDLE_TIMEOUT_SECS", async (t) => {
  const silent: Http2Script = () => {};
  await t.step("UPSTREAM_TIMEOUT_SECS and BODY_TIMEOUT_SECS", async () => {
    await using at = await before(silent, {
      UPSTREAM_TIMEOUT_SECS: "1",
      BODY_TIMEOUT_SECS: "1",
    });
    const unary = at.raw.request(grpc());
    const upload = at.raw.request(grpc(), false);
    // Longer than the others are: an HTTP request that is sent last ends first.
    const plain = await at.raw.response(at.raw.request(POST));
    assert.equal(plain.status, 504);
    for (const id of [unary, upload]) {
      assert.equal(at.raw.result(id).status, 0);
      assert.equal(at.raw.result(id).reset, undefined);
    }
  });
  await t.step("GRPC_IDLE_TIMEOUT_SECS", async () => {
    await using at = await before(silent, { GRPC_IDLE_TIMEOUT_SECS: "1" });
    for (const endStream of [true, false]) {
      const result = await at.raw.response(at.raw.request(grpc(), endStream));
      assert.equal(new Map(result.fields).get("grpc-status"), "4");
    }
  });
});

Deno.test("gRPC: the real client is told what became of its call", async (t) => {
  const ends: readonly [string, Http2Script, number, string][] = [
    [
      "a reset before the head",
      async (connection) => {
        connection.frames.reset((await connection.request())!.streamId, 2);
      },
      status.UNAVAILABLE,
      "UPSTREAM_CLOSED",
    ],
    [
      "a head that is none",
      async (connection) => {
        const { streamId } = (await connection.request())!;
        connection.frames.headers(streamId, [["a", "b"]]);
      },
      status.INTERNAL,
      "UPSTREAM_RESPONSE_INVALID",
    ],
    [
      "a reset after a message",
      async (connection) => {
        const { streamId } = (await connection.request())!;
        connection.frames.headers(streamId, HEAD, false);
        connection.frames.data(streamId, message("a"));
        await connection.frames.settled();
        connection.frames.reset(streamId, 2);
      },
      status.UNAVAILABLE,
      "UPSTREAM_CLOSED",
    ],
    [
      "the connection's end after a message",
      async (connection) => {
        const { streamId } = (await connection.request())!;
        connection.frames.headers(streamId, HEAD, false);
        connection.frames.data(streamId, message("a"));
        await connection.frames.settled();
        connection.frames.close();
      },
      status.UNAVAILABLE,
      "UPSTREAM_CLOSED",
    ],
  ];
  for (const [name, script, code, details] of ends) {
    await t.step(name, async () => {
      await using at = await before(script);
      const result = await soon(call(at.client, TEXTS.download), "a call");
      assert.equal(result.code, code, result.details);
      assert.equal(result.details, details);
      if (name.endsWith("message")) assert.deepEqual(result.texts, ["a"]);
    });
  }
});

Deno.test("gRPC: a call that the application did not process is made again without its client noticing", async () => {
  await using at = await before(async (connection) => {
    const first = (await connection.request())!;
    await connection.whole(first.streamId);
    connection.frames.reset(first.streamId, 7);
    const { streamId } = (await connection.request())!;
    await connection.whole(streamId);
    const { text } = connection.frames.result(streamId);
    connection.frames.headers(streamId, HEAD, false);
    connection.frames.data(streamId, text);
    connection.frames.headers(streamId, [["grpc-status", "0"]]);
  });
  const result = await soon(
    call(at.client, TEXTS.unary, { texts: ["once more"] }),
    "a call",
  );
  assert.equal(result.code, status.OK, result.details);
  assert.deepEqual(result.texts, ["once more"]);
});
