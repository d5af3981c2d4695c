import assert from "node:assert/strict";
import { readResponses, responseVerdict } from "./message_reader.ts";

const INVALID = "UPSTREAM_RESPONSE_INVALID";

/** What is wrong, with the RFC that says so where one does, and the octets. */
const REFUSED = [
  ["RFC 9112 §4: another protocol", "HTTQ/1.1 200 OK\r\n\r\n"],
  ["RFC 9112 §4: HTTP/2.0", "HTTP/2.0 200 OK\r\n\r\n"],
  ["RFC 9112 §4: HTTP/1.2", "HTTP/1.2 200 OK\r\n\r\n"],
  ["RFC 9112 §4: two spaces", "HTTP/1.1  200 OK\r\n\r\n"],
  ["RFC 9112 §4: a status of two digits", "HTTP/1.1 20 OK\r\n\r\n"],
  ["RFC 9112 §4: a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n"],
  ["RFC 9112 §4: a status that is no number", "HTTP/1.1 2/0 OK\r\n\r\n"],
  ["RFC 9112 §4: nor is this one", "HTTP/1.1 20: OK\r\n\r\n"],
  ["RFC 9110 §15: a status below 100", "HTTP/1.1 099 OK\r\n\r\n"],
  ["RFC 9112 §2.2: a bare LF", "HTTP/1.1 200 OK\n\r\n\r\n"],
  ["RFC 9112 §2.2: a bare LF and no reason", "HTTP/1.1 200\n\r\n\r\n"],
  ["RFC 9112 §4: a control octet in the reason", "HTTP/1.1 200 \0\r\n\r\n"],
  ["an empty line before it", "\r\nHTTP/1.1 200 OK\r\n\r\n"],
  ["RFC 9112 §5.2: obs-fold", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n"],
  ["RFC 9112 §5.1: space before a colon", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n"],
  ["a change of protocol", "HTTP/1.1 101 Switching Protocols\r\n\r\n"],
  [
    "RFC 9110 §7.6.1: Connection names Content-Length",
    "HTTP/1.1 200 OK\r\nConnection: content-length\r\n\r\n",
  ],
  ...[
    "Content-Length: 1, 1\r\n",
    "Content-Length: 1\r\nContent-Length: 1\r\n",
    "Content-Length: -1\r\n",
    "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
    "Transfer-Encoding: gzip\r\n",
    "Transfer-Encoding: chunked, chunked\r\n",
  ].flatMap((lines) =>
    ["200", "204", "304"].map((status) =>
      [
        `RFC 9112 §6.3: ${status} with ${lines.replaceAll("\r\n", ", ")}`,
        `HTTP/1.1 ${status} A\r\n${lines}\r\n`,
      ] as const
    )
  ),
  [
    "RFC 9112 §6.1: Transfer-Encoding in HTTP/1.0",
    "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  ],
] as const;

Deno.test("ResponseHead.parse() refuses what is ambiguous or malformed", async (t) => {
  for (const [what, octets] of REFUSED) {
    await t.step(what, async () => {
      assert.equal(await responseVerdict(octets), INVALID);
    });
  }
});

const LENGTH = "Content-Length: 3\r\n";
const CHUNKED = "Transfer-Encoding: chunked\r\n";

/** Method, status, version, fields, framing, whether the connection persists. */
const FRAMINGS = [
  ["GET", "200", "1.1", LENGTH, "length 3", true],
  ["GET", "200", "1.1", "Content-Length: 0\r\n", "none", true],
  ["GET", "200", "1.1", CHUNKED, "chunked", true],
  ["GET", "200", "1.1", "", "until-close", false],
  ["GET", "200", "1.1", "Connection: keep-alive\r\n", "until-close", false],
  ["GET", "200", "1.1", `${LENGTH}Connection: close\r\n`, "length 3", false],
  ["GET", "200", "1.0", LENGTH, "length 3", false],
  [
    "GET",
    "200",
    "1.0",
    `Connection: keep-alive\r\n${LENGTH}`,
    "length 3",
    true,
  ],
  ["GET", "200", "1.0", "", "until-close", false],
  ["GET", "204", "1.1", LENGTH, "none", true],
  ["GET", "204", "1.1", CHUNKED, "none", true],
  ["GET", "304", "1.1", LENGTH, "none", true],
  ["GET", "304", "1.1", "", "none", true],
  ["HEAD", "200", "1.1", LENGTH, "none", true],
  ["HEAD", "200", "1.1", CHUNKED, "none", true],
  ["HEAD", "200", "1.1", "", "none", true],
  ["GET", "205", "1.1", LENGTH, "length 3", true],
  ["GET", "103", "1.1", `${LENGTH}Connection: close\r\n`, "none", false],
  ["GET", "999", "1.1", LENGTH, "length 3", true],
] as const;

Deno.test("ResponseHead.framing follows RFC 9112 §6.3, and persistent §9.3", async () => {
  for (
    const [method, status, version, lines, framing, persistent] of FRAMINGS
  ) {
    const body = framing === "length 3" ? "abc" : "0\r\n\r\n";
    const { messages } = await readResponses(
      [`HTTP/${version} ${status} A\r\n${lines}\r\n${body}`],
      method,
    );
    const what = `${version} ${method} ${status} ${lines}`;
    assert.equal(messages[0]?.framing, framing, what);
    assert.equal(messages[0].persistent, persistent, what);
  }
});

Deno.test("ResponseHead has the reason as it came", async () => {
  for (const reason of [" 200", " 200 ", " 200 O K", " 200 \xe4\t"]) {
    const { messages } = await readResponses([
      `HTTP/1.1${reason}\r\nContent-Length: 0\r\n\r\n`,
    ]);
    assert.equal(messages[0]?.reason, reason);
  }
});

Deno.test("ResponseHead keeps nothing of one response for the next", async () => {
  const first =
    "HTTP/1.0 200 Long reason\r\nConnection: keep-alive, a\r\nA: b\r\n" +
    "Content-Length: 2\r\n\r\nxy";
  const second = "HTTP/1.1 404\r\nA: c\r\nContent-Length: 0\r\n\r\n";
  const alone = await readResponses([second]);
  const after = await readResponses([first + second]);
  assert.deepEqual(after.messages[1], alone.messages[0]);
});

Deno.test("an interim response is followed by another one", async () => {
  const { messages, verdict } = await readResponses([
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" +
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
  ]);
  assert.equal(verdict, "end");
  assert.deepEqual(messages.map(({ status }) => status), [100, 103, 200]);
});
