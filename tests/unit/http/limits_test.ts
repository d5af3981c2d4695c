import assert from "node:assert/strict";
import { statusOf } from "../../../src/proxy/status.ts";
import {
  readRequests,
  readResponses,
  requestVerdict,
  responseVerdict,
} from "./message_reader.ts";
import { HOST } from "./refusals.ts";

const KIB = 1024;
const CHUNKED =
  `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n`;

function lines(count: number): string {
  return "A: b\r\n".repeat(count);
}

/** A request with a head of `octets` octets, filled up by a field or by its target. */
function request(octets: number, where: "field" | "target"): string {
  const [before, after] = where === "field"
    ? [`GET / HTTP/1.1\r\n${HOST}A: `, "\r\n\r\n"]
    : ["GET /", ` HTTP/1.1\r\n${HOST}\r\n`];
  return before + "a".repeat(octets - before.length - after.length) + after;
}

function response(octets: number): string {
  const before = "HTTP/1.1 204 No Content\r\nA: ";
  return before + "a".repeat(octets - before.length - 4) + "\r\n\r\n";
}

Deno.test("RequestHead.parse() takes 100 fields and not one more", async () => {
  const head = `GET / HTTP/1.1\r\n${HOST}`;
  const { messages } = await readRequests([`${head}${lines(99)}\r\n`]);
  assert.equal(messages[0]?.fields.length, 100);
  assert.deepEqual(messages[0].fields[99], ["a", 0, "b"]);
  assert.equal(
    await requestVerdict(`${head}${lines(100)}\r\n`),
    "FIELDS_TOO_LARGE",
  );
  assert.equal(statusOf("FIELDS_TOO_LARGE"), 431);
});

Deno.test("RequestHead.parse() takes a head of 32 KiB and not an octet more", async () => {
  for (const where of ["field", "target"] as const) {
    const largest = request(32 * KIB, where);
    const { messages, verdict } = await readRequests([largest + largest]);
    assert.equal(verdict, "end", where);
    assert.equal(messages.length, 2);
    assert.equal(
      await requestVerdict(request(32 * KIB + 1, where)),
      "FIELDS_TOO_LARGE",
      where,
    );
  }
});

Deno.test("RequestHead.parse() counts the empty line before a request into its head", async () => {
  const empty = "\r\n";
  assert.equal(
    await requestVerdict(empty + request(32 * KIB - 2, "field")),
    "taken",
  );
  assert.equal(
    await requestVerdict(empty + request(32 * KIB - 1, "field")),
    "FIELDS_TOO_LARGE",
  );
});

Deno.test("RequestHead.parse() answers a request line without end 414, not waiting for more", async () => {
  const endless = `GET /${"a".repeat(32 * KIB - 5)}`;
  assert.equal(await requestVerdict(endless), "TARGET_TOO_LONG");
  assert.equal(await requestVerdict(endless.slice(0, -1)), "unfinished");
  assert.equal(statusOf("TARGET_TOO_LONG"), 414);
});

Deno.test("RequestHead.parse() answers a field line without end 431, not waiting for more", async () => {
  const head = `GET / HTTP/1.1\r\n${HOST}A: `;
  const endless = head + "a".repeat(32 * KIB - head.length);
  assert.equal(await requestVerdict(endless), "FIELDS_TOO_LARGE");
  assert.equal(await requestVerdict(endless.slice(0, -1)), "unfinished");
});

Deno.test("ResponseHead.parse() has the same limits", async () => {
  const head = "HTTP/1.1 204 No Content\r\n";
  const verdicts = {
    [`${head}${lines(100)}\r\n`]: "taken",
    [`${head}${lines(101)}\r\n`]: "UPSTREAM_RESPONSE_INVALID",
    [response(32 * KIB)]: "taken",
    [response(32 * KIB + 1)]: "UPSTREAM_RESPONSE_INVALID",
    [`HTTP/1.1 200 ${"a".repeat(32 * KIB)}`]: "UPSTREAM_RESPONSE_INVALID",
  };
  for (const [octets, verdict] of Object.entries(verdicts)) {
    assert.equal(await responseVerdict(octets), verdict, octets.slice(0, 40));
  }
});

Deno.test("ChunkedDecoder takes 100 trailers and not one more", async () => {
  const { messages } = await readRequests([`${CHUNKED}${lines(100)}\r\n`]);
  assert.equal(messages[0]?.trailers.length, 100);
  assert.equal(
    await requestVerdict(`${CHUNKED}${lines(101)}\r\n`),
    "TRAILERS_INVALID",
  );
});

Deno.test("ChunkedDecoder takes a trailer section of 32 KiB and not an octet more", async () => {
  function trailers(octets: number): string {
    return `${CHUNKED}A: ${"a".repeat(octets - 7)}\r\n\r\n`;
  }
  assert.equal(await requestVerdict(trailers(32 * KIB)), "taken");
  assert.equal(
    await requestVerdict(trailers(32 * KIB + 1)),
    "TRAILERS_INVALID",
  );
  const endless = `${CHUNKED}A: ${"a".repeat(32 * KIB - 3)}`;
  assert.equal(await requestVerdict(endless), "TRAILERS_INVALID");
});

Deno.test("a head and trailers of 32 KiB are taken octet by octet", async () => {
  const largest = request(32 * KIB, "field");
  const { messages } = await readRequests([...largest]);
  assert.equal(messages[0]?.fields[1]?.[2].length, largest.length - 40);
  const largestResponse = await readResponses([...response(32 * KIB)]);
  assert.equal(largestResponse.messages.length, 1);
});
