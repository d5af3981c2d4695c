import assert from "node:assert/strict";
import { limitHits } from "../support/limit_hits.ts";
import { get, ok, postChunked } from "../support/messages.ts";
import { Scene } from "../support/scene.ts";

/** More than anyone may send for a head, and than buffers on the way hold. */
const MUCH = 8 * 1024 * 1024;

const BOMBS: Readonly<
  Record<string, { request: string; piece: string; status: number }>
> = {
  "a target": { request: "GET /", piece: "a".repeat(4096), status: 414 },
  "a method": { request: "", piece: "A".repeat(4096), status: 400 },
  "a field's name": {
    request: "GET / HTTP/1.1\r\nHost: a\r\n",
    piece: "a".repeat(4096),
    status: 431,
  },
  "a field's value": {
    request: "GET / HTTP/1.1\r\nHost: a\r\nA: ",
    piece: "a".repeat(4096),
    status: 431,
  },
  "field lines": {
    request: "GET / HTTP/1.1\r\nHost: a\r\n",
    piece: "A: b\r\n".repeat(700),
    status: 431,
  },
  "cookies": {
    request: "GET / HTTP/1.1\r\nHost: a\r\n",
    piece: `Cookie: ${"a".repeat(4000)}\r\n`,
    status: 431,
  },
  "empty lines": { request: "", piece: "\r\n".repeat(2048), status: 400 },
};

for (const [what, { request, piece, status }] of Object.entries(BOMBS)) {
  Deno.test(`${what} without end: answered ${status} long before it has come, and kept from the application`, async () => {
    await using scene = await Scene.set(ok());
    using client = await scene.request(request);
    let sent = 0;
    const sending = (async () => {
      for (; sent < MUCH; sent += piece.length) await client.send(piece);
    })().catch(() => {});
    assert.equal((await client.response()).status, status);
    assert.ok(sent < MUCH, "it was answered at the end only");
    client.close();
    await sending;
    assert.equal(scene.application.connections.length, 0);
    // It is not for being slow that it was ended.
    assert.deepEqual(
      await limitHits(scene.sidecar),
      status === 400 ? {} : { header_size: 1 },
    );
  });
}

Deno.test("chunk extensions and trailers without end are cut off, whatever the application has seen", async (t) => {
  for (
    const [what, chunks, piece] of [
      ["chunk extensions", "1;a=", "b".repeat(4096)],
      ["a trailer", "0\r\nA: ", "b".repeat(4096)],
      ["trailers", "0\r\n", "A: b\r\n".repeat(700)],
    ] as const
  ) {
    await t.step(what, async () => {
      await using scene = await Scene.set(async (connection) => {
        assert.doesNotMatch((await connection.rest()).text, /\r\n0\r\n/);
      });
      using client = await scene.request(postChunked(chunks));
      let sent = 0;
      const sending = (async () => {
        for (; sent < MUCH; sent += piece.length) await client.send(piece);
      })().catch(() => {});
      assert.equal((await client.response()).status, 400);
      assert.ok(sent < MUCH, "it was answered at the end only");
      client.close();
      await sending;
    });
  }
});

Deno.test("header bombs of many clients at once keep nobody else waiting", async () => {
  await using scene = await Scene.set(ok("served"));
  // All that a head may have but its end.
  const almost = get("/", `A: ${"a".repeat(32_000)}\r\n`).slice(0, -2);
  const bombs = await Promise.all(
    Array.from({ length: 50 }, () => scene.request(almost)),
  );
  using neighbour = await scene.connect();
  for (let round = 0; round < 10; round++) {
    await neighbour.send(get());
    assert.equal((await neighbour.response()).content, "served");
  }
  for (const bomb of bombs) {
    await bomb.send("A: b\r\n".repeat(700));
    assert.equal((await bomb.response()).status, 431);
    bomb.close();
  }
});
