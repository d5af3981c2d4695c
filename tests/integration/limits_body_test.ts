import assert from "node:assert/strict";
import { limitHits } from "../support/limit_hits.ts";
import { get, ok, post, postChunked } from "../support/messages.ts";
import { Scene } from "../support/scene.ts";

const SETTINGS = { MAX_BODY_BYTES: "10" };

/** All that a body may have. */
const most = "x".repeat(10);

Deno.test("a body of MAX_BODY_BYTES is passed on, declared or not", async () => {
  await using scene = await Scene.set(async (connection) => {
    for (const end of [most, `${most}\r\n0\r\n\r\n`]) {
      await connection.until(end);
      await connection.write(ok("taken"));
    }
  }, SETTINGS);
  using client = await scene.connect();
  for (
    const request of [post(most), postChunked(`a\r\n${most}\r\n0\r\n\r\n`)]
  ) {
    await client.send(request);
    assert.equal((await client.response()).content, "taken");
  }
  client.close();
  assert.deepEqual(await limitHits(scene.sidecar), {});
});

Deno.test("a request that declares more than MAX_BODY_BYTES is answered 413 and does not reach the application", async (t) => {
  for (
    const [title, request] of [
      ["its body comes with it", post(`${most}x`)],
      ["its body is waited for", post(`${most}x`).slice(0, -11)],
      [
        "it asks whether to send it",
        post(`${most}x`, "Expect: 100-continue\r\n").slice(0, -11),
      ],
      [
        "more than can be held",
        get("/", "Content-Length: 9007199254740991\r\n"),
      ],
    ] as const
  ) {
    await t.step(title, async () => {
      await using scene = await Scene.set(ok(), SETTINGS);
      using client = await scene.request(request);
      const { status, head, content } = await client.response();
      assert.deepEqual([status, content], [413, "BODY_TOO_LARGE\n"]);
      assert.match(head, /^HTTP\/1\.1 413 Content Too Large\r$/m);
      assert.match(head, /^Connection: close\r$/m);
      assert.deepEqual(await client.rest(), { text: "", end: "ended" });
      assert.equal(scene.application.connections.length, 0);
      assert.equal(
        (await scene.sidecar.entry())["error.type"],
        "BODY_TOO_LARGE",
      );
      client.close();
      assert.deepEqual(await limitHits(scene.sidecar), { body_size: 1 });
    });
  }
});

Deno.test("a chunked body that grows beyond MAX_BODY_BYTES is answered 413, and never whole for the application", async (t) => {
  for (
    const [title, chunks] of [
      ["in one chunk", `b\r\n${most}x\r\n0\r\n\r\n`],
      ["in many", `${"1\r\nx\r\n".repeat(11)}0\r\n\r\n`],
      ["without end", "fffffff\r\n" + "x".repeat(100_000)],
    ] as const
  ) {
    await t.step(title, async () => {
      const given = Promise.withResolvers<string>();
      await using scene = await Scene.set(async (connection) => {
        given.resolve((await connection.rest()).text);
      }, SETTINGS);
      using client = await scene.request(postChunked(chunks));
      const { status, content } = await client.response();
      assert.deepEqual([status, content], [413, "BODY_TOO_LARGE\n"]);
      assert.deepEqual(await client.rest(), { text: "", end: "ended" });
      const text = await given.promise;
      assert.doesNotMatch(text, /0\r\n\r\n$/);
      assert.ok(text.split("x").length - 1 <= 10, "no more than the limit");
      client.close();
      assert.deepEqual(await limitHits(scene.sidecar), { body_size: 1 });
    });
  }
});

Deno.test("a request that asks whether to send its chunks is told so, and answered 413 once they are too many", async () => {
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    await connection.write("HTTP/1.1 100 Continue\r\n\r\n");
    await connection.rest();
  }, SETTINGS);
  using client = await scene.request(
    postChunked("", "Expect: 100-continue\r\n"),
  );
  assert.match(await client.head(), /^HTTP\/1\.1 100 /);
  await client.send(`b\r\n${most}x\r\n`);
  assert.equal((await client.response()).status, 413);
  assert.deepEqual(await client.rest(), { text: "", end: "ended" });
  client.close();
  assert.deepEqual(await limitHits(scene.sidecar), { body_size: 1 });
});

Deno.test("a body that grows too large once its response has begun is cut, response and all", async () => {
  const given = Promise.withResolvers<string>();
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    await connection.write(
      "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun",
    );
    given.resolve((await connection.rest()).text);
  }, SETTINGS);
  using client = await scene.request(postChunked("1\r\nx\r\n"));
  assert.ok(await client.until("begun") !== undefined);
  await client.send(`a\r\n${most}\r\n0\r\n\r\n`);
  const { text, end } = await client.rest();
  assert.equal(text, "");
  assert.notEqual(end, "ended");
  assert.doesNotMatch(await given.promise, /0\r\n\r\n$/);
  const entry = await scene.sidecar.entry();
  assert.deepEqual(
    [entry["http.response.status_code"], entry["error.type"]],
    [200, "BODY_TOO_LARGE"],
  );
});

Deno.test("the octets of chunks and trailers are no part of what MAX_BODY_BYTES limits", async () => {
  await using scene = await Scene.set(async (connection) => {
    await connection.until("0\r\nX-Sum: 1\r\n\r\n");
    await connection.write(ok("taken"));
  }, SETTINGS);
  using client = await scene.request(
    postChunked(`1;ext=0123456789\r\nx\r\n0\r\nX-Sum: 1\r\n\r\n`),
  );
  assert.equal((await client.response()).content, "taken");
});
