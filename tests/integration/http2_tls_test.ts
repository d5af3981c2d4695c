import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import http2 from "node:http2";
import { createHash, randomBytes } from "node:crypto";
import { FrameType } from "../../src/http2/frame.ts";
import type { Script } from "../support/application.ts";
import { temporaryDirectory } from "../support/files.ts";
import { type Field, POST } from "../support/http2_client.ts";
import { http2Client, to } from "../support/http2_sidecar.ts";
import { fieldValues, ok } from "../support/messages.ts";
import { Receiver } from "../support/receiver.ts";
import { Scene } from "../support/scene.ts";
import { client, root, TestSidecar } from "../support/sidecar.ts";
import { eventually, soon } from "../support/waiting.ts";

/** A client of `node:http2`, closed at once with the scope. */
function nodeClient(port: number) {
  const session = http2.connect(`https://127.0.0.1:${port}`, {
    ca: root.certPem,
    cert: client.chainPem,
    key: client.keyPem,
  });
  session.on("error", () => {});
  return {
    session,
    async ask(
      headers: http2.OutgoingHttpHeaders,
      content?: Uint8Array,
    ): Promise<{ status: number; octets: number; digest: string }> {
      const stream = session.request(headers, { endStream: !content });
      const responded = once(stream, "response");
      if (content) stream.end(content);
      const [{ ":status": status }] = await responded as [
        http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader,
      ];
      const hash = createHash("sha256");
      let octets = 0;
      for await (const piece of stream) {
        octets += piece.length;
        hash.update(piece);
      }
      return { status: status ?? 0, octets, digest: hash.digest("hex") };
    },
    async close(): Promise<void> {
      const closed = once(session, "close");
      session.close();
      await soon(closed, "the session's end");
    },
    [Symbol.dispose](): void {
      session.destroy();
    },
  };
}

/** A sidecar before an application of `node:http` that echoes what it is sent. */
async function echo(): Promise<
  { sidecar: TestSidecar; requests: IncomingMessage[] } & AsyncDisposable
> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    response.setHeader("x-method", request.method ?? "");
    request.on("error", () => {});
    request.pipe(response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const sidecar = await TestSidecar.start({
    upstream: `http://127.0.0.1:${port}`,
  });
  return {
    sidecar,
    requests,
    async [Symbol.asyncDispose]() {
      await sidecar[Symbol.asyncDispose]();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

Deno.test("every method but CONNECT goes through, with and without content", async () => {
  const receiver = new Receiver();
  await using scene = await Scene.set(receiver.script);
  using http2 = await http2Client(scene.sidecar);
  const methods = ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "QUERY"];
  for (const method of methods) {
    const id = http2.request(to("/with", method), false);
    await http2.data(id, "content", true);
    assert.equal((await http2.response(id)).status, 200, method);
    const bare = http2.request(to("/without", method));
    assert.equal((await http2.response(bare)).status, 200, method);
  }
  assert.deepEqual(
    receiver.requests.map(({ method, content }) => [method, content]),
    methods.flatMap((method) => [[method, "content"], [method, ""]]),
  );
  const head = http2.request(to("/", "HEAD"));
  const { status, text, ended } = await http2.response(head);
  assert.deepEqual([status, text, ended], [200, "", true]);
  const connect: Field[] = [[":method", "CONNECT"], [":authority", "a:1"]];
  const refused = await http2.response(http2.request(connect));
  assert.ok(refused.status >= 400 && refused.status < 500);
  assert.equal(receiver.requests.length, 2 * methods.length + 1);
});

Deno.test(":authority is the request's host, and with PRESERVE_HOST the application's", async () => {
  for (const preserved of [false, true]) {
    const receiver = new Receiver();
    await using scene = await Scene.set(receiver.script, {
      PRESERVE_HOST: String(preserved),
    });
    using http2 = await http2Client(scene.sidecar);
    const fields = to("/").map(([name, value]): Field =>
      name === ":authority" ? [name, "Shop.test:444"] : [name, value]
    );
    assert.equal((await http2.response(http2.request(fields))).status, 200);
    const { head } = receiver.only;
    const own = scene.application.url.slice("http://".length);
    assert.deepEqual(fieldValues(head, "x-forwarded-host"), ["Shop.test:444"]);
    assert.deepEqual(fieldValues(head, "host"), [
      preserved ? "Shop.test:444" : own,
    ]);
    // Two names for the host are one too many, and none is too few.
    for (
      const wrong of [
        [...fields, ["host", "other.test"] as const],
        fields.filter(([name]) => name !== ":authority"),
      ]
    ) {
      assert.equal((await http2.response(http2.request(wrong))).status, 400);
    }
  }
});

Deno.test("cookie crumbs are one field for the application, and an HTTP/2 request says so in Via", async () => {
  const receiver = new Receiver();
  await using scene = await Scene.set(receiver.script);
  using http2 = await http2Client(scene.sidecar);
  const crumbs: Field[] = [["cookie", "a=1"], ["cookie", "b=2; c=3"]];
  await http2.response(http2.request([...to("/"), ...crumbs]));
  const { head } = receiver.only;
  assert.deepEqual(fieldValues(head, "cookie"), ["a=1; b=2; c=3"]);
  assert.deepEqual(fieldValues(head, "via"), ["2.0 mtls-sidecar"]);
});

Deno.test("fields of an HTTP/1.1 connection are refused, one stream at a time", async () => {
  const receiver = new Receiver();
  await using scene = await Scene.set(receiver.script);
  using http2 = await http2Client(scene.sidecar);
  for (
    const field of [
      ["connection", "close"],
      ["keep-alive", "timeout=5"],
      ["proxy-connection", "close"],
      ["transfer-encoding", "chunked"],
      ["upgrade", "websocket"],
      ["te", "gzip"],
    ] as const
  ) {
    const id = http2.request([...to("/"), field]);
    const { status, text } = await http2.response(id);
    assert.deepEqual([status, text], [400, "CONNECTION_FIELD_INVALID\n"]);
  }
  assert.equal((await http2.response(http2.request())).status, 200);
  receiver.only;
});

Deno.test("100-continue comes through before the content, and trailers both ways after it", async () => {
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    await connection.write("HTTP/1.1 100 Continue\r\n\r\n");
    const content = await connection.until("0\r\n");
    const trailers = await connection.until("\r\n\r\n");
    await connection.write(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n" +
        `4\r\ndone\r\n0\r\nX-Sum: ${content?.length}\r\nX-Seen: ` +
        `${trailers?.trim()}\r\n\r\n`,
    );
  });
  using http2 = await http2Client(scene.sidecar);
  const id = http2.request([
    ...POST,
    ["expect", "100-continue"],
    ["te", "trailers"],
  ], false);
  await http2.of(FrameType.HEADERS, id);
  assert.deepEqual(http2.result(id).interim, [100]);
  http2.data(id, "content");
  http2.headers(id, [["x-tail", "end"]]);
  const { status, text, trailers } = await http2.response(id);
  assert.deepEqual([status, text], [200, "done"]);
  assert.deepEqual(trailers, [["x-sum", "15"], ["x-seen", "x-tail: end"]]);
});

Deno.test("node:http2: bodies of 30 MB both ways at a time come whole", async () => {
  await using scene = await echo();
  using node = nodeClient(scene.sidecar.port);
  const content = randomBytes(30_000_000);
  const digest = createHash("sha256").update(content).digest("hex");
  const answers = await Promise.all(
    ["PUT", "POST", "PATCH"].map((method) =>
      node.ask({ ":method": method, ":path": "/echo" }, content)
    ),
  );
  assert.deepEqual(
    answers,
    Array(3).fill({ status: 200, octets: content.length, digest }),
  );
  await node.close();
  await scene.sidecar.idle();
  for (
    const {
      "http.request.body.size": received,
      "http.response.body.size": sent,
      "network.protocol.version": protocol,
    } of scene.sidecar.entries
  ) {
    assert.deepEqual([received, sent, protocol], [
      content.length,
      content.length,
      "2",
    ]);
  }
});

Deno.test("100 streams at a time are all served, whatever some of them come to", async () => {
  const reached = { count: 0 };
  const { promise: all, resolve: go } = Promise.withResolvers<void>();
  const script: Script = async (connection) => {
    for (let head; (head = await connection.head()) !== undefined;) {
      if (++reached.count === 100) go();
      await all;
      if (head.startsWith("GET /cut")) {
        await connection.write(
          "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
        );
        connection.reset();
      } else if (head.startsWith("GET /garbage")) {
        await connection.write("220 mail.test ESMTP ready\r\n\r\n");
      } else if (head.startsWith("GET /none")) connection.reset();
      else await connection.write(ok(head.split(" ")[1]));
    }
  };
  await using scene = await Scene.set(script);
  using http2 = await http2Client(scene.sidecar);
  const kinds = ["good", "cut", "garbage", "none"];
  const ids = Array.from(
    { length: 100 },
    (_, i) => http2.request(to(`/${kinds[i % 4]}/${i}`)),
  );
  for (const [i, id] of ids.entries()) {
    const { status, text, ended } = await http2.response(id);
    const seen = [status, text, ended];
    if (i % 4 === 0) assert.deepEqual(seen, [200, `/good/${i}`, true]);
    // What is cut must not look whole.
    else if (i % 4 === 1) assert.equal(ended, false);
    else assert.equal(status, 502);
  }
  assert.equal((await http2.response(http2.request(to("/good")))).status, 200);
  assert.equal(http2.end, undefined);
});

