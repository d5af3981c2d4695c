import assert from "node:assert/strict";
import { fieldValues, get, ok, postChunked } from "../support/messages.ts";
import { distinguishedName, type Issued } from "../support/pki.ts";
import { Scene } from "../support/scene.ts";
import { client as ordinary, root } from "../support/sidecar.ts";

/** Everything that the application receives of a request that Connection: close ends. */
async function received(
  request: string,
  { identity = ordinary, settings = {} }: {
    identity?: Issued;
    settings?: Readonly<Record<string, string>>;
  } = {},
): Promise<string> {
  const all = Promise.withResolvers<string>();
  await using scene = await Scene.set(async (connection) => {
    const head = await connection.head() ?? "";
    const body = /chunked/.test(head)
      ? await connection.until("\r\n\r\n") ?? ""
      : "";
    await connection.write(ok());
    all.resolve(head + body);
  }, settings);
  using client = await scene.connect({ identity });
  await client.send(request);
  await client.response();
  return await all.promise;
}

const CLAIMS = [
  "X-Client-CN",
  "x-client-cn",
  "X-CLIENT-SUBJECT",
  "X-Client-Anything",
  "X_Client_CN",
  "X-Client_CN",
  "x_client-subject",
  "X-Forwarded-For",
  "X_Forwarded_For",
  "X-Forwarded-Proto",
  "X-Forwarded-Client-Cert",
  "X-Forwarded-User",
  "Forwarded",
  "X-Real-IP",
  "X_Real_IP",
];

Deno.test("no claim of a client about itself reaches the application, in any spelling", async () => {
  const fields = CLAIMS.map((name) => `${name}: forged\r\n`).join("");
  for (const settings of [{}, { INJECT_CLIENT_HEADERS: "true" }]) {
    const text = await received(get("/", fields), { settings });
    assert.doesNotMatch(text, /forged/);
  }
});

Deno.test("no claim of a client about itself reaches the application in a trailer", async () => {
  const fields = CLAIMS.map((name) => `${name}: forged\r\n`).join("");
  const text = await received(
    postChunked(`0\r\n${fields}X-Kept: 1\r\n\r\n`, "Trailer: X-Client-CN\r\n"),
  );
  assert.match(text, /X-Kept: 1\r\n/);
  assert.doesNotMatch(text, /forged/);
});

Deno.test("INJECT_CLIENT_HEADERS is off by default: nothing tells who the client is", async () => {
  const text = await received(get());
  assert.doesNotMatch(text, /x-client-/i);
  assert.doesNotMatch(text, /test-client/);
});

Deno.test("INJECT_CLIENT_HEADERS tells common name and subject, once each, whatever the client says", async () => {
  const text = await received(
    get("/", "X-Client-CN: root\r\nConnection: x-client-subject\r\n"),
    { settings: { INJECT_CLIENT_HEADERS: "true" } },
  );
  assert.deepEqual(fieldValues(text, "x-client-cn"), ["test-client"]);
  assert.deepEqual(fieldValues(text, "x-client-subject"), ["CN=test-client"]);
});

Deno.test("every request of a connection carries the identity of its own client alone", async () => {
  const heads: string[] = [];
  await using scene = await Scene.set(async (connection) => {
    for (let head; (head = await connection.head()) !== undefined;) {
      heads.push(fieldValues(head, "x-client-cn").join());
      await connection.write(ok());
    }
  }, { INJECT_CLIENT_HEADERS: "true" });
  using first = await scene.connect();
  const other = root.issue({ commonName: "other" });
  using second = await scene.connect({ identity: other });
  for (const client of [first, second, second, first]) {
    await client.send(get());
    await client.response();
  }
  assert.deepEqual(heads, ["test-client", "other", "other", "test-client"]);
  assert.equal(scene.application.connections.length, 1);
});

Deno.test("a subject that would break a header is escaped", async () => {
  const subject = distinguishedName(
    ["2.5.4.10", "a\r\nX-Client-CN: root\r\n"],
    ["2.5.4.3", "Zo\u00eb, \u4e2d"],
  );
  const text = await received(get(), {
    identity: root.issue({ subject }),
    settings: { INJECT_CLIENT_HEADERS: "true" },
  });
  assert.equal(fieldValues(text, "x-client-cn").length, 1);
  assert.notEqual(fieldValues(text, "x-client-cn")[0], "root");
  assert.match(fieldValues(text, "x-client-subject").join(), /\\0D\\0A/);
  assert.match(text, /^[\r\n -~]*$/);
});
