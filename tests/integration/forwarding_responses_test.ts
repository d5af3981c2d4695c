import assert from "node:assert/strict";
import { fieldValues, get, ok } from "../support/messages.ts";
import type { RawResponse } from "../support/raw_client.ts";
import { Scene } from "../support/scene.ts";

/** The response that a client gets when the application sends `response`. */
async function relayed(response: string): Promise<RawResponse> {
  await using scene = await Scene.set(response);
  using client = await scene.request(get());
  return await client.response();
}

Deno.test("a response reaches the client with status, reason and fields as they came", async () => {
  const head = "HTTP/1.1 299 Sehr sch\xf6n  so\r\nX-A: 1\r\nSet-Cookie: a\r\n" +
    "x-a: \xe4\r\nSet-Cookie: b\r\nX-Empty:\r\n" +
    "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Length: 2\r\n";
  const response = await relayed(`${head}\r\nok`);
  assert.equal(response.head, head);
  assert.equal(response.content, "ok");
});

Deno.test("a response without reason is passed on without", async () => {
  for (const line of ["HTTP/1.1 200 ", "HTTP/1.1 200"]) {
    const { head } = await relayed(`${line}\r\nContent-Length: 0\r\n\r\n`);
    assert.match(head, /^HTTP\/1\.1 200 ?\r\n/);
  }
});

Deno.test("a response without Date gets one", async () => {
  const { head } = await relayed(ok("x"));
  const [date = "", ...others] = fieldValues(head, "date");
  assert.deepEqual(others, []);
  assert.ok(Math.abs(Date.parse(date) - Date.now()) < 60_000, date);
});

Deno.test("fields of the application's hop are not passed on, nor those that Connection names", async () => {
  const { head } = await relayed(ok(
    "x",
    "Connection: keep-alive, X-Hop\r\nX-Hop: a\r\nKeep-Alive: timeout=5\r\n" +
      "Proxy-Connection: b\r\nUpgrade: h2c\r\nProxy-Authenticate: c\r\n" +
      "Date: d\r\nX-Kept: e\r\n",
  ));
  assert.deepEqual(
    head.split("\r\n").slice(1, -1).map((line) => line.split(":")[0]),
    ["Content-Length", "Date", "X-Kept"],
  );
});

Deno.test("a compressed response stays as it is", async () => {
  const gzip = "\x1f\x8b\x08\x00 not to be opened";
  const { head, content } = await relayed(
    ok(gzip, "Content-Encoding: gzip\r\n"),
  );
  assert.deepEqual(fieldValues(head, "content-encoding"), ["gzip"]);
  assert.deepEqual(fieldValues(head, "content-length"), [`${gzip.length}`]);
  assert.equal(content, gzip);
});

Deno.test("an HTTP/1.0 application's response is one of HTTP/1.1 for the client", async () => {
  const { head, content } = await relayed(
    "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx",
  );
  assert.match(head, /^HTTP\/1\.1 200 OK\r\n/);
  assert.equal(content, "x");
});