Deno.test("a client's reset ends its request to the application alone", async () => {
  const ended: string[] = [];
  let asked = 0;
  await using scene = await Scene.set(async (connection) => {
    const head = await connection.head() ?? "";
    asked++;
    if (head.startsWith("GET /stay")) {
      await eventually(() => ended.length === 2, "the resets");
      await connection.write(ok("stayed"));
    } else ended.push((await connection.rest()).end);
  });
  using http2 = await http2Client(scene.sidecar);
  const stay = http2.request(to("/stay"));
  const leave = http2.request(to("/leave"));
  const upload = http2.request(to("/leave", "POST"), false);
  await http2.data(upload, "some");
  await eventually(() => asked === 3, "the requests");
  for (const id of [leave, upload]) http2.reset(id);
  assert.equal((await http2.response(stay)).text, "stayed");
  const { "error.type": code, "http.response.status_code": status } =
    await scene.sidecar.entry({ "url.path": "/leave" });
  assert.deepEqual([code, status], ["CLIENT_GONE", 0]);
});

/** Whether a program is there. */
async function has(program: string): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(program, {
      args: ["--version"],
      stdout: "null",
    }).output();
    return success;
  } catch {
    return false;
  }
}

Deno.test({
  name:
    "nghttp is served, with priorities, pushes refused and windows of its own",
  ignore: !await has("nghttp"),
  async fn() {
    await using files = await temporaryDirectory({
      "client.crt": client.chainPem,
      "client.key": client.keyPem,
      body: "x".repeat(1_000_000),
    });
    await using scene = await echo();
    const url = `https://127.0.0.1:${scene.sidecar.port}`;
    const { stdout, success } = await new Deno.Command("nghttp", {
      args: [
        ...["-v", "-n", "--no-verify-peer", "--cert=client.crt"],
        ...["--key=client.key", "-w16", "-W18", "-b64", "-d", "body"],
        ...[`${url}/a`, `${url}/b`],
      ],
      cwd: files.path,
    }).output();
    const text = new TextDecoder().decode(stdout);
    assert.ok(success, text);
    assert.equal(text.match(/recv .*:status: 200/g)?.length, 2, text);
    assert.doesNotMatch(text, /recv RST_STREAM|error_code=(?!NO_ERROR)/);
    await eventually(() => scene.sidecar.entries.length === 2, "the log");
    for (
      const {
        "http.request.body.size": received,
        "http.response.body.size": sent,
      } of scene.sidecar.entries
    ) {
      assert.deepEqual([received, sent], [1_000_000, 1_000_000]);
    }
  },
});

Deno.test({
  name: "curl asks many times at a time over one connection",
  ignore: !await has("curl"),
  async fn() {
    await using files = await temporaryDirectory({
      "ca.crt": root.certPem,
      "client.crt": client.chainPem,
      "client.key": client.keyPem,
    });
    const receiver = new Receiver();
    await using scene = await Scene.set(receiver.script);
    const { stdout, stderr, success } = await new Deno.Command("curl", {
      args: [
        ...["--silent", "--show-error", "--http2", "--parallel"],
        ...["--max-time", "20", "--parallel-max", "40"],
        ...["--cacert", "ca.crt", "--cert", "client.crt"],
        ...["--key", "client.key", "-w", "%{http_version} %{http_code}\n"],
        `https://127.0.0.1:${scene.sidecar.port}/[1-60]`,
        ...["-o", "/dev/null"],
      ],
      cwd: files.path,
    }).output();
    const decoder = new TextDecoder();
    assert.ok(success, decoder.decode(stderr));
    assert.equal(decoder.decode(stdout).match(/^2 200$/gm)?.length, 60);
    assert.equal(receiver.requests.length, 60);
  },
});
