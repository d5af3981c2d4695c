import assert from "node:assert/strict";
import { type Field, GET, Http2Client } from "../support/http2_client.ts";
import { Http2Scene } from "../support/http2_scene.ts";
import { ok } from "../support/messages.ts";

const without = (name: string) => GET.filter(([found]) => found !== name);
const with_ = (name: string, value: string) =>
  GET.map(([found, old]) => [found, found === name ? value : old] as const);

/** What must be refused with a status, by the rule that it breaks. */
const REFUSED: Readonly<Record<string, readonly [number, readonly Field[]]>> = {
  "§8.2.1 a name in upper case": [400, [...GET, ["X-Upper", "1"]]],
  "§8.2.1 a name with a space": [400, [...GET, ["x y", "1"]]],
  "§8.2.1 an empty name": [400, [...GET, ["", "1"]]],
  "§8.2.1 a value with CR LF": [400, [...GET, ["x", "1\r\nx-client-cn: a"]]],
  "§8.2.1 a value with LF": [400, [...GET, ["x", "1\nb: c"]]],
  "§8.2.1 a value with NUL": [400, [...GET, ["x", "\0"]]],
  "§8.2.1 a value that begins with a space": [400, [...GET, ["x", " 1"]]],
  "§8.2.1 a name with a colon": [400, [...GET, ["x:y", "1"]]],
  "§8.3 an unknown pseudo-header field": [400, [...GET, [":unknown", "1"]]],
  "§8.3 one of a response": [400, [...GET, [":status", "200"]]],
  "§8.3 one after a field": [400, [
    ...without(":path"),
    ["x", "1"],
    [":path", "/"],
  ]],
  "§8.3.1 :method twice": [400, [[":method", "GET"], ...GET]],
  "§8.3.1 :path twice": [400, [...GET, [":path", "/admin"]]],
  "§8.3.1 :authority twice": [400, [...GET, [":authority", "other.test"]]],
  "§8.3.1 no :method": [400, without(":method")],
  "§8.3.1 no :path": [400, without(":path")],
  "§8.3.1 no :scheme": [400, without(":scheme")],
  "§8.3.1 neither :authority nor Host": [400, without(":authority")],
  "§8.3.1 another Host": [400, [...GET, ["host", "other.test"]]],
  "§8.3.1 a longer Host": [400, [...GET, ["host", "client.test.org"]]],
  "§8.3.1 Host twice": [400, [
    ...GET,
    ["host", "client.test"],
    ["host", "client.test"],
  ]],
  "§8.3.1 userinfo": [400, with_(":authority", "user@client.test")],
  "§8.3.1 an empty :authority": [400, with_(":authority", "")],
  "§8.3.1 an empty :path": [400, with_(":path", "")],
  "§8.3.1 an absolute URI for :path": [400, with_(":path", "http://a.test/")],
  "§8.3.1 * for a GET": [400, with_(":path", "*")],
  "§8.3.1 :path with a space": [400, with_(":path", "/a HTTP/1.1")],
  "§8.3.1 :path with a fragment": [400, with_(":path", "/a#b")],
  "§8.3.1 :path with a line": [400, with_(":path", "/ HTTP/1.1\r\nx: y")],
  "§8.3.1 :method with a space": [400, with_(":method", "GET / HTTP/1.1")],
  "§8.3.1 an empty :method": [400, with_(":method", "")],
  "§8.3.1 a foreign scheme": [400, with_(":scheme", "ftp")],
  "§8.2.2 connection": [400, [...GET, ["connection", "close"]]],
  "§8.2.2 connection that names itself": [400, [
    ...GET,
    ["connection", "connection"],
  ]],
  "§8.2.2 connection that names itself and another": [400, [
    ...GET,
    ["connection", "connection, te"],
    ["te", "gzip"],
  ]],
  "§8.2.2 connection that names a field": [400, [
    ...GET,
    ["connection", "x-a"],
    ["x-a", "1"],
  ]],
  "§8.2.2 keep-alive": [400, [...GET, ["keep-alive", "timeout=5"]]],
  "§8.2.2 proxy-connection": [400, [...GET, ["proxy-connection", "close"]]],
  "§8.2.2 transfer-encoding": [400, [...GET, ["transfer-encoding", "chunked"]]],
  "§8.2.2 upgrade": [400, [...GET, ["upgrade", "h2c"]]],
  "§8.2.2 te with more than trailers": [400, [...GET, [
    "te",
    "trailers, gzip",
  ]]],
  "§8.1.1 content-length on a stream that has ended": [400, [
    ...GET,
    ["content-length", "1"],
  ]],
  "content-length twice": [400, [
    ...GET,
    ["content-length", "0"],
    ["content-length", "0"],
  ]],
  "content-length that is no number": [400, [...GET, ["content-length", "+0"]]],
  "content-length and transfer-encoding": [400, [
    ...GET,
    ["content-length", "0"],
    ["transfer-encoding", "chunked"],
  ]],
  "RFC 9110 §9.3.8 TRACE": [405, with_(":method", "TRACE")],
  "§8.5 CONNECT": [405, [[":method", "CONNECT"], [":authority", "a.test:80"]]],
  "RFC 8441 extended CONNECT, which is not announced": [400, [
    [":method", "CONNECT"],
    [":protocol", "websocket"],
    ...GET.slice(1),
  ]],
  "more fields than are taken": [431, [
    ...GET,
    ...Array.from({ length: 101 }, (_, i) => [`x-${i}`, ""] as const),
  ]],
  "a field section larger than announced": [431, [
    ...GET,
    ["x-large", "x".repeat(40_000)],
  ]],
};

