import assert from "node:assert/strict";
import type { RequestCode } from "../../src/errors.ts";
import { get, ok, post, postChunked } from "../support/messages.ts";
import { Scene } from "../support/scene.ts";

type Row = readonly [title: string, request: string, code: RequestCode];

const STATUS: Readonly<Partial<Record<RequestCode, number>>> = {
  METHOD_NOT_ALLOWED: 405,
  TARGET_TOO_LONG: 414,
  FIELDS_TOO_LARGE: 431,
  TRANSFER_ENCODING_UNSUPPORTED: 501,
  VERSION_NOT_SUPPORTED: 505,
};

const HOST = "Host: a\r\n";

function line(text: string): string {
  return `${text}\r\n${HOST}\r\n`;
}

const REQUEST_LINES: readonly Row[] = [
  ["no words", line("nonsense"), "REQUEST_LINE_INVALID"],
  ["an empty method", line(" / HTTP/1.1"), "REQUEST_LINE_INVALID"],
  ["a method that is no token", line("G@T / HTTP/1.1"), "REQUEST_LINE_INVALID"],
  ["two spaces", line("GET  / HTTP/1.1"), "TARGET_INVALID"],
  ["a tab for a space", line("GET\t/ HTTP/1.1"), "REQUEST_LINE_INVALID"],
  ["a version in lower case", line("GET / http/1.1"), "REQUEST_LINE_INVALID"],
  ["no version", line("GET /"), "TARGET_INVALID"],
  ["a space at the end", line("GET / HTTP/1.1 "), "REQUEST_LINE_INVALID"],
  ["a bare LF", `GET / HTTP/1.1\n${HOST}\r\n`, "REQUEST_LINE_INVALID"],
  ["a bare CR", `GET / HTTP/1.1\r${HOST}\r\n`, "REQUEST_LINE_INVALID"],
  ["two empty lines before it", `\r\n\r\n${get()}`, "REQUEST_LINE_INVALID"],
  ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "VERSION_NOT_SUPPORTED"],
  ["HTTP/1.2", line("GET / HTTP/1.2"), "VERSION_NOT_SUPPORTED"],
  ["CONNECT", line("CONNECT a:443 HTTP/1.1"), "METHOD_NOT_ALLOWED"],
  ["TRACE", line("TRACE / HTTP/1.1"), "METHOD_NOT_ALLOWED"],
];

const TARGETS: readonly Row[] = [
  ["an octet over 0x7F", line("GET /\xe4 HTTP/1.1"), "TARGET_INVALID"],
  ["NUL", line("GET /\0 HTTP/1.1"), "TARGET_INVALID"],
  ["a fragment", line("GET /#a HTTP/1.1"), "TARGET_INVALID"],
  ["no slash", line("GET a HTTP/1.1"), "TARGET_INVALID"],
  ["an asterisk without OPTIONS", line("GET * HTTP/1.1"), "TARGET_INVALID"],
  ["another scheme", line("GET ftp://a/ HTTP/1.1"), "TARGET_INVALID"],
  ["no authority", line("GET http:///a HTTP/1.1"), "TARGET_INVALID"],
  ["credentials", line("GET http://u:p@a/ HTTP/1.1"), "HOST_INVALID"],
  ["33 KB", line(`GET /${"a".repeat(33_000)} HTTP/1.1`), "TARGET_TOO_LONG"],
];

