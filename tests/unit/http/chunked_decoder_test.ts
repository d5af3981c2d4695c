import assert from "node:assert/strict";
import { readRequests, requestVerdict } from "./message_reader.ts";
import { fields } from "./refusals.ts";

const HEAD = fields("Transfer-Encoding: chunked\r\n");

/** What is wrong, with the RFC that says so where one does, and the chunks. */
const REFUSED = [
  ["RFC 9112 §7.1: no size", "\r\n"],
  ["RFC 9112 §7.1: an extension without a size", ";a\r\n"],
  ["RFC 9112 §7.1: a size that is not hexadecimal", "g\r\n"],
  ["RFC 9112 §7.1: a size with its prefix", "0x1\r\nx\r\n0\r\n\r\n"],
  ["RFC 9112 §7.1: a size with a sign", "+1\r\nx\r\n0\r\n\r\n"],
  ["RFC 9112 §7.1: a negative size", "-1\r\nx\r\n0\r\n\r\n"],
  ["RFC 9112 §7.1: a space before the size", " 1\r\nx\r\n0\r\n\r\n"],
  ["RFC 9112 §7.1: a space after the size", "1 \r\nx\r\n0\r\n\r\n"],
  ["RFC 9112 §7.1: a tab after the size", "1\t\r\nx\r\n0\r\n\r\n"],
  ["RFC 9112 §7.1: an underscore in the size", "1_0\r\n"],
  ["RFC 9112 §7.1: a size of 2^53", "20000000000000\r\n"],
  [
    "RFC 9112 §7.1: a size of 2^64 and 1",
    "10000000000000001\r\nx\r\n0\r\n\r\n",
  ],
  ["RFC 9112 §7.1: a size of 2^64 - 1", "ffffffffffffffff\r\n"],
  ["a size of 17 digits", "00000000000000001\r\nx\r\n0\r\n\r\n"],
  ["RFC 9112 §2.2: a size ended by a bare LF", "1\nx\r\n0\r\n\r\n"],
  ["RFC 9112 §2.2: a size ended by a bare CR", "1\rx\r\n0\r\n\r\n"],
  ["RFC 9112 §2.2: an extension ended by a bare LF", "1;a\nx\r\n0\r\n\r\n"],
  ["RFC 9112 §7.1.1: CR in a quoted extension", '1;a="\rb"\r\nx\r\n0\r\n\r\n'],
  ["RFC 9112 §7.1.1: NUL in an extension", "1;a=\0\r\nx\r\n0\r\n\r\n"],
  ["RFC 9112 §7.1: data longer than its size", "1\r\nxy\r\n0\r\n\r\n"],
  ["RFC 9112 §7.1: data shorter than its size", "3\r\nx\r\n0\r\n\r\n"],
  ["RFC 9112 §2.2: data ended by a bare LF", "1\r\nx\n0\r\n\r\n"],
  ["RFC 9112 §2.2: data ended by CR CR LF", "1\r\nx\r\r\n0\r\n\r\n"],
] as const;

Deno.test("ChunkedDecoder.take() refuses what is no chunked coding", async (t) => {
  for (const [what, chunks] of REFUSED) {
    await t.step(what, async () => {
      assert.equal(await requestVerdict(HEAD + chunks), "CHUNK_INVALID");
    });
  }
});

Deno.test("ChunkedDecoder.take() refuses trailers as malformed as fields can be", async () => {
  const lines = [
    "A : b\r\n",
    "A: b\n",
    "A: b\r\n c\r\n",
    "A b\r\n",
    "\n",
    "\rx",
  ];
  for (const trailers of lines) {
    assert.equal(
      await requestVerdict(`${HEAD}0\r\n${trailers}\r\n`),
      "TRAILERS_INVALID",
      trailers,
    );
  }
});

/** Chunks and the content that they carry. */
const TAKEN = [
  ["0\r\n\r\n", ""],
  ["1\r\nx\r\n0\r\n\r\n", "x"],
  ["A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789"],
  ["0000000000000001\r\nx\r\n0000000000000000\r\n\r\n", "x"],
  ['1;a="b;c";d\r\nx\r\n0;e\r\n\r\n', "x"],
  ["1;\xe4\r\nx\r\n0\r\n\r\n", "x"],
  ["5\r\n0\r\n\r\n\r\n0\r\n\r\n", "0\r\n\r\n"],
] as const;

Deno.test("ChunkedDecoder.take() gives the content, whatever stands in it", async () => {
  for (const [chunks, content] of TAKEN) {
    const { messages, verdict } = await readRequests([HEAD + chunks]);
    assert.equal(verdict, "end", chunks);
    assert.equal(messages[0]?.content, content);
    assert.deepEqual(messages[0].trailers, []);
  }
});

Deno.test("ChunkedDecoder takes 4 KiB of extensions in a whole body, and no more", async () => {
  function body(octets: number): string {
    const half = "a".repeat(octets / 2);
    return `${HEAD}1;${half}\r\nx\r\n1;${half}\r\nx\r\n0\r\n\r\n`;
  }
  assert.equal(await requestVerdict(body(4096)), "taken");
  assert.equal(await requestVerdict(body(4098)), "CHUNK_INVALID");
  const two = await readRequests([body(4096) + body(4096)]);
  assert.equal(two.messages.length, 2, "the bound is each body's own");
});

Deno.test("ChunkedDecoder refuses an extension without end while it comes", async () => {
  const endless = `${HEAD}1;${"a".repeat(4097)}`;
  assert.equal(await requestVerdict(endless), "CHUNK_INVALID");
});

Deno.test("ChunkedDecoder keeps nothing of one body for the next", async () => {
  const first = `${HEAD}1;a\r\nx\r\n0\r\nA: b\r\nC: d\r\n\r\n`;
  const second = `${HEAD}2\r\nyz\r\n0\r\n\r\n`;
  const { messages } = await readRequests([first + second + first]);
  assert.deepEqual(messages[0]?.trailers, [["a", 0, "b"], ["c", 0, "d"]]);
  assert.equal(messages[1]?.content, "yz");
  assert.deepEqual(messages[1].trailers, []);
  assert.deepEqual(messages[2], messages[0]);
});

Deno.test("a chunked body that breaks off is incomplete, wherever it does", async () => {
  const whole = `${HEAD}2;a\r\nxy\r\n0\r\nA: b\r\n\r\n`;
  for (let length = HEAD.length; length < whole.length; length++) {
    const { verdict } = await readRequests([whole.slice(0, length)]);
    assert.equal(verdict, "BODY_INCOMPLETE", `after ${length} octets`);
  }
});
