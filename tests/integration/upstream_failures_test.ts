import assert from "node:assert/strict";
import { fieldValues, get, ok, post } from "../support/messages.ts";
import { Scene } from "../support/scene.ts";
import { TestSidecar } from "../support/sidecar.ts";

Deno.test("an application that refuses connections is answered for with 502, and the client's connection is kept", async () => {
  await using sidecar = await TestSidecar.start();
  using client = await sidecar.connect();
  for (const _ of [1, 2]) {
    await client.send(get());
    const { status, head, content } = await client.response();
    assert.equal(status, 502);
    assert.deepEqual(fieldValues(head, "connection"), ["keep-alive"]);
    assert.equal(content, "UPSTREAM_CONNECT_FAILED\n");
  }
});

Deno.test("a 502 to HEAD has no content", async () => {
  await using sidecar = await TestSidecar.start();
  using client = await sidecar.connect();
  await client.send(get().replace("GET", "HEAD"));
  const { head } = await client.response("HEAD");
  assert.match(head, /^HTTP\/1\.1 502 Bad Gateway\r\n/);
  await client.send(get("/", "Connection: close\r\n"));
  assert.equal((await client.response()).content, "UPSTREAM_CONNECT_FAILED\n");
  assert.deepEqual(await client.rest(), { text: "", end: "ended" });
});

Deno.test("an application that does not answer is given up with 504 after UPSTREAM_TIMEOUT_SECS", async () => {
  const left = Promise.withResolvers<unknown>();
  await using scene = await Scene.set(
    async (connection) => left.resolve(await connection.rest()),
    { UPSTREAM_TIMEOUT_SECS: "1" },
  );
  const since = performance.now();
  using client = await scene.request(get());
  const { status, content } = await client.response();
  assert.deepEqual([status, content], [504, "UPSTREAM_TIMEOUT\n"]);
  assert.ok(performance.now() - since > 700);
  await left.promise;
});

Deno.test("an application that stops within its head is given up with 504", async () => {
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    await connection.write("HTTP/1.1 200 OK\r\nContent-");
    await connection.rest();
  }, { UPSTREAM_TIMEOUT_SECS: "1" });
  using client = await scene.request(get());
  assert.equal((await client.response()).status, 504);
});

Deno.test("a response that breaks its grammar is answered for with 502, and its connection not used again", async (t) => {
  const head = "HTTP/1.1 200 OK\r\n";
  for (
    const [title, response] of [
      ["no HTTP", "SSH-2.0-OpenSSH_9.2\r\n\r\n"],
      ["HTTP/2", "HTTP/2.0 200 OK\r\n\r\n"],
      ["a bad status", "HTTP/1.1 2000 OK\r\n\r\n"],
      ["a status below 100", "HTTP/1.1 099 OK\r\n\r\n"],
      ["bare LF", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"],
      ["a protocol nobody asked for", "HTTP/1.1 101 Switching\r\n\r\n"],
      ["two lengths", `${head}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`],
      ["a bad length", `${head}Content-Length: 1x\r\n\r\n`],
      ["length and coding", ok("x", "Transfer-Encoding: chunked\r\n")],
      ["gzip, chunked", `${head}Transfer-Encoding: gzip, chunked\r\n\r\n`],
      ["obs-fold", `${head}A: b\r\n c\r\n\r\n`],
      ["a space before the colon", `${head}A : b\r\n\r\n`],
      ["a CR in a value", `${head}A: b\rSet-Cookie: c\r\n\r\n`],
      ["NUL in a value", `${head}A: b\0\r\n\r\n`],
      ["101 fields", head + "A: b\r\n".repeat(101) + "\r\n"],
      ["a head of 33 KB", `${head}A: ${"b".repeat(33_000)}\r\n\r\n`],
      ["Connection: content-length", ok("x", "Connection: content-length\r\n")],
    ] as const
  ) {
    await t.step(title, async () => {
      await using scene = await Scene.set(response);
      using client = await scene.connect();
      for (const _ of [1, 2]) {
        await client.send(get());
        const { status, content } = await client.response();
        assert.equal(status, 502);
        assert.equal(content, "UPSTREAM_RESPONSE_INVALID\n");
      }
      assert.equal(scene.application.connections.length, 2);
    });
  }
});

Deno.test("an application that closes before it answers is answered for with 502", async () => {
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    connection.end();
  });
  using client = await scene.request(get());
  const { status, content } = await client.response();
  assert.deepEqual([status, content], [502, "UPSTREAM_CLOSED\n"]);
});

Deno.test("a response that breaks off is cut for the client too, without close_notify", async (t) => {
  const head = "HTTP/1.1 200 OK\r\n";
  const length = `${head}Content-Length: 10\r\n\r\nbegun`;
  const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\n`;
  for (
    const [title, begun, how] of [
      ["less than its length", length, "end"],
      ["less than its length, by a reset", length, "reset"],
      ["no last chunk", chunked, "end"],
      ["no last chunk, by a reset", chunked, "reset"],
      ["a chunk that is none", chunked, "garble"],
      ["until close, by a reset", `${head}\r\nbegun`, "reset"],
    ] as const
  ) {
    for (const version of ["1.1", "1.0"]) {
      await t.step(`${title}, to HTTP/${version}`, async () => {
        const seen = Promise.withResolvers<void>();
        await using scene = await Scene.set(async (connection) => {
          await connection.head();
          await connection.write(begun);
          await seen.promise;
          if (how !== "garble") return connection[how]();
          await connection.write("zz\r\n");
          await connection.rest();
        });
        using client = await scene.request(
          `GET / HTTP/${version}\r\nHost: a\r\n\r\n`,
        );
        assert.ok(await client.until("begun") !== undefined);
        seen.resolve();
        const { text, end } = await client.rest();
        assert.doesNotMatch(text, /0\r\n\r\n/);
        assert.notEqual(end, "ended");
        assert.equal(
          (await scene.sidecar.entry())["http.response.status_code"],
          200,
        );
        assert.notEqual((await scene.sidecar.entry())["error.type"], undefined);
      });
    }
  }
});

Deno.test("an application that stands still within a body does not hold the client for ever", async () => {
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    await connection.write(
      "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nbegun",
    );
    await connection.rest();
  }, { UPSTREAM_TIMEOUT_SECS: "1", BODY_TIMEOUT_SECS: "1" });
  using client = await scene.request(get());
  await client.until("begun");
  const { text, end } = await client.rest();
  assert.equal(text, "");
  assert.notEqual(end, "ended");
});

Deno.test("an application that takes no more of a body is given up", async () => {
  const over = Promise.withResolvers<void>();
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    await over.promise;
  }, { UPSTREAM_TIMEOUT_SECS: "1" });
  using client = await scene.connect();
  const sending = client.send(post("x".repeat(16 * 1024 * 1024)))
    .catch(() => {});
  try {
    assert.equal((await client.response()).status, 504);
  } finally {
    over.resolve();
    client.close();
    await sending;
  }
});

Deno.test("a 504 leaves the client's connection usable", async () => {
  let hang = true;
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    if (hang) await connection.rest();
    else await connection.write(ok("late"));
  }, { UPSTREAM_TIMEOUT_SECS: "1" });
  using client = await scene.request(get());
  assert.equal((await client.response()).status, 504);
  hang = false;
  await client.send(get());
  assert.equal((await client.response()).content, "late");
});
