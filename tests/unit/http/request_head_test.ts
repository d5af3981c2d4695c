import assert from "node:assert/strict";
import { readRequests, requestVerdict } from "./message_reader.ts";
import { fields, host, line } from "./refusals.ts";

const TAKEN: readonly (readonly [string, string])[] = [
  [
    "RFC 9112 §2.2: one empty line before the request line",
    "\r\n" + line("GET / HTTP/1.1"),
  ],
  [
    "RFC 9110 §9.1: a method of 64 octets",
    line(`${"A".repeat(64)} / HTTP/1.1`),
  ],
  ["RFC 9110 §9.1: methods are case-sensitive", line("get / HTTP/1.1")],
  [
    "RFC 9110 §9.1: every octet that a token may have",
    line("!#$%&'*+-.^_`|~09azAZ / HTTP/1.1"),
  ],
  [
    "RFC 9112 §3.2.1: a path that begins with two slashes",
    line("GET //a.example/ HTTP/1.1"),
  ],
  [
    "a target with octets that URIs forbid but clients send",
    line('GET /a?b=[{"c"|<d>}]^\\` HTTP/1.1'),
  ],
  ["RFC 9112 §3.2.4: asterisk-form", line("OPTIONS * HTTP/1.1")],
  [
    "RFC 9112 §3.2.2: a scheme in capitals",
    line("GET HTTPS://a.example/ HTTP/1.1"),
  ],
  ["RFC 9112 §3.2: HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n"],
  ...[
    "a",
    "A.example.",
    "a_b",
    "a%20b",
    "a:80",
    "a:",
    "127.0.0.1:0",
    "[::1]",
    "[::1]:8443",
    "a!$&'()*+;=~",
  ].map(
    (value) =>
      [`RFC 9110 §7.2: Host ${value}`, host(`Host: ${value}\r\n`)] as const,
  ),
  [
    "RFC 9110 §5.5: obs-text and tabs in a value",
    fields("A: \xe4\t\xff\x80 b\r\n"),
  ],
  ["RFC 9110 §5.5: an empty value", fields("A:\r\nB: \t \r\n")],
  [
    "RFC 9110 §5.1: every octet that a token may have",
    fields("!#$%&'*+-.^_`|~09azAZ: b\r\n"),
  ],
  [
    "RFC 9110 §5.6.1: empty elements of a list",
    fields("Connection: , close ,,\t,keep-alive,\r\n"),
  ],
  [
    "RFC 9110 §8.6: Content-Length: 0 with zeros before it",
    fields("Content-Length: 000\r\n"),
  ],
  [
    "RFC 9110 §8.6: Content-Length with white space around it",
    fields("Content-Length: \t0 \t\r\n"),
  ],
  [
    "RFC 9112 §6.1: Transfer-Encoding in capitals",
    `${fields("TRANSFER-ENCODING: \tCHUNKED \r\n")}0\r\n\r\n`,
  ],
];

Deno.test("RequestHead.parse() takes what is unusual but plain", async (t) => {
  for (const [what, octets] of TAKEN) {
    await t.step(
      what,
      async () => assert.equal(await requestVerdict(octets), "taken"),
    );
  }
});

/** Target as it came, and what becomes of it: target, authority. */
const TARGETS = [
  ["GET", "/a%2fb/../c?d=e?f", "/a%2fb/../c?d=e?f", "a.example"],
  ["OPTIONS", "*", "*", "a.example"],
  ["GET", "http://b.example/c?d", "/c?d", "b.example"],
  ["GET", "HTTPS://b.example:8443?d/e", "?d/e", "b.example:8443"],
  ["GET", "http://[::1]:80", "", "[::1]:80"],
  ["GET", "http://b.example//c@d:e", "//c@d:e", "b.example"],
] as const;

Deno.test("RequestHead has the target to forward, and the authority that was asked for", async () => {
  for (const [method, raw, target, authority] of TARGETS) {
    const { messages } = await readRequests([
      line(`${method} ${raw} HTTP/1.1`),
    ]);
    assert.equal(messages[0]?.method, method);
    assert.equal(messages[0].target, target, raw);
    assert.equal(messages[0].authority, authority, raw);
  }
  const { messages } = await readRequests(["GET / HTTP/1.0\r\n\r\n"]);
  assert.equal(messages[0]?.authority, "", "HTTP/1.0 may give none");
});

/** Version, Connection fields, whether another request may follow. */
const PERSISTENCE = [
  ["1.1", "", true],
  ["1.1", "Connection: keep-alive\r\n", true],
  ["1.1", "Connection: CLOSE\r\n", false],
  ["1.1", "Connection: a\r\nConnection: b , close\r\n", false],
  ["1.1", "Connection: keep-alive, close\r\n", false],
  ["1.1", "Connection: closed\r\n", true],
  ["1.0", "", false],
  ["1.0", "Connection: Keep-Alive\r\n", true],
  ["1.0", "Connection: keep-alive, close\r\n", false],
] as const;

Deno.test("RequestHead.persistent follows RFC 9112 §9.3", async () => {
  for (const [version, connection, expected] of PERSISTENCE) {
    const { messages } = await readRequests([fields(connection, version)]);
    assert.equal(messages[0]?.persistent, expected, version + connection);
  }
});

/** Version, fields, whether a 100 is waited for, whether trailers are taken. */
const EXPECTATIONS = [
  ["1.1", "Expect: 100-Continue\r\n", true, false],
  ["1.1", "Expect: 200-ok\r\n", false, false],
  ["1.0", "Expect: 100-continue\r\n", false, false],
  ["1.1", "TE: trailers\r\n", false, true],
  ["1.1", "TE: gzip;q=0.5, Trailers\r\n", false, true],
  ["1.1", "TE: deflate\r\nTE: trailers , gzip\r\n", false, true],
  ["1.1", "TE: trailers\r\nConnection: TE\r\n", false, true],
  ["1.1", "TE: trailersx, gzip\r\n", false, false],
  ["1.1", "TE: gzip\r\n", false, false],
] as const;

Deno.test("RequestHead knows who waits for a 100 and who takes trailers", async () => {
  for (const [version, lines, expects, takes] of EXPECTATIONS) {
    const { messages } = await readRequests([fields(lines, version)]);
    assert.equal(messages[0]?.expectsContinue, expects, version + lines);
    assert.equal(messages[0].takesTrailers, takes, version + lines);
  }
});

Deno.test("RequestHead keeps nothing of one request for the next", async () => {
  const everything =
    "POST http://b.example/c HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n" +
    "Expect: 100-continue\r\nContent-Length: 1\r\nA: b\r\n\r\nx";
  const nothing = "GET / HTTP/1.0\r\n\r\n";
  const alone = await readRequests([nothing]);
  const after = await readRequests(["\r\n" + everything + nothing]);
  assert.equal(after.verdict, "end");
  assert.deepEqual(after.messages[1], alone.messages[0]);
});

Deno.test("RequestHead ignores one empty line before each request, not before the first alone", async () => {
  const request = line("GET / HTTP/1.1");
  const pipelined = await readRequests([`\r\n${request}\r\n${request}`]);
  assert.equal(pipelined.messages.length, 2);
  assert.equal(pipelined.verdict, "end");
});

Deno.test("a Connection field of blanks takes no longer to read than one of letters", async () => {
  const text = fields(`Connection: a${" ".repeat(32_000)}b\r\n`);
  const began = performance.now();
  assert.equal(await requestVerdict(text), "CONNECTION_FIELD_INVALID");
  // Where each blank is looked at once for every other one, a second.
  assert.ok(performance.now() - began < 300);
});
