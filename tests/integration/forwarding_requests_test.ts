import assert from "node:assert/strict";
import { fieldValues, get, ok, postChunked } from "../support/messages.ts";
import { Scene } from "../support/scene.ts";

/** The head that the application receives of a request. */
async function forwarded(
  request: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<string> {
  const received = Promise.withResolvers<string>();
  await using scene = await Scene.set(async (connection) => {
    received.resolve(await connection.head() ?? "");
    await connection.write(ok());
  }, settings);
  using client = await scene.request(request);
  await client.response();
  return await received.promise;
}

function requestLine(head: string): string {
  return head.slice(0, head.indexOf("\r\n"));
}

Deno.test("a request reaches the application with its own fields, then those of the sidecar", async () => {
  const head = await forwarded(
    get("/a?b", "User-Agent: t/1\r\nX-Request-Id: r-1\r\n"),
  );
  const [, authority = ""] = fieldValues(head, "host")[0]?.split(":") ?? [];
  assert.match(authority, /^\d+$/);
  assert.equal(
    head,
    [
      "GET /a?b HTTP/1.1",
      `Host: 127.0.0.1:${authority}`,
      "User-Agent: t/1",
      "X-Request-Id: r-1",
      "X-Forwarded-Host: client.test",
      "X-Forwarded-For: 127.0.0.1",
      "X-Forwarded-Proto: https",
      "Via: 1.1 mtls-sidecar",
      "\r\n",
    ].join("\r\n"),
  );
});

Deno.test("method, path and query reach the application as they came", async (t) => {
  for (
    const [method, target] of [
      ["GET", "/a//b/../c/./d;p=1?q=%2F&r=a+b&&="],
      ["GET", "/%2e%2E/%00/%zz"],
      ["GET", "//double"],
      ["DELETE", "/?"],
      ["PROPFIND", '/{}|^`"<>\\[]'],
      ["get", "/lower"],
      ["M!#$%&'*+-.^_`|~9", "/any-token"],
      ["OPTIONS", "*"],
    ] as const
  ) {
    await t.step(`${method} ${target}`, async () => {
      const line = `${method} ${target} HTTP/1.1`;
      const request = `${line}\r\nHost: a\r\n\r\n`;
      assert.equal(requestLine(await forwarded(request)), line);
    });
  }
});

Deno.test("an absolute-form target is sent on in origin-form, and its authority replaces Host", async (t) => {
  for (
    const [line, expected] of [
      ["GET http://b.test/p?q HTTP/1.1", "GET /p?q HTTP/1.1"],
      ["GET HTTPS://b.test HTTP/1.1", "GET / HTTP/1.1"],
      ["GET http://b.test?q HTTP/1.1", "GET /?q HTTP/1.1"],
      ["OPTIONS http://b.test HTTP/1.1", "OPTIONS * HTTP/1.1"],
      ["OPTIONS http://b.test/ HTTP/1.1", "OPTIONS / HTTP/1.1"],
    ] as const
  ) {
    await t.step(line, async () => {
      const head = await forwarded(`${line}\r\nHost: a.test\r\n\r\n`, {
        PRESERVE_HOST: "true",
      });
      assert.equal(requestLine(head), expected);
      assert.deepEqual(fieldValues(head, "host"), ["b.test"]);
      assert.deepEqual(fieldValues(head, "x-forwarded-host"), ["b.test"]);
    });
  }
});

Deno.test("PRESERVE_HOST keeps the client's Host, and HTTP/1.0 without one gets the application's", async () => {
  const settings = { PRESERVE_HOST: "true" };
  const kept = await forwarded(
    "GET / HTTP/1.1\r\nhOsT: A.Test:8443\r\n\r\n",
    settings,
  );
  assert.deepEqual(fieldValues(kept, "host"), ["A.Test:8443"]);
  const set = await forwarded("GET / HTTP/1.0\r\n\r\n", settings);
  assert.match(fieldValues(set, "host").join(), /^127\.0\.0\.1:\d+$/);
  assert.deepEqual(fieldValues(set, "x-forwarded-host"), []);
});

Deno.test("repeated fields stay apart and in order, obs-text octets as they are", async () => {
  const fields =
    "X-A: 1\r\nAccept: a\r\nx-a: \xe4\xff\r\nX-A:\r\nX-A:\t2 \t\r\n";
  const head = await forwarded(get("/", fields + "Cookie: a\r\nCookie: b\r\n"));
  assert.ok(head.includes(fields), head);
  assert.deepEqual(fieldValues(head, "cookie"), ["a", "b"]);
});

Deno.test("fields of the client's hop are not passed on, nor those that Connection names", async () => {
  const head = await forwarded(get(
    "/",
    "Connection: keep-alive, X-Hop\r\nX-HOP: a\r\nKeep-Alive: timeout=5\r\n" +
      "Proxy-Connection: close\r\nProxy-Authorization: b\r\n" +
      "Proxy-Authenticate: c\r\nUpgrade: websocket\r\nTE: gzip\r\n" +
      "HTTP2-Settings: d\r\nconnection: x-other\r\nX-Other: e\r\nX-Kept: f\r\n",
  ));
  assert.deepEqual(
    head.split("\r\n").slice(2, -2).map((line) => line.split(":")[0]),
    [
      "X-Kept",
      "X-Forwarded-Host",
      "X-Forwarded-For",
      "X-Forwarded-Proto",
      "X-Request-Id",
      "Via",
    ],
  );
});

Deno.test("Connection cannot take away what the sidecar says", async () => {
  const head = await forwarded(
    get(
      "/",
      "Connection: X-Forwarded-For, X-Client-CN, Via, X-Forwarded-Proto\r\n",
    ),
    { INJECT_CLIENT_HEADERS: "true" },
  );
  assert.deepEqual(fieldValues(head, "x-forwarded-for"), ["127.0.0.1"]);
  assert.deepEqual(fieldValues(head, "x-forwarded-proto"), ["https"]);
  assert.deepEqual(fieldValues(head, "x-client-cn"), ["test-client"]);
  assert.deepEqual(fieldValues(head, "via"), ["1.1 mtls-sidecar"]);
});

Deno.test("TE: trailers is said anew where the client said it, and no other coding", async () => {
  const said = await forwarded(get("/", "TE: gzip;q=0.5, Trailers\r\n"));
  assert.deepEqual(fieldValues(said, "te"), ["trailers"]);
  assert.deepEqual(fieldValues(said, "connection"), ["TE"]);
  const unsaid = await forwarded(get("/", "TE: trailersx\r\n"));
  assert.deepEqual(fieldValues(unsaid, "te"), []);
  assert.deepEqual(fieldValues(unsaid, "connection"), []);
});

Deno.test("no field of a chunked request says a length in any spelling", async () => {
  const head = await forwarded(postChunked(
    "0\r\n\r\n",
    "Content_Length: 7\r\nTransfer_Encoding: gzip\r\nX-Kept: 1\r\n",
  ));
  assert.deepEqual(fieldValues(head, "transfer-encoding"), ["chunked"]);
  assert.doesNotMatch(head, /content.length|transfer_encoding/i);
  assert.deepEqual(fieldValues(head, "x-kept"), ["1"]);
});

Deno.test("Via follows what earlier proxies said, names the client's version, and can be left out", async () => {
  const earlier = "Via: 1.1 edge, 1.0 fred\r\n";
  const added = await forwarded(get("/", earlier));
  assert.deepEqual(fieldValues(added, "via"), [
    "1.1 edge, 1.0 fred",
    "1.1 mtls-sidecar",
  ]);
  const old = await forwarded("GET / HTTP/1.0\r\n\r\n");
  assert.deepEqual(fieldValues(old, "via"), ["1.0 mtls-sidecar"]);
  assert.equal(requestLine(old), "GET / HTTP/1.1");
  const off = await forwarded(get("/", earlier), { VIA: "false" });
  assert.deepEqual(fieldValues(off, "via"), ["1.1 edge, 1.0 fred"]);
});
