import assert from "node:assert/strict";
import {
  Metadata,
  type sendUnaryData,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { Buffer } from "node:buffer";
import { call, grpcClient, serveGrpc, TEXTS } from "../support/grpc.ts";
import { client as identity, root, TestSidecar } from "../support/sidecar.ts";
import { eventually, soon } from "../support/waiting.ts";

type Unary = ServerUnaryCall<string, string>;
type Answer = sendUnaryData<string>;

/** What the server saw of calls that were given up. */
const cancelled: string[] = [];

/** A peer's own metadata, and texts that come back as they went. */
const SERVICE: UntypedServiceImplementation = {
  unary(call: Unary, answer: Answer) {
    const head = new Metadata();
    head.set("x-head", "first");
    call.sendMetadata(head);
    const trailers = new Metadata();
    trailers.set("x-tail", "last");
    trailers.set("x-octets-bin", Buffer.from([0, 255]));
    if (call.request === "fail") {
      return answer({
        code: status.FAILED_PRECONDITION,
        details: "no: ünïcode 100%",
        metadata: trailers,
      });
    }
    if (call.request === "hang") {
      call.on("cancelled", () => cancelled.push("hang"));
      return;
    }
    const said = call.metadata.get(call.request)[0];
    answer(null, String(said ?? call.request), trailers);
  },
  upload(call: ServerReadableStream<string, string>, answer: Answer) {
    let octets = 0, messages = 0;
    call.on("data", (text: string) => (messages++, octets += text.length));
    call.on("end", () => answer(null, `${messages} of ${octets}`));
  },
  download(call: ServerWritableStream<string, string>) {
    const [count, size] = call.request.split(" ").map(Number);
    const text = "x".repeat(size!);
    let left = count!;
    const next = () => {
      while (left-- > 0) if (!call.write(text)) return call.once("drain", next);
      call.end();
    };
    next();
  },
  chat(call: ServerDuplexStream<string, string>) {
    call.on("cancelled", () => cancelled.push("chat"));
    call.on("data", (text: string) => call.write(text.toUpperCase()));
    call.on("end", () => call.end());
  },
};

async function scene(settings: Record<string, string> = {}) {
  await using stack = new AsyncDisposableStack();
  const server = await serveGrpc(SERVICE);
  stack.defer(server.stop);
  const sidecar = stack.use(
    await TestSidecar.start({
      upstream: `http://127.0.0.1:${server.port}`,
      settings: { UPSTREAM_PROTOCOL: "h2c", ...settings },
    }),
  );
  const client = grpcClient(sidecar.port, {
    identity,
    caCerts: [root.certPem],
  });
  stack.defer(() => client.close());
  const kept = stack.move();
  return {
    server,
    sidecar,
    client,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

Deno.test("gRPC: a unary call, with metadata and trailers both ways", async () => {
  await using at = await scene();
  const result = await soon(
    call(at.client, TEXTS.unary, {
      texts: ["x-asked"],
      metadata: { "x-asked": "for" },
    }),
    "a call",
  );
  assert.equal(result.code, status.OK, result.details);
  assert.deepEqual(result.texts, ["for"]);
  assert.deepEqual(result.metadata.get("x-head"), ["first"]);
  assert.deepEqual(result.trailers.get("x-tail"), ["last"]);
  assert.deepEqual(result.trailers.get("x-octets-bin"), [
    Buffer.from([0, 255]),
  ]);
});

Deno.test("gRPC: the client's streams, the server's, and both, whole", async () => {
  await using at = await scene();
  const upload = call(at.client, TEXTS.upload, {
    texts: Array.from({ length: 500 }, () => "y".repeat(1_000)),
  });
  assert.deepEqual((await soon(upload, "an upload")).texts, ["500 of 500000"]);
  // Larger than a message may be by default, and than any window.
  const large = call(at.client, TEXTS.upload, {
    texts: ["z".repeat(6_000_000)],
  });
  assert.deepEqual((await soon(large, "an upload")).texts, ["1 of 6000000"]);
  const download = await soon(
    call(at.client, TEXTS.download, { texts: ["300 20000"] }),
    "a download",
  );
  assert.equal(download.code, status.OK);
  assert.equal(download.texts.length, 300);
  assert.ok(download.texts.every((text) => text.length === 20_000));
  const chat = await soon(
    call(at.client, TEXTS.chat, { texts: ["a", "b", "c"] }),
    "a chat",
  );
  assert.deepEqual([chat.code, chat.texts], [status.OK, ["A", "B", "C"]]);
});

Deno.test("gRPC: a status of the application comes as it was said", async () => {
  await using at = await scene();
  const result = await soon(
    call(at.client, TEXTS.unary, { texts: ["fail"] }),
    "a call",
  );
  assert.equal(result.code, status.FAILED_PRECONDITION);
  assert.equal(result.details, "no: ünïcode 100%");
  assert.deepEqual(result.trailers.get("x-tail"), ["last"]);
  const unknown = await soon(
    call(at.client, { ...TEXTS.unary, path: "/test.Texts/Nothing" }),
    "a call",
  );
  assert.equal(unknown.code, status.UNIMPLEMENTED);
});

Deno.test("gRPC: a call that its client gives up is given up at the application", async () => {
  await using at = await scene();
  cancelled.length = 0;
  const result = await soon(
    call(at.client, TEXTS.chat, { texts: ["a"], cancelOn: "A", half: false }),
    "a call",
  );
  assert.equal(result.code, status.CANCELLED);
  await eventually(() => cancelled.includes("chat"), "the cancellation");
  // Its neighbours on the connection do not notice.
  const next = await soon(call(at.client, TEXTS.unary, { texts: ["b"] }), "b");
  assert.deepEqual(next.texts, ["b"]);
});

Deno.test("gRPC: a deadline goes on to the application, and ends there too", async () => {
  await using at = await scene();
  cancelled.length = 0;
  const result = await soon(
    call(at.client, TEXTS.unary, { texts: ["hang"], deadlineMs: 300 }),
    "a deadline",
  );
  assert.equal(result.code, status.DEADLINE_EXCEEDED);
  await eventually(() => cancelled.includes("hang"), "the cancellation");
});

Deno.test("gRPC: an application that is not there is UNAVAILABLE, and found at once when it is back", async () => {
  await using at = await scene();
  at.server.stop();
  const down = await soon(call(at.client, TEXTS.unary), "a refusal");
  assert.equal(down.code, status.UNAVAILABLE);
  assert.equal(down.details, "UPSTREAM_CONNECT_FAILED");
  const again = await serveGrpc(SERVICE, at.server.port);
  try {
    const up = await soon(call(at.client, TEXTS.unary, { texts: ["x"] }), "x");
    assert.deepEqual([up.code, up.texts], [status.OK, ["x"]]);
  } finally {
    again.stop();
  }
});

Deno.test("gRPC: a client that may not enter is told PERMISSION_DENIED or UNAUTHENTICATED", async (t) => {
  await t.step("by rule", async () => {
    await using at = await scene({ ALLOW_CN: "somebody-else" });
    const denied = await soon(call(at.client, TEXTS.unary), "a refusal");
    assert.equal(denied.code, status.PERMISSION_DENIED);
    assert.equal(denied.details, "ACCESS_NOT_ALLOWED");
  });
  await t.step("by certificate", async () => {
    await using at = await scene({ UNVERIFIED: "401" });
    const { createAuthority } = await import("../support/pki.ts");
    const stranger = createAuthority({ commonName: "Other Root" })
      .issue({ commonName: "stranger" });
    const client = grpcClient(at.sidecar.port, {
      identity: stranger,
      caCerts: [root.certPem],
    });
    try {
      const denied = await soon(call(client, TEXTS.unary), "a refusal");
      assert.equal(denied.code, status.UNAUTHENTICATED);
    } finally {
      client.close();
    }
  });
});
