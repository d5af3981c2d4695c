import assert from "node:assert/strict";
import type { Script } from "../support/application.ts";
import { fieldValues, get, ok } from "../support/messages.ts";
import { Scene } from "../support/scene.ts";

/** An application that answers when it is told to, and tells when it was asked. */
function onCue(): { script: Script; asked: Promise<void>; answer(): void } {
  const asked = Promise.withResolvers<void>();
  const cue = Promise.withResolvers<void>();
  return {
    asked: asked.promise,
    answer: () => cue.resolve(),
    script: async (connection) => {
      await connection.head();
      asked.resolve();
      await cue.promise;
      await connection.write(ok("whole"));
    },
  };
}

Deno.test("shutdown lets what is in flight finish, says Connection: close, and tells that all was finished", async () => {
  const { script, asked, answer } = onCue();
  await using scene = await Scene.set(script);
  using client = await scene.request(get("/1") + get("/2"));
  await asked;
  const finished = scene.sidecar.shutdown();
  await scene.sidecar.event("shutting down");
  answer();
  const { head, content } = await client.response();
  assert.equal(content, "whole");
  assert.deepEqual(fieldValues(head, "connection"), ["close"]);
  assert.deepEqual(await client.rest(), { text: "", end: "ended" });
  client.close();
  assert.equal(await finished, true);
  assert.equal(scene.sidecar.entries.length, 1);
});

Deno.test("shutdown lets a response that has begun come to its end", async () => {
  const more = Promise.withResolvers<void>();
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    await connection.write("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf");
    await more.promise;
    await connection.write("half");
  });
  using client = await scene.request(get());
  await client.until("half");
  const finished = scene.sidecar.shutdown();
  await scene.sidecar.event("shutting down");
  more.resolve();
  assert.deepEqual(await client.rest(), { text: "half", end: "ended" });
  client.close();
  assert.equal(await finished, true);
});

Deno.test("shutdown closes idle connections on both sides in order", async () => {
  const ended = Promise.withResolvers<string>();
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    await connection.write(ok());
    ended.resolve((await connection.rest()).end);
    connection.end();
  });
  using client = await scene.request(get());
  await client.response();
  const finished = scene.sidecar.shutdown();
  assert.deepEqual(await client.rest(), { text: "", end: "ended" });
  client.close();
  assert.equal(await finished, true);
  assert.equal(await ended.promise, "ended");
});

Deno.test("shutdown serves the first request of a connection that came just before it", async () => {
  await using scene = await Scene.set(ok("served"));
  using client = await scene.connect();
  const finished = scene.sidecar.shutdown();
  await scene.sidecar.event("shutting down");
  await client.send(get());
  const { head, content } = await client.response();
  assert.equal(content, "served");
  assert.deepEqual(fieldValues(head, "connection"), ["close"]);
  client.close();
  assert.equal(await finished, true);
});

Deno.test("shutdown does not wait long for a connection that asks for nothing", async () => {
  await using scene = await Scene.set(ok(), { SHUTDOWN_TIMEOUT_SECS: "30" });
  using client = await scene.connect();
  const since = performance.now();
  const finished = scene.sidecar.shutdown();
  assert.deepEqual(await client.rest(), { text: "", end: "ended" });
  assert.ok(performance.now() - since < 5_000);
  client.close();
  assert.equal(await finished, true);
});

Deno.test("shutdown accepts no new connection", async () => {
  const { script, asked, answer } = onCue();
  await using scene = await Scene.set(script);
  using client = await scene.request(get());
  await asked;
  const finished = scene.sidecar.shutdown();
  await scene.sidecar.event("shutting down");
  await assert.rejects(() => scene.connect());
  answer();
  await client.response();
  client.close();
  assert.equal(await finished, true);
});

Deno.test("shutdown cuts what is not finished after SHUTDOWN_TIMEOUT_SECS, and tells so", async () => {
  const { script, asked, answer } = onCue();
  await using scene = await Scene.set(script, { SHUTDOWN_TIMEOUT_SECS: "1" });
  using client = await scene.request(get());
  await asked;
  const since = performance.now();
  const finished = scene.sidecar.shutdown();
  assert.notEqual((await client.rest()).end, "ended");
  assert.ok(performance.now() - since > 900);
  assert.equal(await finished, false);
  await scene.sidecar.idle();
  const { fields } = await scene.sidecar.event("stopped");
  assert.deepEqual(fields, { finished: false });
  answer();
});

Deno.test("shutdown cuts a handshake that does not come to its end", async () => {
  await using scene = await Scene.set(ok(), { SHUTDOWN_TIMEOUT_SECS: "0" });
  using silent = await Deno.connect({
    hostname: "127.0.0.1",
    port: scene.sidecar.port,
  });
  // A connection that is served was accepted after the silent one.
  using client = await scene.request(get("/", "Connection: close\r\n"));
  await client.response();
  client.close();
  assert.equal(await scene.sidecar.shutdown(), false);
  const end = await silent.read(new Uint8Array(1)).catch(() => null);
  assert.equal(end, null);
});
