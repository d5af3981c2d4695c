import assert from "node:assert/strict";
import type { ApplicationConnection } from "../support/application.ts";
import {
  fieldValues,
  get,
  ok,
  post,
  postChunked,
} from "../support/messages.ts";
import { Scene } from "../support/scene.ts";

/** Octets of every value, in no order that a mistake would keep. */
const BIG = Array.from(
  { length: 1_000_003 },
  (_, i) => String.fromCharCode((i * 31 + (i >> 8)) & 0xff),
).join("");

/** Takes one chunked request: its head, then its body as it came. */
async function takeChunked(
  connection: ApplicationConnection,
): Promise<{ head: string; content: string; trailers: string }> {
  const head = await connection.head() ?? "";
  let content = "";
  for (;;) {
    const size = parseInt(await connection.until("\r\n") ?? "", 16);
    if (size === 0) break;
    content += await connection.octets(size);
    assert.equal(await connection.octets(2), "\r\n");
  }
  let trailers = "";
  for (let line; (line = await connection.until("\r\n")) !== "\r\n";) {
    trailers += line;
  }
  return { head, content, trailers };
}

/** What the application receives of a chunked request. */
async function forwardChunked(
  request: string,
): Promise<{ head: string; content: string; trailers: string }> {
  const taken = Promise.withResolvers<
    { head: string; content: string; trailers: string }
  >();
  await using scene = await Scene.set(async (connection) => {
    taken.resolve(await takeChunked(connection));
    await connection.write(ok("taken"));
  });
  using client = await scene.request(request);
  assert.equal((await client.response()).content, "taken");
  return await taken.promise;
}

Deno.test("a body of a length passes octet for octet, both ways", async () => {
  await using scene = await Scene.set(async (connection) => {
    const head = await connection.head() ?? "";
    const length = Number(fieldValues(head, "content-length")[0]);
    await connection.write(ok(await connection.octets(length)));
  });
  using client = await scene.connect();
  const sending = client.send(post(BIG));
  const { content } = await client.response();
  await sending;
  assert.ok(content === BIG);
  const {
    "http.request.body.size": received,
    "http.response.body.size": sent,
  } = await scene.sidecar.entry();
  assert.deepEqual([received, sent], [BIG.length, BIG.length]);
});

Deno.test("a chunked body passes octet for octet, both ways", async () => {
  await using scene = await Scene.set(async (connection) => {
    const { content } = await takeChunked(connection);
    const half = content.length >> 1;
    await connection.write(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
        [content.slice(0, half), content.slice(half)].map((part) =>
          `${part.length.toString(16)}\r\n${part}\r\n`
        ).join("") + "0\r\n\r\n",
    );
  });
  using client = await scene.connect();
  const chunk = BIG.slice(0, 65_536);
  const sending = client.send(postChunked(
    `00010000;a="b\\"c"\r\n${chunk}\r\n`.repeat(8) + "0;last\r\n\r\n",
  ));
  const { content } = await client.response();
  await sending;
  assert.ok(content === chunk.repeat(8));
});

Deno.test("a request is passed on while it is still arriving", async () => {
  const seen = Promise.withResolvers<void>();
  await using scene = await Scene.set(async (connection) => {
    await connection.until("first");
    seen.resolve();
    await connection.until("then.\r\n0\r\n\r\n");
    await connection.write(ok("done"));
  });
  using client = await scene.request(postChunked("5\r\nfirst\r\n"));
  await seen.promise;
  await client.send("5\r\nthen.\r\n0\r\n\r\n");
  assert.equal((await client.response()).content, "done");
});

Deno.test("a response is passed on while it is still coming", async () => {
  const seen = Promise.withResolvers<void>();
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    await connection.write(
      "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst",
    );
    await seen.promise;
    await connection.write("then.");
  });
  using client = await scene.request(get());
  await client.head();
  assert.equal(await client.until("first"), "first");
  seen.resolve();
  assert.equal(await client.until("then."), "then.");
});

Deno.test("a chunked request of no content stays chunked", async () => {
  const { head, content } = await forwardChunked(postChunked("0\r\n\r\n"));
  assert.deepEqual(fieldValues(head, "transfer-encoding"), ["chunked"]);
  assert.deepEqual(fieldValues(head, "content-length"), []);
  assert.equal(content, "");
});

Deno.test("a request's trailers are passed on less those that a trailer section must not have", async () => {
  const { content, trailers } = await forwardChunked(postChunked(
    "1\r\na\r\n0\r\nX-Checksum: 1\r\nContent-Length: 9\r\nHost: b\r\n" +
      "Transfer-Encoding: x\r\nAuthorization: c\r\nContent-Type: d\r\n" +
      "Content-Encoding: e\r\nSet-Cookie: f\r\nTrailer: g\r\nTE: h\r\n" +
      "Connection: i\r\nX-Client-CN: root\r\nx_client_cn: root\r\n" +
      "X-Forwarded-For: j\r\nForwarded: k\r\nX-Real-IP: l\r\n" +
      "X-Checksum: \xe9\r\n\r\n",
  ));
  assert.equal(content, "a");
  assert.equal(trailers, "X-Checksum: 1\r\nX-Checksum: \xe9\r\n");
});

