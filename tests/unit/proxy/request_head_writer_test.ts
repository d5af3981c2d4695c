import assert from "node:assert/strict";
import type {
  RequestHeadOptions,
  RequestSeal,
} from "../../../src/proxy/request_head_writer.ts";
import { octetsOf } from "../../support/octet_reader.ts";
import { CLIENT_LINES, forwarded } from "./forwarding.ts";

/** What the client sends, less its Host, and what comes of that. */
function request(lines: string, version = "1.1"): string {
  return `GET /a?b HTTP/${version}\r\nHost: c.example\r\n${lines}\r\n`;
}

/** What the application gets, with `lines` out of the client's. */
function expected(lines: string, ours = ""): string {
  return `GET /a?b HTTP/1.1\r\nHost: app:8080\r\n${lines}${ours}` +
    `X-Forwarded-Host: c.example\r\n${CLIENT_LINES}\r\n`;
}

Deno.test("RequestHeadWriter passes fields on as they came, repeated ones apart and in order", async () => {
  const lines =
    "Cookie: a\r\nx: 1\r\ncookie:b \t\r\nX:\r\nUser_Agent: \xe4\r\n";
  assert.equal(await forwarded(request(lines)), expected(lines));
});

Deno.test("RequestHeadWriter drops the fields of the hop (RFC 9110 §7.6.1)", async () => {
  const hop =
    "Keep-Alive: timeout=5\r\nProxy-Connection: a\r\nUpgrade: h2c\r\n" +
    "HTTP2-Settings: AAMAAABk\r\nProxy-Authorization: Basic a\r\n" +
    "Connection: upgrade, http2-settings, x-hop, DATE\r\nX-Hop: 1\r\n" +
    "x-HOP: 2\r\nDate: now\r\nTE: gzip\r\n";
  const text = request(`A: 1\r\n${hop}B: 2\r\n`);
  assert.equal(await forwarded(text), expected("A: 1\r\nB: 2\r\n"));
});

Deno.test("RequestHeadWriter drops Expect where Connection names it", async () => {
  const lines = "Expect: 100-continue\r\n";
  assert.equal(await forwarded(request(lines)), expected(lines));
  assert.equal(
    await forwarded(request(`${lines}Connection: expect\r\n`)),
    expected(""),
  );
  assert.equal(await forwarded(request(lines, "1.0")), expected(""));
});

Deno.test("RequestHeadWriter does not let Connection take our fields away", async () => {
  const named =
    "Connection: X-Client-CN, X-Forwarded-For, X-Forwarded-Host, Via\r\n";
  const text = request(named);
  assert.equal(
    await forwarded(text, { via: true }),
    expected("").replace(/\r\n$/, "Via: 1.1 mtls-sidecar\r\n\r\n"),
  );
});

Deno.test("RequestHeadWriter says TE: trailers anew where the client said it", async () => {
  assert.equal(
    await forwarded(request("TE: trailers;q=1, trailers\r\nA: b\r\n")),
    expected("A: b\r\n", "TE: trailers\r\nConnection: TE\r\n"),
  );
});

Deno.test("RequestHeadWriter frames a chunked request itself, and passes a length on", async () => {
  const post = (lines: string) => request(lines).replace("GET", "POST");
  const sent = (lines: string, ours?: string) =>
    expected(lines, ours).replace("GET", "POST");
  assert.equal(
    await forwarded(post("tRaNsFeR-eNcOdInG: Chunked\r\nA: b\r\n")),
    sent("A: b\r\n", "Transfer-Encoding: chunked\r\n"),
  );
  const length = "Content-Length: 3\r\n";
  assert.equal(await forwarded(post(length)), sent(length));
});

Deno.test("RequestHeadWriter asks the application to close after content that it may leave unread", async () => {
  for (const method of ["GET", "HEAD", "DELETE", "OPTIONS"]) {
    const text = request("Content-Length: 3\r\n").replace("GET", method);
    assert.match(await forwarded(text), /\r\nConnection: close\r\n/, method);
  }
  for (const lines of ["", "Content-Length: 0\r\n"]) {
    assert.doesNotMatch(await forwarded(request(lines)), /Connection/, lines);
  }
});

Deno.test("RequestHeadWriter asks the application to close after every request without keep-alive", async () => {
  assert.match(
    await forwarded(request(""), { keepAlive: false }),
    /\r\nConnection: close\r\n/,
  );
});

