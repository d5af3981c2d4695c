import assert from "node:assert/strict";
import { SidecarError } from "../../src/errors.ts";
import { FrameType } from "../../src/http2/frame.ts";
import { type Field, GET, Http2Client, POST } from "../support/http2_client.ts";
import { Http2Scene } from "../support/http2_scene.ts";
import { fieldValues, ok } from "../support/messages.ts";

/** What the application receives of a request's head. */
async function forward(
  fields: readonly Field[],
): Promise<{ head: string; status: number }> {
  const heads: string[] = [];
  await using scene = await Http2Scene.set(async (connection) => {
    for (let head; (head = await connection.head()) !== undefined;) {
      heads.push(head);
      await connection.write(ok("x"));
    }
  });
  using client = await Http2Client.connect(scene.port);
  const { status } = await client.response(client.request(fields));
  return { head: heads[0] ?? "", status };
}

/** What the client receives of a response. */
async function respond(response: string, fields = GET) {
  await using scene = await Http2Scene.set(response);
  using client = await Http2Client.connect(scene.port);
  return await client.response(client.request(fields));
}

Deno.test("an HTTP/2 request reaches the application as an HTTP/1.1 one, with the headers of its client", async () => {
  const { head, status } = await forward([
    ...GET.slice(0, 3),
    [":path", "/a/b?c=%20d"],
    ["accept", "text/plain"],
    ["x-kept", "\xe9"],
  ]);
  assert.equal(status, 200);
  assert.equal(
    head.replace(/X-Request-Id: [^\r]+\r\n/, ""),
    "GET /a/b?c=%20d HTTP/1.1\r\nHost: app.test\r\naccept: text/plain\r\n" +
      "x-kept: \xe9\r\nX-Forwarded-Host: client.test\r\n" +
      "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n" +
      "Via: 2.0 mtls-sidecar\r\n\r\n",
  );
});

Deno.test("fields in which an HTTP/2 client says who it is are not passed on", async () => {
  const { head } = await forward([
    ...GET,
    ["x-client-cn", "root"],
    ["x_client_cn", "root"],
    ["x-forwarded-for", "127.0.0.1"],
    ["forwarded", "for=127.0.0.1"],
    ["proxy-authorization", "Basic x"],
    ["http2-settings", "x"],
    ["x-other", "1"],
  ]);
  assert.doesNotMatch(head, /root|127\.0\.0\.1|Basic|settings/i);
  assert.deepEqual(fieldValues(head, "x-other"), ["1"]);
});

Deno.test("cookie crumbs are joined into one field", async () => {
  const { head } = await forward([
    ...GET,
    ["cookie", "a=1"],
    ["x-between", "1"],
    ["cookie", "b=2"],
    ["cookie", "c=3; d=4"],
  ]);
  assert.deepEqual(fieldValues(head, "cookie"), ["a=1; b=2; c=3; d=4"]);
  assert.deepEqual(fieldValues(head, "x-between"), ["1"]);
});

Deno.test("a Host field in place of :authority, or beside it with the same host, is taken", async () => {
  const withoutAuthority = GET.filter(([name]) => name !== ":authority");
  const cases: readonly (readonly Field[])[] = [
    [...withoutAuthority, ["host", "client.test"]],
    [...GET, ["host", "Client.Test"], ["x-other", "1"]],
  ];
  for (const fields of cases) {
    const { head, status } = await forward(fields);
    assert.equal(status, 200);
    assert.deepEqual(fieldValues(head, "host"), ["app.test"]);
    assert.deepEqual(fieldValues(head, "x-forwarded-host"), ["client.test"]);
  }
});

Deno.test("OPTIONS * is passed on, and te: trailers as HTTP/1.1 says it", async () => {
  const { head } = await forward([
    [":method", "OPTIONS"],
    ...GET.slice(1, 3),
    [":path", "*"],
    ["te", "trailers"],
  ]);
  assert.match(head, /^OPTIONS \* HTTP\/1\.1\r\n/);
  assert.deepEqual(fieldValues(head, "te"), ["trailers"]);
});

Deno.test("a response's fields arrive in lower case, less those of its connection, with a date", async () => {
  const { status, fields, text, ended } = await respond(
    "HTTP/1.1 203 Whatever\r\nContent-Length: 2\r\nX-Kept: A\r\n" +
      "Connection: x-hop, keep-alive\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n" +
      "TE: gzip\r\nUpgrade: h2c\r\nProxy-Connection: x\r\nSet-Cookie: a=1\r\n" +
      "Set-Cookie: b=2\r\n\r\nok",
  );
  assert.equal(status, 203);
  assert.equal(text, "ok");
  assert.ok(ended);
  assert.deepEqual(fields.map(([name]) => name), [
    "content-length",
    "x-kept",
    "set-cookie",
    "set-cookie",
    "date",
  ]);
  assert.match(fields.at(-1)![1], / GMT$/);
});

Deno.test("a date of the application's is left as it is", async () => {
  const { fields } = await respond(
    ok("", "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"),
  );
  assert.deepEqual(fields, [
    ["content-length", "0"],
    ["date", "Thu, 01 Jan 1970 00:00:00 GMT"],
  ]);
});

