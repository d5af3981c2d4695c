import assert from "node:assert/strict";
import fc from "fast-check";
import { fieldValues, get, post, postChunked } from "../support/messages.ts";
import { cut } from "../support/piece_source.ts";
import { Receiver } from "../support/receiver.ts";
import { client } from "../support/sidecar.ts";
import { judge, sealScene, verifier } from "./seal_scene.ts";

const MAX = 1000;
const SETTINGS = { SEAL_BODY: "true", SEAL_BODY_MAX_BYTES: String(MAX) };

function chunks(...contents: readonly string[]): string {
  return contents.map((text) => `${text.length.toString(16)}\r\n${text}\r\n`)
    .join("") + "0\r\n\r\n";
}

for (
  const [name, request, content, sealed] of [
    ["no content", get(), "", true],
    ["empty content", post(""), "", true],
    ["content of one octet", post("a"), "a", true],
    ["content of the limit", post("b".repeat(MAX)), "b".repeat(MAX), true],
    [
      "content one over the limit",
      post("b".repeat(MAX + 1)),
      "b".repeat(MAX + 1),
      false,
    ],
    [
      "much more content",
      post("b".repeat(200_000)),
      "b".repeat(200_000),
      false,
    ],
    ["no chunks", postChunked(chunks()), "", true],
    [
      "chunks of the limit",
      postChunked(chunks("c".repeat(MAX - 1), "d")),
      "c".repeat(MAX - 1) + "d",
      true,
    ],
    [
      "chunks one over the limit",
      postChunked(chunks("c".repeat(MAX), "d")),
      "c".repeat(MAX) + "d",
      false,
    ],
    [
      "many chunks",
      postChunked(chunks(...Array(3000).fill("e".repeat(40)))),
      "e".repeat(120_000),
      false,
    ],
  ] as const
) {
  Deno.test(`SEAL_BODY: ${name} comes whole, and is ${sealed ? "sealed" : "not sealed"}`, async () => {
    const receiver = new Receiver();
    await using scene = await sealScene(receiver, SETTINGS);
    const connection = await scene.connect(client);
    await connection.send(request + get("/next"));
    for (let time = 0; time < 2; time++) {
      assert.equal((await connection.response()).status, 200);
    }
    const [first, next] = receiver.requests;
    assert.equal(first!.content, content);
    assert.equal(next!.target, "/next");
    const verdict = judge(verifier(), first!, { content: true });
    assert.equal(verdict, sealed ? "ok" : "uncovered");
    const digests = fieldValues(first!.head, "content-digest");
    assert.equal(digests.length, sealed ? 1 : 0);
    // What does not count on the content takes either.
    assert.equal(judge(verifier(), first!), "ok");
    await scene.sidecar.entry({
      "url.path": "/",
      "http.request.body.size": content.length,
    });
  });
}

Deno.test("SEAL_BODY: a client that expects a 100 gets one from the sidecar, and the application is not asked again", async () => {
  const receiver = new Receiver();
  await using scene = await sealScene(receiver, SETTINGS);
  const connection = await scene.connect(client);
  const [head = "", content = ""] = post("content", "Expect: 100-continue\r\n")
    .split(/(?<=\r\n\r\n)/);
  for (let time = 0; time < 2; time++) {
    await connection.send(head);
    assert.match(await connection.head(), /^HTTP\/1\.1 100 Continue\r\n/);
    await connection.send(content);
    assert.equal((await connection.response()).status, 200);
  }
  const by = verifier();
  for (const request of receiver.requests) {
    assert.deepEqual(fieldValues(request.head, "expect"), []);
    assert.equal(judge(by, request, { content: true }), "ok");
  }
});

Deno.test("SEAL_BODY: the application sees nothing of a request before its content is whole or over the limit", async () => {
  const receiver = new Receiver();
  await using scene = await sealScene(receiver, SETTINGS);
  const connection = await scene.connect(client);
  await connection.send(post("b".repeat(MAX)).slice(0, -1));
  // Whatever the sidecar does with the other request, it does it after this one.
  await scene.served(client);
  assert.equal(scene.application.connections.length, 1);
  await connection.send("b");
  assert.equal((await connection.response()).status, 200);
  assert.equal(receiver.requests.length, 2);
});

