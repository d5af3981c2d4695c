import assert from "node:assert/strict";
import { writeHeaders } from "../../src/http2/frame_writer.ts";
import { blockOf, type Field, POST } from "../support/http2_client.ts";
import { http2Client, to } from "../support/http2_sidecar.ts";
import { fieldValues, get } from "../support/messages.ts";
import { type Received, Receiver } from "../support/receiver.ts";
import { Scene } from "../support/scene.ts";
import { root } from "../support/sidecar.ts";
import { eventually } from "../support/waiting.ts";
import {
  ALL_FORMATS,
  identityOf,
  NAMES,
  receivedBy,
  SPELLINGS,
} from "./identity_headers_scene.ts";
import { judge, sealScene, verifier } from "./seal_scene.ts";

const OFF = {};
const ON = { INJECT_CLIENT_HEADERS: "true", IDENTITY_HEADERS: ALL_FORMATS };

/** One HTTP/2 request as the application receives it. */
async function receivedByHttp2(
  settings: Readonly<Record<string, string>>,
  { fields = [], content, trailers = [] }: {
    fields?: readonly Field[];
    content?: string;
    trailers?: readonly Field[];
  } = {},
): Promise<Received> {
  const receiver = new Receiver();
  await using scene = await Scene.set(receiver.script, settings);
  using client = await http2Client(scene.sidecar);
  const head = [...to("/", content === undefined ? "GET" : "POST"), ...fields];
  const id = client.request(head, content === undefined);
  if (content !== undefined) {
    client.data(id, content, trailers.length === 0);
    if (trailers.length > 0) client.headers(id, trailers);
  }
  assert.equal((await client.response(id)).status, 200);
  return receiver.only;
}

for (const [state, settings] of [["off", OFF], ["on", ON]] as const) {
  Deno.test(`with the formats ${state}, an HTTP/2 request says of its client what an HTTP/1.1 one does`, async () => {
    assert.deepEqual(
      identityOf(await receivedByHttp2(settings)),
      identityOf(await receivedBy(settings)),
    );
  });

  for (const [spelling, spell] of SPELLINGS) {
    const names = NAMES.map((name) => spell(name).toLowerCase());
    const forged = names.map((name): Field => [name, "forged"]);

    Deno.test(`with the formats ${state}, no identity header ${spelling} comes through from an HTTP/2 client's head or trailers`, async () => {
      const plain = identityOf(await receivedByHttp2(settings));
      const kept = ["x-kept", "kept"] as const;
      const inHead = await receivedByHttp2(settings, {
        fields: [...forged, kept],
      });
      assert.doesNotMatch(inHead.head, /forged/);
      assert.match(inHead.head, /^x-kept: kept\r$/m);
      assert.deepEqual(identityOf(inHead), plain);
      const inTrailers = await receivedByHttp2(settings, {
        fields: [["trailer", names.join(", ")], ["te", "trailers"]],
        content: "ab",
        trailers: [...forged, kept],
      });
      assert.deepEqual(
        [inTrailers.content, inTrailers.trailers],
        ["ab", "x-kept: kept\r\n"],
      );
      assert.deepEqual(identityOf(inTrailers), plain);
    });
  }

  Deno.test(`with the formats ${state}, one stream's claims do not show in its neighbours, nor in another connection`, async () => {
    const receiver = new Receiver();
    await using scene = await Scene.set(receiver.script, settings);
    using client = await http2Client(scene.sidecar);
    const claims = NAMES.map((name): Field => [name.toLowerCase(), "forged"]);
    const ids = Array.from({ length: 20 }, (_, i) =>
      client.request([
        ...to(`/${i}`),
        ...(i % 2 === 0 ? claims : []),
      ]));
    for (const id of ids) {
      assert.equal((await client.response(id)).status, 200);
    }
    const other = await scene.request(get("/other"));
    assert.equal((await other.response()).status, 200);
    const [one, ...others] = receiver.requests.map(identityOf);
    assert.equal(others.length, 20);
    for (const other of others) assert.deepEqual(other, one);
    const heads = receiver.requests.map(({ head }) => head).join("");
    assert.doesNotMatch(heads, /forged/);
  });
}

Deno.test("two clients at a time are each told of as themselves", async () => {
  const receiver = new Receiver();
  await using scene = await Scene.set(receiver.script, {
    INJECT_CLIENT_HEADERS: "true",
  });
  const names = ["one", "two"];
  await Promise.all(names.map(async (commonName) => {
    using client = await http2Client(scene.sidecar, root.issue({ commonName }));
    const ids = Array.from(
      { length: 30 },
      () => client.request(to(`/${commonName}`)),
    );
    for (const id of ids) await client.response(id);
  }));
  assert.equal(receiver.requests.length, 60);
  for (const { target, head } of receiver.requests) {
    assert.deepEqual(fieldValues(head, "x-client-cn"), [target.slice(1)]);
  }
});