const FIELDS: readonly Row[] = [
  ["a space before the colon", get("/", "A : b\r\n"), "FIELD_INVALID"],
  ["no colon", get("/", "A b\r\n"), "FIELD_INVALID"],
  ["an empty name", get("/", ": b\r\n"), "FIELD_INVALID"],
  ["a name that is no token", get("/", "A(: b\r\n"), "FIELD_INVALID"],
  ["obs-fold", get("/", "A: b\r\n c\r\n"), "FIELD_INVALID"],
  ["a bare LF", get("/", "A: b\nC: d\r\n"), "FIELD_INVALID"],
  ["a bare CR", get("/", "A: b\rC: d\r\n"), "FIELD_INVALID"],
  ["NUL", get("/", "A: b\0\r\n"), "FIELD_INVALID"],
  ["DEL", get("/", "A: b\x7f\r\n"), "FIELD_INVALID"],
  ["a control octet", get("/", "A: b\x1bc\r\n"), "FIELD_INVALID"],
  ["101 lines", get("/", "A: b\r\n".repeat(100)), "FIELDS_TOO_LARGE"],
  [
    "33 KB in one",
    get("/", `A: ${"b".repeat(33_000)}\r\n`),
    "FIELDS_TOO_LARGE",
  ],
  ["Host twice", get("/", "Host: b\r\n"), "HOST_INVALID"],
  ["no Host in HTTP/1.1", "GET / HTTP/1.1\r\n\r\n", "HOST_INVALID"],
  ["an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", "HOST_INVALID"],
  ["a Host list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", "HOST_INVALID"],
  ["a Host path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "HOST_INVALID"],
  ["a Host with a user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", "HOST_INVALID"],
  [
    "a bad Host beside an absolute target",
    "GET http://a/ HTTP/1.1\r\nHost: b c\r\n\r\n",
    "HOST_INVALID",
  ],
  [
    "Connection: host",
    get("/", "Connection: host\r\n"),
    "CONNECTION_FIELD_INVALID",
  ],
  [
    "Connection: Content-Length",
    post("x", "Connection: Content-Length\r\n"),
    "CONNECTION_FIELD_INVALID",
  ],
  [
    "Connection: transfer-encoding",
    postChunked("0\r\n\r\n", "Connection: close, transfer-encoding\r\n"),
    "CONNECTION_FIELD_INVALID",
  ],
];

const FRAMING: readonly Row[] = [
  ...[
    "+1",
    "-1",
    "1,1",
    "1, 1",
    "0x1",
    "1 1",
    "1.0",
    "",
    "9007199254740993",
    "1".repeat(30),
  ].map((length): Row => [
    `Content-Length: ${length}`,
    get("/", `Content-Length: ${length}\r\n`),
    "CONTENT_LENGTH_INVALID",
  ]),
  [
    "Content-Length twice, alike",
    post("x", "Content-Length: 1\r\n"),
    "CONTENT_LENGTH_INVALID",
  ],
  [
    "Content-Length and Transfer-Encoding",
    post("0\r\n\r\n", "Transfer-Encoding: chunked\r\n"),
    "FRAMING_AMBIGUOUS",
  ],
  [
    "Transfer-Encoding twice",
    postChunked("0\r\n\r\n", "Transfer-Encoding: chunked\r\n"),
    "FRAMING_AMBIGUOUS",
  ],
  [
    "Transfer-Encoding in HTTP/1.0",
    "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "FRAMING_AMBIGUOUS",
  ],
  ...[
    "identity",
    "gzip, chunked",
    "chunked, chunked",
    "chunked, identity",
    "xchunked",
    "chunked;a=b",
    '"chunked"',
    "",
  ].map((coding): Row => [
    `Transfer-Encoding: ${coding}`,
    get("/", `Transfer-Encoding: ${coding}\r\n`),
    "TRANSFER_ENCODING_UNSUPPORTED",
  ]),
];

const BODIES: readonly Row[] = [
  ...[
    "x\r\n",
    "0x1\r\na\r\n0\r\n\r\n",
    "+1\r\na\r\n0\r\n\r\n",
    " 1\r\na\r\n0\r\n\r\n",
    "1 \r\na\r\n0\r\n\r\n",
    "1\na\r\n0\r\n\r\n",
    "\r\n0\r\n\r\n",
    "1\r\nab\r\n0\r\n\r\n",
    "1\r\na\n0\r\n\r\n",
    "fffffffffffffffff\r\n",
    "20000000000000\r\n",
    "1;a\nb\r\na\r\n0\r\n\r\n",
    "1;a=\0\r\na\r\n0\r\n\r\n",
    `1;${"e".repeat(5_000)}`,
  ].map((chunks): Row => [
    `the chunks ${JSON.stringify(chunks.slice(0, 30))}`,
    postChunked(chunks),
    "CHUNK_INVALID",
  ]),
  [
    "a trailer folded",
    postChunked("0\r\nA: b\r\n c\r\n\r\n"),
    "TRAILERS_INVALID",
  ],
  [
    "trailers without end",
    postChunked(`0\r\nA: ${"b".repeat(33_000)}`),
    "TRAILERS_INVALID",
  ],
  [
    "101 trailers",
    postChunked("0\r\n" + "A: b\r\n".repeat(101)),
    "TRAILERS_INVALID",
  ],
];

/** Sends what must be refused: the answer comes whole, then the connection ends in order. */
async function assertRefused(scene: Scene, [, request, code]: Row) {
  using client = await scene.request(request);
  const { status, head, content } = await client.response();
  assert.deepEqual(
    { status, content },
    { status: STATUS[code] ?? 400, content: `${code}\n` },
  );
  assert.match(head, /^Connection: close\r$/m);
  assert.match(head, /^Date: .* GMT\r$/m);
  assert.equal(/^Allow: /m.test(head), status === 405);
  assert.deepEqual(await client.rest(), { text: "", end: "ended" });
}

for (
  const [subject, rows] of Object.entries({
    "request line": REQUEST_LINES,
    "request target": TARGETS,
    "field section": FIELDS,
    framing: FRAMING,
  })
) {
  Deno.test(`a ${subject} that can be read in two ways is refused`, async (t) => {
    await using scene = await Scene.set(ok());
    for (const row of rows) {
      await t.step(`refused: ${row[0]}`, () => assertRefused(scene, row));
    }
    assert.equal(scene.application.connections.length, 0);
    const codes = scene.sidecar.entries.map((entry) => entry["error.type"]);
    assert.deepEqual(codes, rows.map(([, , code]) => code));
  });
}

Deno.test("a body that breaks its grammar is refused, and is not whole for the application", async (t) => {
  for (const row of BODIES) {
    await t.step(`refused: ${row[0]}`, async () => {
      const received = Promise.withResolvers<string>();
      await using scene = await Scene.set(async (connection) =>
        received.resolve((await connection.rest()).text)
      );
      await assertRefused(scene, row);
      const text = await received.promise;
      assert.ok(!text.endsWith("0\r\n\r\n"), text);
    });
  }
});

Deno.test("a refusal reaches a client that is still sending megabytes", async () => {
  await using scene = await Scene.set(ok());
  using client = await scene.connect();
  const sending = client.send(
    get("/", "A : b\r\n") + "x".repeat(4 * 1024 * 1024),
  );
  assert.equal((await client.response()).content, "FIELD_INVALID\n");
  await sending;
  assert.deepEqual(await client.rest(), { text: "", end: "ended" });
});

Deno.test("what follows a refused request on its connection is not served", async () => {
  await using scene = await Scene.set(ok());
  using client = await scene.request(
    get("/", "Content-Length: +4\r\n") + get("/smuggled"),
  );
  assert.equal((await client.response()).status, 400);
  assert.deepEqual(await client.rest(), { text: "", end: "ended" });
  assert.equal(scene.application.connections.length, 0);
});
