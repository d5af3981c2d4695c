import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { FrameType } from "../../src/http2/frame.ts";
import { Setting } from "../../src/http2/settings.ts";
import type { Script } from "../support/application.ts";
import type { Field, Http2Client } from "../support/http2_client.ts";
import { http2Client, to } from "../support/http2_sidecar.ts";
import { fieldValues, get, ok } from "../support/messages.ts";
import { Scene } from "../support/scene.ts";
import { eventually, soon } from "../support/waiting.ts";

const NO_ERROR = 0, CANCEL = 8;

/** An extended CONNECT (RFC 8441 §4). */
function connect(...fields: Field[]): Field[] {
  return [...to("/tunnel?q", "CONNECT"), [":protocol", "websocket"], ...fields];
}

/** The 101 that answers a request as RFC 6455 §4.2.2 asks. */
function switching(head: string | undefined): string {
  const [key = ""] = fieldValues(head ?? "", "sec-websocket-key");
  assert.equal(atob(key).length, 16);
  const accept = createHash("sha1")
    .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n" +
    `Connection: upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
}

/** An application that answers with all that came, when the client has ended its side. */
const echoing: Script = async (connection) => {
  await connection.write(switching(await connection.head()));
  const { text } = await connection.rest();
  await connection.write(`<${text}>`);
  connection.end();
};

async function opened(client: Http2Client): Promise<number> {
  const stream = client.request(connect(), false);
  assert.deepEqual(
    (await client.of(FrameType.HEADERS, stream)).fields[0],
    [":status", "200"],
  );
  return stream;
}

Deno.test("an extended CONNECT becomes a GET with an Upgrade and a key of ours", async () => {
  const head = Promise.withResolvers<string>();
  await using scene = await Scene.set(async (connection) => {
    const seen = await connection.head() ?? "";
    head.resolve(seen);
    await connection.write(switching(seen));
    connection.end();
  });
  using client = await http2Client(scene.sidecar);
  client.request(
    connect(["sec-websocket-key", "mallory"], ["x-mine", "1"]),
    false,
  );
  const seen = await head.promise;
  assert.ok(seen.startsWith("GET /tunnel?q HTTP/1.1\r\n"));
  assert.deepEqual(fieldValues(seen, "connection"), ["Upgrade"]);
  assert.deepEqual(fieldValues(seen, "upgrade"), ["websocket"]);
  assert.deepEqual(fieldValues(seen, "x-mine"), ["1"]);
  assert.deepEqual(fieldValues(seen, "via"), ["2.0 mtls-sidecar"]);
  assert.equal(fieldValues(seen, "sec-websocket-key").length, 1);
  assert.doesNotMatch(seen, /mallory|:protocol|transfer-encoding/i);
});

Deno.test("END_STREAM is the end of a side of a tunnel, both ways", async () => {
  await using scene = await Scene.set(echoing);
  using client = await http2Client(scene.sidecar);
  const stream = await opened(client);
  client.data(stream, "one ");
  client.data(stream, "two", true);
  const { text, ended, reset } = await client.response(stream);
  assert.deepEqual([text, ended, reset], ["<one two>", true, undefined]);
  const entry = await scene.sidecar.entry({ "url.path": "/tunnel" });
  assert.deepEqual(
    [
      "http.response.status_code",
      "http.request.body.size",
      "http.response.body.size",
      "error.type",
    ].map((name) => entry[name]),
    [101, 7, 9, undefined],
  );
});

Deno.test("the client's side of a stream goes on after the application has ended its own", async () => {
  const rest = Promise.withResolvers<unknown>();
  await using scene = await Scene.set(async (connection) => {
    await connection.write(switching(await connection.head()) + "bye");
    connection.end();
    rest.resolve(await connection.rest());
  });
  using client = await http2Client(scene.sidecar);
  const stream = await opened(client);
  assert.equal((await client.response(stream)).text, "bye");
  client.data(stream, "still here", true);
  assert.deepEqual(await rest.promise, { text: "still here", end: "ended" });
});

Deno.test("what breaks on one side of a stream's tunnel is CANCEL or a closed connection on the other", async () => {
  const ends: Promise<unknown>[] = [];
  await using scene = await Scene.set(async (connection) => {
    await connection.write(switching(await connection.head()));
    if (ends.length > 0) return connection.reset();
    const rest = connection.rest();
    ends.push(rest);
    await rest;
    connection.destroy();
  });
  using client = await http2Client(scene.sidecar);
  const first = await opened(client);
  client.reset(first, CANCEL);
  await eventually(() => ends.length === 1, "the tunnel");
  await soon(ends[0]!, "the application's end");
  await scene.sidecar.entry({ "error.type": "CLIENT_GONE" });
  const second = await opened(client);
  assert.equal((await client.response(second)).reset, CANCEL);
  await scene.sidecar.entry({ "error.type": "UPSTREAM_CLOSED" });
  assert.equal(scene.sidecar.sidecar.connections.tunnels, 0);
});

Deno.test("nothing of a stream reaches the application before its 101, and all of it after", async () => {
  let before: string | undefined;
  const asked = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  await using scene = await Scene.set(async (connection) => {
    const head = await connection.head();
    if (head?.startsWith("GET /other")) {
      return await connection.write(ok("", "Connection: close\r\n"));
    }
    asked.resolve();
    const octets = connection.octets(5);
    octets.then((text) => before ??= text);
    await go.promise;
    assert.equal(before, undefined);
    await connection.write(switching(head));
    await connection.write(await octets);
    connection.end();
  });
  using client = await http2Client(scene.sidecar);
  const stream = client.request(connect(), false);
  client.data(stream, "early");
  await asked.promise;
  for (let i = 0; i < 5; i++) {
    await client.response(client.request(to("/other")));
  }
  go.resolve();
  await eventually(() => before === "early", "the octets");
  assert.equal((await client.response(stream)).text, "early");
});

Deno.test("a tunnel that the application declines is answered so, and its octets are nobody's", async () => {
  const heads: string[] = [];
  await using scene = await Scene.set(async (connection) => {
    for (let head; (head = await connection.head()) !== undefined;) {
      heads.push(head);
      await connection.write(
        "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno",
      );
    }
    connection.end();
  });
  using client = await http2Client(scene.sidecar);
  const stream = client.request(connect(), false);
  client.data(stream, get("/smuggled"));
  const { status, text, ended } = await client.response(stream);
  assert.deepEqual([status, text, ended], [403, "no", true]);
  assert.equal(
    (await client.of(FrameType.RST_STREAM, stream)).errorCode,
    NO_ERROR,
  );
  assert.equal((await client.response(client.request())).status, 403);
  assert.equal(heads.length, 2);
  assert.equal(scene.application.connections.length, 2);
});

const LIES: Readonly<Record<string, (head: string) => string>> = {
  "a 200, which would look like a tunnel": () => ok("content"),
  "a 101 without a proof": (head) =>
    switching(head).replace(/^sec-websocket-accept.*\r\n/im, ""),
  "a 101 with the proof of another": (head) =>
    switching(head.replace(/(?<=key: ).*(?=\r)/i, "AAAAAAAAAAAAAAAAAAAAAA==")),
  "a 101 with two proofs": (head) =>
    switching(head).replace("\r\n\r\n", "\r\nSec-WebSocket-Accept: x\r\n\r\n"),
};

for (const [what, lie] of Object.entries(LIES)) {
  Deno.test(`an extended CONNECT is answered 502 for ${what}`, async () => {
    await using scene = await Scene.set(async (connection) => {
      await connection.write(lie(await connection.head() ?? ""));
      await connection.rest();
      connection.destroy();
    });
    using client = await http2Client(scene.sidecar);
    const stream = client.request(connect(), false);
    const { status, text } = await client.response(stream);
    assert.deepEqual([status, text], [502, "UPSTREAM_RESPONSE_INVALID\n"]);
  });
}

const REFUSED: Readonly<Record<string, [Field[], number, string]>> = {
  "a protocol that no tunnels are made for": [
    [...to("/", "CONNECT"), [":protocol", "connect-udp"]],
    501,
    "PROTOCOL_UNSUPPORTED",
  ],
  "HTTP itself": [
    [...to("/", "CONNECT"), [":protocol", "h2c"]],
    501,
    "PROTOCOL_UNSUPPORTED",
  ],
  "a content": [
    connect(["content-length", "5"]),
    400,
    "CONTENT_LENGTH_INVALID",
  ],
  ":protocol with another method": [
    [...to("/", "GET"), [":protocol", "websocket"]],
    400,
    "FIELD_INVALID",
  ],
  ":protocol twice": [
    [...to("/", "CONNECT"), [":protocol", "a"], [":protocol", "websocket"]],
    400,
    "FIELD_INVALID",
  ],
  "an Upgrade beside it": [
    connect(["upgrade", "websocket"]),
    400,
    "CONNECTION_FIELD_INVALID",
  ],
  "no path": [
    connect().filter(([name]) => name !== ":path"),
    400,
    "REQUEST_LINE_INVALID",
  ],
  "a CONNECT without a protocol": [
    to("/", "CONNECT").filter(([name]) => name !== ":path"),
    405,
    "METHOD_NOT_ALLOWED",
  ],
};

for (const [what, [fields, status, code]] of Object.entries(REFUSED)) {
  Deno.test(`a tunnel over HTTP/2 is refused for ${what}`, async () => {
    await using scene = await Scene.set(ok());
    using client = await http2Client(scene.sidecar);
    const answer = await client.response(client.request(fields, false));
    assert.deepEqual([answer.status, answer.text], [status, `${code}\n`]);
    assert.equal(scene.application.connections.length, 0);
  });
}

Deno.test("ENABLE_CONNECT_PROTOCOL is announced where tunnels are made, and :protocol refused elsewhere", async () => {
  for (const upgrades of ["websocket", "none"]) {
    await using scene = await Scene.set(echoing, { UPGRADES: upgrades });
    using client = await http2Client(scene.sidecar);
    const { settings } = await announced(client);
    assert.equal(
      settings.get(Setting.ENABLE_CONNECT_PROTOCOL),
      upgrades === "none" ? undefined : 1,
    );
    if (upgrades !== "none") continue;
    const { status, text } = await client.response(client.request(connect()));
    assert.deepEqual([status, text], [400, "FIELD_INVALID\n"]);
  }
});

async function announced(
  client: Http2Client,
): Promise<{ settings: Map<number, number> }> {
  const { text } = await client.of(FrameType.SETTINGS);
  const octets = Uint8Array.from(text, (char) => char.charCodeAt(0));
  const view = new DataView(octets.buffer);
  const settings = new Map<number, number>();
  for (let at = 0; at < octets.length; at += 6) {
    settings.set(view.getUint16(at), view.getUint32(at + 2));
  }
  return { settings };
}

Deno.test("a stream whose window is shut stops the application's writing into its tunnel, and no other", async () => {
  const total = 32 * 1024 * 1024;
  const piece = new Uint8Array(64 * 1024);
  let written = 0;
  await using scene = await Scene.set(async (connection) => {
    const head = await connection.head();
    if (head?.startsWith("GET /other")) {
      return await connection.write(ok("other"));
    }
    await connection.write(switching(head));
    while (written < total && await connection.write(piece)) {
      written += piece.length;
    }
  });
  using client = await http2Client(scene.sidecar);
  const stream = await opened(client);
  let last = -1;
  for (let looks = 0; looks < 40; looks++) {
    if (written !== last) [last, looks] = [written, 0];
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.ok(written < total / 2, `${written} octets were taken`);
  assert.equal(client.result(stream).text.length, 65_535);
  client.open(0, 1_000_000);
  const other = await client.response(client.request(to("/other")));
  assert.equal(other.text, "other");
});