Deno.test("what is no request by HTTP/2's rules never comes near the application, and harms no neighbour", async (t) => {
  let heads = 0;
  await using scene = await Http2Scene.set(async (connection) => {
    while (await connection.head() !== undefined) {
      heads++;
      await connection.write(ok("x"));
    }
  });
  using client = await Http2Client.connect(scene.port);
  for (const [name, [expected, fields]] of Object.entries(REFUSED)) {
    await t.step(name, async () => {
      const before = heads;
      const refused = client.request(fields);
      const neighbour = client.request();
      const { status, ended } = await client.response(refused);
      assert.deepEqual([status, ended], [expected, true]);
      assert.equal((await client.response(neighbour)).status, 200);
      assert.equal(heads, before + 1);
      await scene.entry({ "http.response.status_code": expected });
    });
  }
});

Deno.test("a refused request that has not ended is reset without an error after its answer", async () => {
  await using scene = await Http2Scene.set(ok());
  using client = await Http2Client.connect(scene.port);
  const id = client.request([...GET, ["upgrade", "h2c"]], false);
  client.data(id, "x".repeat(1000));
  await client.frame(({ type, streamId }) => type === 3 && streamId === id);
  const { status, reset } = client.result(id);
  assert.deepEqual([status, reset], [400, 0]);
});

Deno.test("trailers that are none spoil their request alone", async (t) => {
  const cases: Readonly<Record<string, readonly Field[]>> = {
    "§8.1 a pseudo-header field": [[":path", "/"]],
    "§8.2.1 a name in upper case": [["X-Upper", "1"]],
    "§8.2.1 a value with LF": [["x", "1\nb: c"]],
    "too large": [["x", "x".repeat(40_000)]],
    "too many": Array.from({ length: 101 }, (_, i) => [`x-${i}`, ""] as const),
  };
  for (const [name, trailers] of Object.entries(cases)) {
    await t.step(name, async () => {
      let body = "";
      await using scene = await Http2Scene.set(async (connection) => {
        await connection.head();
        body = (await connection.rest()).text;
      });
      using client = await Http2Client.connect(scene.port);
      const id = client.request([
        [":method", "POST"],
        ...GET.slice(1),
      ], false);
      client.data(id, "abc");
      client.headers(id, trailers);
      assert.equal((await client.response(id)).status, 400);
      await scene.entry({ "error.type": "TRAILERS_INVALID" });
      // The last chunk never came.
      assert.doesNotMatch(body, /\r\n0\r\n/);
      await client.settled();
    });
  }
});