Deno.test("responses without content end with their head", async (t) => {
  const cases: readonly [string, string][] = [
    ["HEAD", "200 OK\r\nContent-Length: 5"],
    ["HEAD", "200 OK\r\nTransfer-Encoding: chunked"],
    ["GET", "204 No Content\r\nContent-Length: 0"],
    ["GET", "304 Not Modified\r\nContent-Length: 5"],
    ["GET", "200 OK\r\nContent-Length: 0"],
  ];
  for (const [method, head] of cases) {
    await t.step(`${method} ${head}`, async () => {
      await using scene = await Http2Scene.set(`HTTP/1.1 ${head}\r\n\r\n`);
      using client = await Http2Client.connect(scene.port);
      // Twice, for what is left of the first would show in the second.
      for (const _ of [1, 2]) {
        const id = client.request([[":method", method], ...GET.slice(1)]);
        const { status, text, reset } = await client.response(id);
        assert.equal(`${status}`, head.slice(0, 3));
        assert.deepEqual([text, reset], ["", undefined]);
        assert.deepEqual(
          client.frames.filter(({ streamId }) => streamId === id)
            .map(({ type }) => type),
          [FrameType.HEADERS],
        );
      }
    });
  }
});

Deno.test("interim responses are passed on as they come", async () => {
  const { interim, status, text } = await respond(
    "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: x\r\n\r\n" +
      "HTTP/1.1 102 Processing\r\nContent-Length: 9\r\n\r\n" + ok("x"),
  );
  assert.deepEqual({ interim, status, text }, {
    interim: [103, 102],
    status: 200,
    text: "x",
  });
});

Deno.test("Expect: 100-continue goes to the application, and its 100 comes back before the body", async () => {
  await using scene = await Http2Scene.set(async (connection) => {
    const head = await connection.head() ?? "";
    assert.deepEqual(fieldValues(head, "expect"), ["100-continue"]);
    await connection.write("HTTP/1.1 100 Continue\r\n\r\n");
    await connection.write(ok(await connection.octets(4)));
  });
  using client = await Http2Client.connect(scene.port);
  const id = client.request([
    ...POST,
    ["content-length", "4"],
    ["expect", "100-continue"],
  ], false);
  await client.of(FrameType.HEADERS, id);
  client.data(id, "body", true);
  const { interim, status, text } = await client.response(id);
  assert.deepEqual({ interim, status, text }, {
    interim: [100],
    status: 200,
    text: "body",
  });
});

Deno.test("many requests at a time are answered each on its stream, in the order of their answers", async () => {
  const first = Promise.withResolvers<void>();
  await using scene = await Http2Scene.set(async (connection) => {
    for (let head; (head = await connection.head()) !== undefined;) {
      if (head.startsWith("GET /0 ")) await first.promise;
      await connection.write(ok(head.split(" ")[1]));
    }
  });
  using client = await Http2Client.connect(scene.port);
  const ids = Array.from(
    { length: 50 },
    (_, i) => client.request([...GET.slice(0, 3), [":path", `/${i}`]]),
  );
  for (const [i, id] of [...ids.entries()].slice(1)) {
    assert.equal((await client.response(id)).text, `/${i}`);
  }
  assert.equal(client.result(ids[0]!).status, 0);
  first.resolve();
  assert.equal((await client.response(ids[0]!)).text, "/0");
});

Deno.test("the access log tells an HTTP/2 request", async () => {
  await using scene = await Http2Scene.set(ok("four"));
  using client = await Http2Client.connect(scene.port);
  const id = client.request([...POST, ["content-length", "3"]], false);
  client.data(id, "abc", true);
  await client.response(id);
  const entry = await scene.entry();
  assert.deepEqual(
    [
      entry["http.request.method"],
      entry["url.path"],
      entry["network.protocol.version"],
      entry["http.response.status_code"],
    ],
    ["POST", "/", "2", 200],
  );
  assert.deepEqual([
    entry["http.request.body.size"],
    entry["http.response.body.size"],
  ], [3, 4]);
});

Deno.test("an application that is not there is a 502 on the stream, and the next request is served", async () => {
  let answer = "";
  await using scene = await Http2Scene.set(async (connection) => {
    await connection.head();
    if (answer === "") connection.destroy();
    else await connection.write(answer);
  });
  using client = await Http2Client.connect(scene.port);
  const failed = await client.response(client.request());
  assert.deepEqual([failed.status, failed.text], [502, "UPSTREAM_CLOSED\n"]);
  assert.deepEqual(
    failed.fields.filter(([name]) => name !== "date"),
    [["content-type", "text/plain"], ["content-length", "16"]],
  );
  answer = ok("back");
  assert.equal((await client.response(client.request())).text, "back");
});

Deno.test("a client that may not come in is answered, and its connection retired", async () => {
  await using scene = await Http2Scene.set(ok("x"), {
    refusal: new SidecarError("ACCESS_NOT_ALLOWED", "Cannot come in: no rule"),
  });
  using client = await Http2Client.connect(scene.port);
  const { status, text } = await client.response(client.request());
  assert.deepEqual([status, text], [403, "ACCESS_NOT_ALLOWED\n"]);
  assert.equal(await client.goaway(), 0);
  assert.equal(scene.application!.connections.length, 0);
});
