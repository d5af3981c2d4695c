import assert from "node:assert/strict";
import { get, ok, post } from "../support/messages.ts";
import { Scene } from "../support/scene.ts";

Deno.test("a head that does not become whole within HEADER_TIMEOUT_SECS is answered 408 and closed", async () => {
  await using scene = await Scene.set(ok(), { HEADER_TIMEOUT_SECS: "1" });
  using client = await scene.request("GET / HTTP/1.1\r\nHost: a\r\n");
  const since = performance.now();
  const { status, content } = await client.response();
  assert.deepEqual([status, content], [408, "HEADER_TIMEOUT\n"]);
  assert.ok(performance.now() - since > 700);
  assert.deepEqual(await client.rest(), { text: "", end: "ended" });
  assert.equal(scene.application.connections.length, 0);
});

Deno.test("a head that drips is judged by its whole time, not by its last octet", async () => {
  await using scene = await Scene.set(ok(), { HEADER_TIMEOUT_SECS: "1" });
  using client = await scene.request("GET / HTTP/1.1\r\nHost: a\r\n");
  const drip = setInterval(() => client.send("A: b\r\n").catch(() => {}), 100);
  try {
    assert.equal((await client.response()).status, 408);
  } finally {
    clearInterval(drip);
  }
});

Deno.test("a connection that never asks for anything is closed without a word", async () => {
  await using scene = await Scene.set(ok(), { HEADER_TIMEOUT_SECS: "1" });
  using client = await scene.connect();
  assert.deepEqual(await client.rest(), { text: "", end: "ended" });
  assert.deepEqual(scene.sidecar.entries, []);
});

Deno.test("a connection that is idle for KEEP_ALIVE_TIMEOUT_SECS is closed without a word", async () => {
  await using scene = await Scene.set(ok("x"), {
    KEEP_ALIVE_TIMEOUT_SECS: "1",
  });
  using client = await scene.request(get());
  await client.response();
  assert.deepEqual(await client.rest(), { text: "", end: "ended" });
  assert.equal(scene.sidecar.entries.length, 1);
});

Deno.test("a request's body that stands still for BODY_TIMEOUT_SECS is answered 408, and ended at the application", async () => {
  const given = Promise.withResolvers<string>();
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    given.resolve((await connection.rest()).text);
  }, { BODY_TIMEOUT_SECS: "1" });
  using client = await scene.request(post("whole body").slice(0, -4));
  const { status, content } = await client.response();
  assert.deepEqual([status, content], [408, "BODY_TIMEOUT\n"]);
  assert.deepEqual(await client.rest(), { text: "", end: "ended" });
  assert.equal(await given.promise, "whole ");
});

Deno.test("a body that moves on, however slowly, is not given up", async () => {
  await using scene = await Scene.set(async (connection) => {
    await connection.until("body!");
    await connection.write(ok("taken"));
  }, { BODY_TIMEOUT_SECS: "1" });
  const request = post("slow body!");
  using client = await scene.request(request.slice(0, -10));
  for (const octets of ["slow", " bo", "dy!"]) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    await client.send(octets);
  }
  assert.equal((await client.response()).content, "taken");
});

Deno.test("an application that takes longer than the client's time limits is waited for", async () => {
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await connection.write(ok("slow"));
  }, {
    HEADER_TIMEOUT_SECS: "1",
    BODY_TIMEOUT_SECS: "1",
    KEEP_ALIVE_TIMEOUT_SECS: "1",
  });
  using client = await scene.request(get());
  assert.equal((await client.response()).content, "slow");
});