/** Request line, Host, the request line to the application, the authority. */
const TARGETS = [
  ["GET /a%2f?b", "c", "GET /a%2f?b", "c"],
  ["OPTIONS *", "c", "OPTIONS *", "c"],
  ["OPTIONS http://d", "c", "OPTIONS *", "d"],
  ["OPTIONS http://d?e", "c", "OPTIONS /?e", "d"],
  ["GET http://d:1", "c", "GET /", "d:1"],
  ["GET http://d:1?e=/f", "c", "GET /?e=/f", "d:1"],
  ["GET http://d//e", "c", "GET //e", "d"],
] as const;

Deno.test("RequestHeadWriter sends origin-form, and the authority as X-Forwarded-Host (RFC 9112 §3.2)", async () => {
  for (const [line, host, sent, authority] of TARGETS) {
    const text = `${line} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
    assert.equal(
      await forwarded(text),
      `${sent} HTTP/1.1\r\nHost: app:8080\r\n` +
        `X-Forwarded-Host: ${authority}\r\n${CLIENT_LINES}\r\n`,
    );
    const preserved = await forwarded(text, { preserveHost: true });
    assert.match(preserved, new RegExp(`\r\nHost: ${authority}\r\n`));
  }
});

Deno.test("RequestHeadWriter uses the application's Host where HTTP/1.0 gave none", async () => {
  for (const preserveHost of [true, false]) {
    assert.equal(
      await forwarded("GET / HTTP/1.0\r\n\r\n", { preserveHost }),
      `GET / HTTP/1.1\r\nHost: app:8080\r\n${CLIENT_LINES}\r\n`,
    );
  }
});

Deno.test("RequestHeadWriter adds itself to Via after those before it (RFC 9110 §7.6.3)", async () => {
  for (const version of ["1.0", "1.1"]) {
    const text = await forwarded(request("Via: 2 edge\r\n", version), {
      via: true,
    });
    assert.deepEqual(
      text.split("\r\n").filter((line) => line.startsWith("Via")),
      ["Via: 2 edge", `Via: ${version} mtls-sidecar`],
    );
  }
});

/** A seal that shows what it was given. */
const SHOWING: RequestSeal = {
  lines: (request) => octetsOf(`Signature: ${JSON.stringify(request)}\r\n`),
};

async function sealed(
  text: string,
  options: Partial<RequestHeadOptions> = {},
): Promise<unknown> {
  const head = await forwarded(text, { seal: "head", ...options }, {
    seal: SHOWING,
  });
  return JSON.parse(/\r\nSignature: (.*)\r\n/.exec(head)![1]!);
}

Deno.test("RequestHeadWriter seals method, authority and target as the application reads them", async () => {
  const targets = [
    ["GET /a?b=c HTTP/1.1\r\nHost: client:1\r\n\r\n", "/a?b=c"],
    ["GET http://client:1 HTTP/1.1\r\nHost: client:1\r\n\r\n", "/"],
    ["GET http://client:1?q HTTP/1.1\r\nHost: client:1\r\n\r\n", "/?q"],
  ] as const;
  for (const [text, target] of targets) {
    assert.match(
      await forwarded(text),
      new RegExp(
        `^GET ${target.replace("?", "\\?")} HTTP/1.1\r\nHost: app:8080\r\n`,
      ),
    );
    assert.deepEqual(await sealed(text), {
      method: "GET",
      authority: "app:8080",
      target,
    });
    assert.deepEqual(await sealed(text, { preserveHost: true }), {
      method: "GET",
      authority: "client:1",
      target,
    });
  }
  assert.deepEqual(
    await sealed("OPTIONS http://client:1 HTTP/1.1\r\nHost: client:1\r\n\r\n"),
    { method: "OPTIONS", authority: "app:8080", target: "*" },
  );
});

Deno.test("RequestHeadWriter lets no client's signature stand beside the seal, and passes it on without one", async () => {
  const lines = "Signature: x=:AA==:\r\nSignature-Input: x=()\r\n" +
    "Content-Digest: sha-256=:AA==:\r\n";
  const text = `GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`;
  assert.ok((await forwarded(text)).includes(lines));
  const head = await forwarded(text, { seal: "head" });
  assert.doesNotMatch(head, /signature/i);
  assert.match(head, /Content-Digest/);
  assert.doesNotMatch(
    await forwarded(text, { seal: "head and body" }),
    /signature|digest/i,
  );
});

Deno.test("RequestHeadWriter does not pass on an Expect that was met", async () => {
  const text = "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n" +
    "Content-Length: 1\r\n\r\n";
  assert.match(await forwarded(text), /Expect/);
  assert.doesNotMatch(await forwarded(text, {}, { continued: true }), /Expect/);
});