Deno.test("a response's trailers are passed on less those that a trailer section must not have", async () => {
  await using scene = await Scene.set(
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n" +
      "2\r\nab\r\n0\r\nX-Sum: 7\r\nContent-Length: 2\r\nSet-Cookie: a\r\n\r\n",
  );
  using client = await scene.request(get("/", "TE: trailers\r\n"));
  const { head, content, trailers } = await client.response();
  assert.deepEqual(fieldValues(head, "trailer"), ["X-Sum"]);
  assert.deepEqual({ content, trailers }, {
    content: "ab",
    trailers: "X-Sum: 7\r\n",
  });
});

Deno.test("responses without content are framed by what they are, whatever they declare", async (t) => {
  const cases: readonly [string, string, string, readonly string[]][] = [
    ["HEAD", "200 OK", "Content-Length: 5\r\n", ["5"]],
    ["HEAD", "200 OK", "Transfer-Encoding: chunked\r\n", []],
    ["HEAD", "200 OK", "", []],
    ["GET", "204 No Content", "", []],
    ["GET", "204 No Content", "Content-Length: 0\r\n", []],
    ["GET", "304 Not Modified", "Content-Length: 5\r\n", ["5"]],
    ["GET", "304 Not Modified", "", []],
  ];
  for (const [method, status, fields, lengths] of cases) {
    await t.step(`${method} ${status} ${fields.trim()}`, async () => {
      await using scene = await Scene.set(
        `HTTP/1.1 ${status}\r\n${fields}\r\n`,
      );
      using client = await scene.connect();
      // Twice, for what is left of the first would show in the second.
      for (const _ of [1, 2]) {
        await client.send(get().replace("GET", method));
        const { head } = await client.response(method);
        assert.match(head, new RegExp(`^HTTP/1.1 ${status}\r\n`));
        assert.deepEqual(fieldValues(head, "content-length"), lengths);
        assert.deepEqual(fieldValues(head, "transfer-encoding"), []);
      }
    });
  }
});

Deno.test("a response that ends at close is chunked for HTTP/1.1, and the connection is kept", async () => {
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    await connection.write("HTTP/1.0 200 OK\r\n\r\nuntil the end");
    connection.end();
  });
  using client = await scene.connect();
  for (const _ of [1, 2]) {
    await client.send(get());
    const { head, content } = await client.response();
    assert.equal(content, "until the end");
    assert.deepEqual(fieldValues(head, "transfer-encoding"), ["chunked"]);
    assert.deepEqual(fieldValues(head, "connection"), []);
  }
});

Deno.test("Expect: 100-continue goes to the application, and its 100 comes back before the body", async () => {
  await using scene = await Scene.set(async (connection) => {
    const head = await connection.head() ?? "";
    assert.deepEqual(fieldValues(head, "expect"), ["100-continue"]);
    await connection.write("HTTP/1.1 100 Continue\r\n\r\n");
    await connection.write(ok(await connection.octets(4)));
    assert.match(await connection.head() ?? "", /^GET \/next /);
    await connection.write(ok("next"));
  });
  using client = await scene.request(
    post("body", "Expect: 100-continue\r\n").slice(0, -4),
  );
  assert.equal((await client.response()).status, 100);
  await client.send(`body${get("/next")}`);
  assert.equal((await client.response()).content, "body");
  assert.equal((await client.response()).content, "next");
});

Deno.test("an expectation that is refused ends the connection, for nobody knows what comes next on it", async () => {
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    await connection.write(
      "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n",
    );
  });
  using client = await scene.request(
    post("body", "Expect: 100-continue\r\n").slice(0, -4),
  );
  const { status, head } = await client.response();
  assert.equal(status, 417);
  assert.deepEqual(fieldValues(head, "connection"), ["close"]);
  assert.deepEqual(await client.rest(), { text: "", end: "ended" });
});

Deno.test("interim responses are passed on as they come, less the fields of their hop", async () => {
  await using scene = await Scene.set(
    "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nLink: </b>\r\n" +
      "Connection: x-hop\r\nX-Hop: 1\r\n\r\n" +
      "HTTP/1.1 102 Processing\r\n\r\n" + ok("x"),
  );
  using client = await scene.request(get());
  assert.equal(
    await client.head(),
    "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nLink: </b>\r\n",
  );
  assert.equal(await client.head(), "HTTP/1.1 102 Processing\r\n");
  assert.equal((await client.response()).content, "x");
});

Deno.test("HTTP/1.0 gets no interim response, and its Expect is not passed on", async () => {
  await using scene = await Scene.set(async (connection) => {
    const head = await connection.head() ?? "";
    assert.deepEqual(fieldValues(head, "expect"), []);
    await connection.write(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n",
    );
    await connection.write(ok("x"));
  });
  using client = await scene.request(
    "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\na",
  );
  assert.equal((await client.response()).status, 200);
});
