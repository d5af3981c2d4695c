import assert from "node:assert/strict";
import { Input } from "../../../src/http/input.ts";
import { OctetWriter } from "../../../src/http/octet_writer.ts";
import { ResponseHead } from "../../../src/http/response_head.ts";
import {
  ResponseHeadWriter,
  type ResponseOptions,
  writeInterimHead,
} from "../../../src/proxy/response_head_writer.ts";
import { latin1 } from "../../support/octet_reader.ts";
import { PieceSource } from "../../support/piece_source.ts";

const DATE = "Date: Sat, 21 Nov 2026 09:00:00 GMT\r\n";
const NOW = Date.parse("2026-11-21T09:00:00.987Z");

async function parseHead(text: string): Promise<ResponseHead> {
  const input = new Input(new PieceSource([text]));
  const head = new ResponseHead();
  await input.more();
  assert.ok(head.parse(input, "GET"));
  return head;
}

/** What the client gets of a response's head. */
async function forwarded(
  text: string,
  options: Partial<ResponseOptions> = {},
): Promise<string> {
  const out = new OctetWriter(16);
  new ResponseHeadWriter(() => NOW).write(out, await parseHead(text), {
    chunked: false,
    connection: "unsaid",
    ...options,
  });
  return latin1(out.octets);
}

Deno.test("ResponseHeadWriter passes fields on as they came, less those of the hop", async () => {
  const lines = "Set-Cookie: a\r\nset-cookie:b \r\nServer: \xe4\r\n" +
    "Content-Length: 3\r\nX-Client-CN: echo\r\n";
  const hop = "Connection: x-hop, X-Client-Hop, keep-alive\r\nX-Hop: 1\r\n" +
    "X-Client-Hop: 1\r\nKeep-Alive: timeout=5\r\nUpgrade: h2c\r\n" +
    "Proxy-Authenticate: Basic\r\n";
  assert.equal(
    await forwarded(`HTTP/1.1 200 O K\r\n${DATE}${lines}${hop}\r\n`),
    `HTTP/1.1 200 O K\r\n${DATE}${lines}\r\n`,
  );
});

Deno.test("ResponseHeadWriter dates a response that has no Date (RFC 9110 §6.6.1)", async () => {
  const head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n";
  assert.equal(await forwarded(`${head}\r\n`), `${head}${DATE}\r\n`);
  const lines = "Connection: date\r\nDate: hop by hop\r\n";
  assert.equal(await forwarded(`${head}${lines}\r\n`), `${head}${DATE}\r\n`);
});

Deno.test("ResponseHeadWriter writes the space that belongs to an empty reason (RFC 9112 §4)", async () => {
  for (const line of ["HTTP/1.1 200", "HTTP/1.0 200 "]) {
    assert.equal(
      await forwarded(`${line}\r\n${DATE}\r\n`),
      `HTTP/1.1 200 \r\n${DATE}\r\n`,
    );
  }
});

Deno.test("ResponseHeadWriter frames anew what comes in chunks", async () => {
  const head = `HTTP/1.1 200 OK\r\n${DATE}`;
  const chunked = "Transfer-Encoding: chunked\r\n";
  assert.equal(
    await forwarded(`${head}transfer-encoding: Chunked\r\n\r\n`, {
      chunked: true,
    }),
    `${head}${chunked}\r\n`,
  );
  assert.equal(await forwarded(`${head}${chunked}\r\n`), `${head}\r\n`);
});

Deno.test("ResponseHeadWriter says what becomes of the connection, where that must be said", async () => {
  const head = `HTTP/1.1 200 OK\r\n${DATE}`;
  const theirs = "Connection: close\r\n";
  for (const connection of ["close", "keep-alive"] as const) {
    assert.equal(
      await forwarded(`${head}${theirs}\r\n`, { connection }),
      `${head}Connection: ${connection}\r\n\r\n`,
    );
  }
});

Deno.test("ResponseHeadWriter leaves a length out of 204 alone (RFC 9110 §8.6)", async () => {
  for (
    const [status, kept] of [["204", ""], ["304", "Content-Length: 3\r\n"]]
  ) {
    assert.equal(
      await forwarded(
        `HTTP/1.1 ${status} A\r\n${DATE}Content-Length: 3\r\n\r\n`,
      ),
      `HTTP/1.1 ${status} A\r\n${DATE}${kept}\r\n`,
    );
  }
});

Deno.test("writeInterimHead() passes an interim response on, without framing or date", async () => {
  const out = new OctetWriter(16);
  const framing = "Content-Length: 3\r\nConnection: close\r\n";
  writeInterimHead(
    out,
    await parseHead(`HTTP/1.1 103 Early\r\n${framing}Link: </a>\r\n\r\n`),
  );
  assert.equal(latin1(out.octets), "HTTP/1.1 103 Early\r\nLink: </a>\r\n\r\n");
});

Deno.test("ResponseHeadWriter.dateLine() is made once a second", () => {
  let now = NOW;
  const writer = new ResponseHeadWriter(() => now);
  const line = writer.dateLine();
  assert.equal(latin1(line), DATE);
  now += 12;
  assert.equal(writer.dateLine(), line);
  now += 1;
  assert.equal(latin1(writer.dateLine()), DATE.replace(":00 GMT", ":01 GMT"));
});