for (
  const [name, field] of [
    ["in upper case", ["X-Client-CN", "forged"]],
    ["behind a CR and LF", ["x-other", "a\r\nX-Client-CN: forged"]],
    ["behind a bare CR", ["x-other", "a\rX-Client-CN: forged"]],
    ["behind a bare LF", ["x-other", "a\nX-Client-CN: forged"]],
    ["behind a NUL", ["x-other", "a\0X-Client-CN: forged"]],
    ["within a name", ["x-other: a\r\nx-client-cn", "forged"]],
    ["with a space before its colon", ["x-client-cn ", "forged"]],
    ["with a colon at its front", [":x-client-cn", "forged"]],
    ["with a colon at its end", ["x-client-cn:", "forged"]],
    ["with another alphabet's letters", ["x-cl\xefent-cn", "forged"]],
    ["named in a Connection field", ["connection", "x-client-cn"]],
  ] as const
) {
  Deno.test(`an HTTP/2 request with an identity header ${name} is refused whole, its neighbour is not`, async () => {
    const receiver = new Receiver();
    await using scene = await Scene.set(receiver.script, ON);
    using client = await http2Client(scene.sidecar);
    const bad = client.request([...to("/bad"), field]);
    const good = client.request(to("/good"));
    assert.equal((await client.response(bad)).status, 400);
    assert.equal((await client.response(good)).status, 200);
    assert.equal(receiver.only.target, "/good");
    const entry = await scene.sidecar.entry({
      "http.response.status_code": 400,
    });
    assert.match(String(entry["error.type"]), /^(CONNECTION_)?FIELD_INVALID$/);
  });
}

Deno.test("every HTTP/2 request has a seal of its own, whatever its client claims", async () => {
  const receiver = new Receiver();
  await using scene = await sealScene(receiver);
  using client = await http2Client(scene.sidecar);
  const claims: Field[] = [
    ["signature", "seal=:AAAA:"],
    ["signature-input", 'seal=("@method");keyid="mtls-sidecar"'],
    ["x-client-cn", "forged"],
  ];
  const ids = Array.from(
    { length: 30 },
    (_, i) =>
      client.request([
        ...to(`/${i}?a=b`, i % 3 === 0 ? "OPTIONS" : "GET"),
        ...(i % 2 === 0 ? claims : []),
      ]),
  );
  for (const id of ids) assert.equal((await client.response(id)).status, 200);
  const by = verifier();
  assert.equal(receiver.requests.length, 30);
  for (const request of receiver.requests) {
    assert.equal(judge(by, request), "ok");
  }
});

for (const [octets, sealed] of [[0, true], [1000, true], [1001, false]]) {
  Deno.test(`SEAL_BODY: HTTP/2 content of ${octets} octets comes whole, and is ${sealed ? "sealed" : "not sealed"}`, async () => {
    const receiver = new Receiver();
    await using scene = await sealScene(receiver, {
      SEAL_BODY: "true",
      SEAL_BODY_MAX_BYTES: "1000",
    });
    using client = await http2Client(scene.sidecar);
    const content = "b".repeat(Number(octets));
    const length: Field = ["content-length", String(octets)];
    for (const declared of [[], [length]]) {
      const id = client.request([...POST, ...declared], false);
      // The last octet comes with the end of the stream, or an empty frame does.
      client.data(id, content.slice(0, -1));
      client.data(id, content.slice(-1), true);
      assert.equal((await client.response(id)).status, 200);
    }
    const by = verifier();
    for (const request of receiver.requests) {
      assert.equal(request.content, content);
      assert.equal(
        judge(by, request, { content: true }),
        sealed ? "ok" : "uncovered",
      );
    }
    assert.equal(receiver.requests.length, 2);
  });
}

Deno.test("SEAL_BODY: content that breaks off, or is not as long as it said, never comes to the application", async () => {
  const receiver = new Receiver();
  await using scene = await sealScene(receiver, { SEAL_BODY: "true" });
  using client = await http2Client(scene.sidecar);
  const short = client.request([...POST, ["content-length", "8"]], false);
  client.data(short, "half", true);
  assert.equal((await client.response(short)).status, 400);
  const cancelled = client.request(POST, false);
  await client.data(cancelled, "half");
  client.reset(cancelled);
  await eventually(
    () => scene.sidecar.entries.length === 2,
    "the end of what was cancelled",
  );
  assert.equal(scene.application.connections.length, 0);
  const next = client.request();
  assert.equal((await client.response(next)).status, 200);
});

Deno.test("SEAL_BODY: a client that expects a 100 gets one, and its trailers go on without their claims", async () => {
  const receiver = new Receiver();
  await using scene = await sealScene(receiver, { SEAL_BODY: "true" });
  using client = await http2Client(scene.sidecar);
  const id = client.request([...POST, ["expect", "100-continue"]], false);
  await client.frame(({ fields }) => fields[0]?.[1] === "100", "the 100");
  client.data(id, "content");
  const trailers: Field[] = [["x-a", "b"], ["x-client-cn", "forged"]];
  await client.write((out) =>
    writeHeaders(out, id, blockOf(trailers), true, 16_384)
  );
  assert.equal((await client.response(id)).status, 200);
  const { content, trailers: seen, head } = receiver.only;
  assert.deepEqual([content, seen], ["content", "x-a: b\r\n"]);
  assert.deepEqual(fieldValues(head, "expect"), []);
  assert.equal(judge(verifier(), receiver.only, { content: true }), "ok");
});
