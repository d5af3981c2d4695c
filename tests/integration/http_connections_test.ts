import assert from "node:assert/strict";
import type { Script } from "../support/application.ts";
import { fieldValues, get, ok, post } from "../support/messages.ts";
import { Scene } from "../support/scene.ts";

/** Answers every request with its target. */
const echoTarget: Script = async (connection) => {
  for (let head; (head = await connection.head()) !== undefined;) {
    const length = Number(fieldValues(head, "content-length")[0] ?? 0);
    await connection.octets(length);
    await connection.write(ok(head.split(" ")[1]));
  }
  connection.end();
};

Deno.test("a connection serves one request after the other, over one connection to the application", async () => {
  await using scene = await Scene.set(echoTarget);
  using client = await scene.connect();
  for (const target of ["/1", "/2", "/3"]) {
    await client.send(get(target));
    const { head, content } = await client.response();
    assert.equal(content, target);
    assert.deepEqual(fieldValues(head, "connection"), []);
  }
  assert.equal(scene.application.connections.length, 1);
});

Deno.test("pipelined requests are answered in order", async () => {
  await using scene = await Scene.set(echoTarget);
  using client = await scene.request(
    get("/1") + post("body") + get("/3") + get("/4", "Connection: close\r\n"),
  );
  for (const target of ["/1", "/", "/3", "/4"]) {
    assert.equal((await client.response()).content, target);
  }
  assert.deepEqual(await client.rest(), { text: "", end: "ended" });
});

Deno.test("a request that comes octet by octet is a request", async () => {
  await using scene = await Scene.set(echoTarget);
  using client = await scene.connect();
  for (const octet of get("/slow")) await client.send(octet);
  assert.equal((await client.response()).content, "/slow");
});

Deno.test("one empty line before a request line is ignored, after a body too", async () => {
  await using scene = await Scene.set(echoTarget);
  using client = await scene.request(`\r\n${post("x")}\r\n${get("/next")}`);
  assert.equal((await client.response()).content, "/");
  assert.equal((await client.response()).content, "/next");
});

Deno.test("Connection: close is honoured, said, and what follows is not served", async () => {
  await using scene = await Scene.set(echoTarget);
  using client = await scene.request(
    get("/1", "Connection: x, Close\r\n") + get("/2"),
  );
  const { head, content } = await client.response();
  assert.equal(content, "/1");
  assert.deepEqual(fieldValues(head, "connection"), ["close"]);
  assert.deepEqual(await client.rest(), { text: "", end: "ended" });
  assert.equal(scene.sidecar.entries.length, 1);
});

Deno.test("the application's Connection: close does not close the client's connection", async () => {
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    await connection.write(ok("x", "Connection: close\r\n"));
    connection.end();
  });
  using client = await scene.connect();
  for (const _ of [1, 2]) {
    await client.send(get());
    assert.equal((await client.response()).content, "x");
  }
  assert.equal(scene.application.connections.length, 2);
});

Deno.test("HTTP/1.0 is answered and closed", async () => {
  await using scene = await Scene.set(echoTarget);
  using client = await scene.request("GET /old HTTP/1.0\r\n\r\n");
  const { head, content } = await client.response();
  assert.equal(content, "/old");
  assert.deepEqual(fieldValues(head, "connection"), ["close"]);
  assert.deepEqual(await client.rest(), { text: "", end: "ended" });
});

Deno.test("HTTP/1.0 with Connection: keep-alive is kept, and told so", async () => {
  await using scene = await Scene.set(echoTarget);
  using client = await scene.connect();
  for (const target of ["/1", "/2"]) {
    await client.send(
      `GET ${target} HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n`,
    );
    const { head, content } = await client.response();
    assert.equal(content, target);
    assert.deepEqual(fieldValues(head, "connection"), ["keep-alive"]);
  }
});

Deno.test("HTTP/1.0 gets no chunked coding: its response ends with the connection", async () => {
  await using scene = await Scene.set(
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nA: b\r\n\r\n",
  );
  using client = await scene.request(
    "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
  );
  const head = await client.head();
  assert.deepEqual(fieldValues(head, "transfer-encoding"), []);
  assert.deepEqual(fieldValues(head, "connection"), ["close"]);
  assert.deepEqual(await client.rest(), { text: "abc", end: "ended" });
});

Deno.test("a client that ends its side after a request is still answered", async () => {
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    await connection.write(ok("whole"));
  });
  using client = await scene.request(get("/", "Connection: close\r\n"));
  assert.equal((await client.response()).content, "whole");
  await client.endWrite();
  assert.deepEqual(await client.rest(), { text: "", end: "ended" });
  await scene.sidecar.idle();
});

Deno.test("a client that leaves between requests leaves nothing behind", async () => {
  await using scene = await Scene.set(echoTarget);
  using client = await scene.request(get("/1"));
  await client.response();
  client.close();
  await scene.sidecar.idle();
  assert.equal(scene.sidecar.entries.length, 1);
});

Deno.test("a client that leaves within a head is no request and no fault", async () => {
  await using scene = await Scene.set(echoTarget);
  using client = await scene.request("GET / HT");
  await client.endWrite();
  assert.deepEqual(await client.rest(), { text: "", end: "ended" });
  await scene.sidecar.idle();
  assert.deepEqual(scene.sidecar.entries, []);
});
