import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { SealVerifier } from "../../../../src/identity/seal/verify.ts";
import { type Vector, VECTOR_KEY, VECTOR_MS, vectors } from "./vectors.ts";

function newVerifier(): SealVerifier {
  return new SealVerifier({ keys: [VECTOR_KEY], now: () => VECTOR_MS });
}

/** The status of the answer to a vector, sent as it stands in the document. */
async function statusOf(
  port: number,
  { request, headers, content = "" }: Vector,
): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const lines = [
    `${request.method} ${request.target} HTTP/1.1`,
    `Host: ${request.authority}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    `Content-Length: ${content.length}`,
    "Connection: close",
  ];
  await connection.write(
    new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n${content}`),
  );
  const answer = await new Response(connection.readable).text();
  return answer.split(" ", 2)[1]!;
}

async function judged(port: number, sent: readonly Vector[]): Promise<void> {
  for (const vector of sent) {
    assert.equal(await statusOf(port, vector), "200", vector.title);
    assert.equal(await statusOf(port, vector), "401", vector.title);
  }
}

Deno.test("an application on node:http takes each vector once", async () => {
  const verifier = newVerifier();
  const server = createServer(async (request, response) => {
    const pieces: Uint8Array[] = [];
    for await (const piece of request) pieces.push(piece);
    const content = Uint8Array.from(pieces.flatMap((piece) => [...piece]));
    const verdict = verifier.verify({
      method: request.method,
      authority: request.headers.host,
      target: request.url,
      headers: request.rawHeaders,
      ...content.length > 0 && { content },
    });
    response.writeHead(verdict.ok ? 200 : 401).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    await judged((server.address() as AddressInfo).port, vectors());
  } finally {
    server.close();
    await once(server, "close");
  }
});

Deno.test("an application on Deno.serve takes each vector with a path once", async () => {
  const verifier = newVerifier();
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      const content = await request.bytes();
      const verdict = verifier.verify({
        method: request.method,
        target: request.url,
        headers: request.headers,
        ...content.length > 0 && { content },
      });
      return new Response(null, { status: verdict.ok ? 200 : 401 });
    },
  );
  await judged(server.addr.port, vectors().slice(0, 2));
});
