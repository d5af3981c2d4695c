import assert from "node:assert/strict";
import { get, ok } from "../support/messages.ts";
import { Scene } from "../support/scene.ts";

const SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

/** A POST with these framing fields and this body, then one more request. */
function attack(fields: string, body: string): string {
  return `POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n${body}${get("/after")}`;
}

const ATTACKS: Readonly<Record<string, string>> = {
  "CL.TE": attack(
    "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n",
    `0\r\n\r\n${SMUGGLED}`,
  ),
  "TE.CL": attack(
    "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
    `5c\r\n${SMUGGLED}\r\n0\r\n\r\n`,
  ),
  "CL.CL": attack(
    `Content-Length: 0\r\nContent-Length: ${SMUGGLED.length}\r\n`,
    SMUGGLED,
  ),
  "TE.TE, the second unknown": attack(
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n",
    `0\r\n\r\n${SMUGGLED}`,
  ),
  "a tab before the colon": attack(
    "Transfer-Encoding\t: chunked\r\nContent-Length: 5\r\n",
    `0\r\n\r\n${SMUGGLED}`,
  ),
  "a folded coding": attack(
    "Transfer-Encoding:\r\n chunked\r\n",
    `0\r\n\r\n${SMUGGLED}`,
  ),
  "a coding after a bare LF": attack(
    "X: y\nTransfer-Encoding: chunked\r\n",
    `0\r\n\r\n${SMUGGLED}`,
  ),
  "a coding with a control octet": attack(
    "Transfer-Encoding: \x0bchunked\r\n",
    `0\r\n\r\n${SMUGGLED}`,
  ),
  "a length after NUL": attack("X: \0\r\nContent-Length: 9\r\n", SMUGGLED),
  "a length with a sign": attack(
    `Content-Length: +${SMUGGLED.length}\r\n`,
    SMUGGLED,
  ),
  "a length in octal": attack(
    `Content-Length: 0o${SMUGGLED.length.toString(8)}\r\n`,
    SMUGGLED,
  ),
  "Connection takes the length away": attack(
    `Content-Length: ${SMUGGLED.length}\r\nConnection: content-length\r\n`,
    SMUGGLED,
  ),
  "a chunk size that wraps at 64 bits": attack(
    "Transfer-Encoding: chunked\r\n",
    `10000000000000000\r\n0\r\n\r\n${SMUGGLED}`,
  ),
  "a chunk extension ended by LF": attack(
    "Transfer-Encoding: chunked\r\n",
    `0;\n\r\n${SMUGGLED}`,
  ),
  "a last chunk ended by LF": attack(
    "Transfer-Encoding: chunked\r\n",
    `0\n\n${SMUGGLED}`,
  ),
  "chunk data without CRLF after it": attack(
    "Transfer-Encoding: chunked\r\n",
    `1\r\nA0\r\n\r\n${SMUGGLED}`,
  ),
  "an HTTP/1.0 coding": attack("", "").replace(
    /^.*\r\n.*\r\n\r\n/,
    `POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  ),
  "a request line in the target": `GET /a\r\nX: HTTP/1.1\r\n\r\n${SMUGGLED}`,
  "a space in the target": `GET /a HTTP/1.1\t/b HTTP/1.1\r\n\r\n${SMUGGLED}`,
};

for (const [name, octets] of Object.entries(ATTACKS)) {
  Deno.test(`request smuggling by ${name} reaches no application`, async () => {
    const targets: string[] = [];
    await using scene = await Scene.set(async (connection) => {
      targets.push((await connection.rest()).text);
    });
    using client = await scene.request(octets);
    const { status } = await client.response();
    assert.ok(status === 400 || status === 501, `${status}`);
    assert.deepEqual(await client.rest(), { text: "", end: "ended" });
    client.close();
    await scene.sidecar.idle();
    for (const target of targets) {
      assert.doesNotMatch(target, /GET \/(smuggled|after)/);
    }
  });
}

Deno.test("a chunk size that would wrap at 32 bits counts what it says", async () => {
  const received = Promise.withResolvers<string>();
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    received.resolve(await connection.octets(1 + SMUGGLED.length));
    await connection.rest();
  });
  using client = await scene.request(attack(
    "Transfer-Encoding: chunked\r\n",
    `100000000\r\n${SMUGGLED}0\r\n\r\n`,
  ));
  // In a chunk: after its size, so nothing that begins with a method.
  assert.match(await received.promise, /^[0-9a-f]+\r\nGET \/smuggled/);
  client.close();
  await scene.sidecar.idle();
  assert.equal(scene.sidecar.entries.length, 1);
});

Deno.test("what looks like a request within a body is content", async () => {
  const bodies: string[] = [];
  await using scene = await Scene.set(async (connection) => {
    for (let head; (head = await connection.head()) !== undefined;) {
      if (head.startsWith("POST")) {
        bodies.push(await connection.octets(SMUGGLED.length));
      }
      await connection.write(ok(head.split(" ")[1]));
    }
  });
  using client = await scene.request(
    attack(`Content-Length: ${SMUGGLED.length}\r\n`, SMUGGLED),
  );
  assert.equal((await client.response()).content, "/");
  assert.equal((await client.response()).content, "/after");
  assert.deepEqual(bodies, [SMUGGLED]);
});

Deno.test("a length in underscores is no length for the application either", async () => {
  const received = Promise.withResolvers<string>();
  await using scene = await Scene.set(async (connection) => {
    received.resolve(await connection.head() ?? "");
    await connection.write(ok());
  });
  using client = await scene.request(
    get("/", "Content_Length: 40\r\nTransfer_Encoding: chunked\r\n"),
  );
  await client.response();
  assert.doesNotMatch(await received.promise, /content_length|transfer_enc/i);
});
