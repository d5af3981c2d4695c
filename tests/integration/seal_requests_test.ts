import assert from "node:assert/strict";
import {
  fieldValues,
  get,
  ok,
  post,
  postChunked,
} from "../support/messages.ts";
import { type Received, Receiver } from "../support/receiver.ts";
import { client, root } from "../support/sidecar.ts";
import { Scene } from "../support/scene.ts";
import { judge, numberOf, sealScene, verifier } from "./seal_scene.ts";
import { ALL_FORMATS } from "./identity_headers_scene.ts";

const SHAPES: readonly (readonly [name: string, request: string])[] = [
  ["a GET", get()],
  ["a path with percent-encoding and dots", get("/a%2Fb/../c/./%2e")],
  ["a query", get("/a?b=c&d=%20?e")],
  ["an empty query", get("/a?")],
  ["an absolute-form target", get("http://Other.test:8080/a?b")],
  ["an absolute-form target without a path", get("http://other.test?b")],
  ["an absolute-form target with neither", get("http://other.test")],
  ["a target with odd octets", get("/a;b,c=d'(e)*!$&+:@~/[]\"<>{}|\\^`")],
  ["a double slash", get("//a//b")],
  ["OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"],
  [
    "OPTIONS of an authority",
    "OPTIONS http://a:80 HTTP/1.1\r\nHost: b\r\n\r\n",
  ],
  ["HTTP/1.0 without Host", "GET /a?b HTTP/1.0\r\n\r\n"],
  ["HTTP/1.0 with Host", "GET /a HTTP/1.0\r\nHost: A.test:80\r\n\r\n"],
  [
    "a Host in capitals with the default port",
    get().replace("client", "CLIENT")
      .replace(".test", ".Test:80"),
  ],
  ["a Host with another port", get().replace(".test", ".test:8443")],
  ["a Host with an empty port", get().replace(".test", ".test:")],
  ["an IPv6 Host", get().replace("client.test", "[2001:DB8::1]:80")],
  ["a method of its own", get().replace("GET", "PURGE-all")],
  ["a body with its length", post("content")],
  ["a body in chunks", postChunked("3\r\nabc\r\n1;x=y\r\nd\r\n0\r\n\r\n")],
  ["a body in chunks, with trailers", postChunked("0\r\nX-A: b\r\n\r\n")],
  ["an empty body", post("")],
  ["a long target", get(`/${"a".repeat(8000)}?${"b".repeat(8000)}`)],
];

for (
  const [state, settings] of [
    ["", {}],
    ["with PRESERVE_HOST, ", { PRESERVE_HOST: "true" }],
    ["with SEAL_BODY, ", { SEAL_BODY: "true" }],
    ["with every identity header, ", { IDENTITY_HEADERS: ALL_FORMATS }],
  ] as const
) {
  for (const [name, request] of SHAPES) {
    Deno.test(`${state}the seal of ${name} holds, once`, async () => {
      const receiver = new Receiver();
      await using scene = await sealScene(receiver, settings);
      const connection = await scene.connect(client);
      await connection.send(request);
      assert.equal((await connection.response()).status, 200);
      const by = verifier();
      const content = "SEAL_BODY" in settings;
      assert.equal(judge(by, receiver.only, { content }), "ok");
      assert.equal(judge(by, receiver.only, { content }), "replayed");
    });
  }
}

Deno.test("pipelined requests have seals of their own, with growing numbers, on every connection", async () => {
  const receiver = new Receiver();
  await using scene = await sealScene(receiver);
  const connections = [
    await scene.connect(client),
    await scene.connect(root.issue({ commonName: "other" })),
  ];
  for (const connection of connections) {
    await connection.send(get("/1") + post("two") + get("/3"));
    for (let time = 0; time < 3; time++) await connection.response();
  }
  const by = verifier();
  assert.deepEqual(
    receiver.requests.map((request) => judge(by, request)),
    Array(6).fill("ok"),
  );
  const numbers = receiver.requests.map(numberOf);
  assert.deepEqual(
    numbers,
    numbers.map((_, index) => numbers[0]! + BigInt(index)),
  );
});

Deno.test("a request that is sent again after a stale connection has a seal of its own", async () => {
  const heads: string[] = [];
  let connections = 0;
  const script: Receiver["script"] = async (connection) => {
    const first = ++connections === 1;
    for (let head; (head = await connection.head()) !== undefined;) {
      heads.push(head);
      if (first && heads.length > 1) return connection.reset();
      await connection.write(ok());
    }
    connection.end();
  };
  await using scene = await sealScene({ script });
  const connection = await scene.connect(client);
  for (const target of ["/1", "/2"]) {
    await connection.send(get(target));
    assert.equal((await connection.response()).status, 200);
  }
  const received = heads.map(receivedOf);
  assert.deepEqual(received.map(({ target }) => target), ["/1", "/2", "/2"]);
  const by = verifier();
  // Also for an application that saw, and took note of, the one that was lost.
  assert.deepEqual(
    received.map((request) => judge(by, request)),
    ["ok", "ok", "ok"],
  );
  assert.ok(numberOf(received[2]!) > numberOf(received[1]!));
});

Deno.test("a refused client's request is not sealed, nor forwarded", async () => {
  const receiver = new Receiver();
  await using scene = await sealScene(receiver, { ALLOW_CN: "allowed" });
  const connection = await scene.connect(client);
  await connection.send(get());
  const { status, head } = await connection.response();
  assert.equal(status, 403);
  assert.doesNotMatch(head, /signature/i);
  assert.equal(scene.application.connections.length, 0);
});

Deno.test("SEAL_ID is the seal's keyid, and another sidecar's seal is not taken for it", async () => {
  const receiver = new Receiver();
  await using scene = await sealScene(receiver, { SEAL_ID: "gate-7" });
  await scene.served(client);
  assert.equal(judge(verifier(), receiver.only), "unknown-key");
  assert.equal(judge(verifier({ keyIds: ["gate-7"] }), receiver.only), "ok");
});

Deno.test("a restarted sidecar is not taken for a replay of itself", async () => {
  const receiver = new Receiver();
  const by = verifier();
  for (let start = 0; start < 3; start++) {
    await using scene = await sealScene(receiver);
    const connection = await scene.served(client);
    await connection.send(get());
    await connection.response();
  }
  assert.deepEqual(
    receiver.requests.map((request) => judge(by, request)),
    Array(6).fill("ok"),
  );
});

Deno.test("without SEAL_KEY_FILE a client's own signature goes on untouched", async () => {
  const receiver = new Receiver();
  await using scene = await Scene.set(receiver.script);
  const fields = 'Signature-Input: a=("@method")\r\nSignature: a=:AAAA:\r\n' +
    "Content-Digest: sha-256=:AAAA:\r\n";
  const connection = await scene.request(get("/", fields));
  await connection.response();
  assert.ok(receiver.only.head.includes(fields));
});

function receivedOf(head: string): Received {
  const [line = "", ...fields] = head.split("\r\n").slice(0, -2);
  const [method = "", target = ""] = line.split(" ");
  const headers = fields.map((field): [string, string] => {
    const [name = ""] = field.split(":");
    return [name, fieldValues(`\r\n${field}`, name).join()];
  });
  return { method, target, headers, head, content: "", trailers: "" };
}