Deno.test("SEAL_BODY: a client that goes away in the midst of its content leaves nothing with the application", async () => {
  const receiver = new Receiver();
  await using scene = await sealScene(receiver, SETTINGS);
  const connection = await scene.connect(client);
  await connection.send(post("content").slice(0, -1));
  connection.close();
  const { "error.type": code } = await scene.sidecar.entry({
    "http.request.method": "POST",
  });
  assert.ok(code === "CLIENT_GONE" || code === "BODY_INCOMPLETE", String(code));
  await scene.sidecar.idle();
  assert.equal(scene.application.connections.length, 0);
});

Deno.test("SEAL_BODY: content that breaks off in order, or its chunks, is answered 400 and not forwarded", async () => {
  const receiver = new Receiver();
  await using scene = await sealScene(receiver, SETTINGS);
  const short = await scene.connect(client);
  await short.send(post("content").slice(0, -1));
  await short.endWrite();
  await short.rest();
  await scene.sidecar.entry({
    "error.type": "BODY_INCOMPLETE",
    "http.response.status_code": 400,
  });
  const broken = await scene.connect(client);
  await broken.send(postChunked("3\r\nabc\r\nzz\r\n"));
  const { status, content } = await broken.response();
  assert.deepEqual([status, content], [400, "CHUNK_INVALID\n"]);
  assert.equal(scene.application.connections.length, 0);
});

Deno.test("SEAL_BODY: trailers follow the content that was held back", async () => {
  const receiver = new Receiver();
  await using scene = await sealScene(receiver, SETTINGS);
  const connection = await scene.connect(client);
  await connection.send(
    postChunked("3\r\nabc\r\n0\r\nX-A: b\r\nX-Client-CN: forged\r\n\r\n"),
  );
  await connection.response();
  const { content, trailers } = receiver.only;
  assert.deepEqual([content, trailers], ["abc", "X-A: b\r\n"]);
  assert.equal(judge(verifier(), receiver.only, { content: true }), "ok");
});

Deno.test("SEAL_BODY: content arrives whole and in order, however the client's octets were cut", async () => {
  const receiver = new Receiver();
  await using scene = await sealScene(receiver, {
    SEAL_BODY: "true",
    SEAL_BODY_MAX_BYTES: "24",
  });
  const by = verifier();
  const content = "0123456789abcdefghijklmnopqrstuvwxyz";
  let asked = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.nat(content.length),
      fc.boolean(),
      fc.array(fc.nat(160), { maxLength: 5 }),
      fc.array(fc.nat(content.length), { maxLength: 3 }),
      async (length, chunked, positions, chunkEnds) => {
        const wanted = content.slice(0, length);
        const request = chunked
          ? postChunked(chunks(...cut(wanted, chunkEnds).filter(Boolean)))
          : post(wanted);
        const connection = await scene.connect(client);
        // Each piece is a TLS record of its own; the head may share one with content.
        for (const piece of cut(request, positions)) {
          await connection.send(piece);
        }
        assert.equal((await connection.response()).status, 200);
        connection.close();
        const received = receiver.requests[asked++]!;
        assert.equal(received.content, wanted);
        assert.equal(
          judge(by, received, { content: true }),
          length <= 24 ? "ok" : "uncovered",
        );
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("SEAL_BODY: a refused client's content is not waited for", async () => {
  const receiver = new Receiver();
  await using scene = await sealScene(receiver, {
    ...SETTINGS,
    ALLOW_CN: "allowed",
  });
  const connection = await scene.connect(client);
  await connection.send(
    post("content", "Expect: 100-continue\r\n").slice(0, -7),
  );
  assert.equal((await connection.response()).status, 403);
  assert.deepEqual(await connection.rest(), { text: "", end: "ended" });
  assert.equal(scene.application.connections.length, 0);
});
