import assert from "node:assert/strict";
import type { SecureVersion } from "node:tls";
import { attempt } from "../support/attempt.ts";
import { fieldValues, get, post, postChunked } from "../support/messages.ts";
import { hasOpenssl, Openssl } from "../support/openssl.ts";
import { createAuthority } from "../support/pki.ts";
import { Receiver } from "../support/receiver.ts";
import { Scene } from "../support/scene.ts";
import { client, root } from "../support/sidecar.ts";
import { soon } from "../support/waiting.ts";

const ALLOWED = { ALLOW_CN: "allowed" };
const allowed = root.issue({ commonName: "allowed" });
const stranger = createAuthority({ commonName: "Another Root" })
  .issue({ commonName: "allowed" });

Deno.test("a refusal says its code and nothing of rules, client or application", async () => {
  const receiver = new Receiver();
  await using scene = await Scene.set(receiver.script, ALLOWED);
  const refused = await scene.request(get("/secret?token=1"));
  const { head, content } = await refused.response();
  assert.equal(content, "ACCESS_NOT_ALLOWED\n");
  assert.match(head, /^HTTP\/1\.1 403 Forbidden\r\n/);
  assert.doesNotMatch(head, /allowed|test-client|token/);
  const entry = await scene.sidecar.entry({ "http.response.status_code": 403 });
  assert.deepEqual([
    entry["error.type"],
    entry["url.path"],
    entry["error.message"],
  ], [
    "ACCESS_NOT_ALLOWED",
    "/secret",
    "Cannot let the client in: no rule allows it",
  ]);
  assert.match(String(entry["subject_hash"]), /^[0-9a-f]{16}$/);
});

Deno.test("a refusal is logged with its code, once a connection, where no request is logged", async () => {
  const receiver = new Receiver();
  await using scene = await Scene.set(receiver.script, {
    ...ALLOWED,
    ACCESS_LOG: "off",
  });
  const refused = await scene.request(get());
  await refused.response();
  const { level, fields } = await scene.sidecar.event("connection refused");
  assert.deepEqual([level, fields], ["info", {
    code: "ACCESS_NOT_ALLOWED",
    detail: "no rule allows it",
    client: "127.0.0.1",
  }]);
  assert.deepEqual(scene.sidecar.entries, []);
});

Deno.test("refusals are counted by their code", async () => {
  const receiver = new Receiver();
  await using scene = await Scene.set(receiver.script, ALLOWED);
  for (let time = 0; time < 2; time++) {
    const refused = await scene.request(get());
    await refused.rest();
  }
  await scene.sidecar.shutdown();
  const { fields } = await scene.sidecar.event("stopped");
  assert.deepEqual(fields["access_denied"], { ACCESS_NOT_ALLOWED: 2 });
});

Deno.test("a refused client's further requests are not answered, nor its body waited for", async () => {
  const receiver = new Receiver();
  await using scene = await Scene.set(receiver.script, ALLOWED);
  for (
    const request of [
      get("/1") + get("/2") + get("/3"),
      post("half").replace("Length: 4", "Length: 8"),
      postChunked("4\r\nha"),
      get("/", "Expect: 100-continue\r\nContent-Length: 5\r\n"),
      "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
      "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    ]
  ) {
    const refused = await scene.request(request);
    const { status, head } = await refused.response();
    assert.deepEqual([status, fieldValues(head, "connection")], [403, [
      "close",
    ]]);
    assert.deepEqual(await refused.rest(), { text: "", end: "ended" });
  }
  const head = await scene.request(get().replace("GET", "HEAD"));
  assert.equal((await head.response("HEAD")).status, 403);
  assert.deepEqual(await head.rest(), { text: "", end: "ended" });
  assert.equal(scene.application.connections.length, 0);
});

Deno.test("a refused client that is still sending a large body reads its refusal", async () => {
  const receiver = new Receiver();
  await using scene = await Scene.set(receiver.script, ALLOWED);
  const refused = await scene.connect();
  const sending = refused.send(post("x".repeat(2_000_000))).catch(() => {});
  assert.equal((await refused.response()).status, 403);
  await sending;
  assert.equal(scene.application.connections.length, 0);
});

Deno.test("what is no request is refused as such, whoever sends it", async () => {
  const receiver = new Receiver();
  await using scene = await Scene.set(receiver.script, ALLOWED);
  const refused = await scene.request("GET / HTTP/1.1\r\nHost : a\r\n\r\n");
  assert.equal((await refused.response()).status, 400);
});

for (const version of ["TLSv1.2", "TLSv1.3"] satisfies SecureVersion[]) {
  Deno.test(`ACCESS_REFUSE=close ends the connection after the handshake, without a word (${version})`, async () => {
    const receiver = new Receiver();
    await using scene = await Scene.set(receiver.script, {
      ...ALLOWED,
      ACCESS_REFUSE: "close",
    });
    const { port } = scene.sidecar;
    const refused = await soon(
      attempt({ port, identity: client, version }),
      "the end",
    );
    assert.deepEqual([refused.protocol, refused.answer], [version, ""]);
    const { fields } = await scene.sidecar.event("connection refused");
    assert.equal(fields["code"], "ACCESS_NOT_ALLOWED");
    const entered = await soon(
      attempt({ port, identity: allowed, version }),
      "an answer",
    );
    assert.match(entered.answer, /^HTTP\/1\.1 200 /);
    assert.equal(receiver.requests.length, 1);
    assert.equal(scene.sidecar.entries.length, 1);
    await scene.sidecar.idle();
  });
}

for (const version of ["-tls1_2", "-tls1_3"]) {
  Deno.test({
    name:
      `a refused client that resumes its session is refused again (${version})`,
    ignore: !hasOpenssl,
    async fn() {
      const receiver = new Receiver();
      await using scene = await Scene.set(receiver.script, ALLOWED);
      await using openssl = await Openssl.create(client);
      const target = { port: scene.sidecar.port, input: get() };
      const first = await openssl.run(target, version, "-sess_out", "session");
      const again = await openssl.run(target, version, "-sess_in", "session");
      assert.deepEqual([first.resumed, again.resumed], [false, true]);
      for (const { output } of [first, again]) {
        assert.match(output, /HTTP\/1\.1 403 Forbidden\r\n/);
      }
      assert.equal(scene.application.connections.length, 0);
    },
  });
}

Deno.test("ACCESS_MODE=audit lets everybody in, and tells of those alone who would have been refused", async () => {
  const receiver = new Receiver();
  await using scene = await Scene.set(receiver.script, {
    ...ALLOWED,
    ACCESS_MODE: "audit",
    ACCESS_REFUSE: "close",
    INJECT_CLIENT_HEADERS: "true",
  });
  for (const identity of [allowed, client]) {
    const entered = await scene.connect({ identity });
    await entered.send(get() + get());
    for (let time = 0; time < 2; time++) {
      assert.equal((await entered.response()).status, 200);
    }
    // Nothing tells the client that it is there on sufferance.
    assert.equal(scene.sidecar.entries.at(-1)?.["error.type"], undefined);
  }
  assert.deepEqual(
    receiver.requests.map(({ head }) => fieldValues(head, "x-client-cn")),
    [["allowed"], ["allowed"], ["test-client"], ["test-client"]],
  );
  const told = scene.sidecar.events.filter(({ message }) =>
    message === "client would be refused"
  );
  const [{ fields } = assert.fail()] = told;
  assert.equal(told.length, 1);
  assert.deepEqual([fields["code"], fields["detail"]], [
    "ACCESS_NOT_ALLOWED",
    "no rule allows it",
  ]);
  await scene.sidecar.shutdown();
  const { fields: counts } = await scene.sidecar.event("stopped");
  assert.deepEqual(counts["access_would_deny"], { ACCESS_NOT_ALLOWED: 1 });
  assert.equal(counts["access_denied"], undefined);
});

for (const accessMode of ["enforce", "audit"]) {
  Deno.test(`UNVERIFIED=401 answers whom the guard refuses 401, whatever the rules say (ACCESS_MODE=${accessMode})`, async () => {
    const receiver = new Receiver();
    await using scene = await Scene.set(receiver.script, {
      ...ALLOWED,
      UNVERIFIED: "401",
      ACCESS_MODE: accessMode,
      ACCESS_REFUSE: "close",
    });
    const { port } = scene.sidecar;
    for (
      const [identity, code] of [
        [undefined, "LEAF_MISSING"],
        [stranger, "PATH_NOT_FOUND"],
      ] as const
    ) {
      const { answer } = await soon(attempt({ port, identity }), "an answer");
      assert.match(answer, /^HTTP\/1\.1 401 Unauthorized\r\n/);
      assert.match(answer, /\r\nWWW-Authenticate: ClientCertificate\r\n/);
      assert.ok(answer.endsWith(`\r\n\r\n${code}\n`), answer);
      await scene.sidecar.entry({
        "http.response.status_code": 401,
        "error.type": code,
      });
    }
    assert.equal(scene.application.connections.length, 0);
  });
}

Deno.test("UNVERIFIED=401 and the rules each have their own refusal", async () => {
  const receiver = new Receiver();
  await using scene = await Scene.set(receiver.script, {
    ...ALLOWED,
    UNVERIFIED: "401",
  });
  const { port } = scene.sidecar;
  const statuses: string[] = [];
  for (const identity of [undefined, stranger, client, allowed]) {
    const { answer } = await soon(attempt({ port, identity }), "an answer");
    statuses.push(answer.slice("HTTP/1.1 ".length, "HTTP/1.1 200".length));
  }
  assert.deepEqual(statuses, ["401", "401", "403", "200"]);
  assert.equal(receiver.requests.length, 1);
});

Deno.test("an answered 401 ends its connection: what is sent behind it is not served", async () => {
  const receiver = new Receiver();
  await using scene = await Scene.set(receiver.script, { UNVERIFIED: "401" });
  const unverified = await scene.connect({ identity: stranger });
  await unverified.send(post("a secret") + get());
  const { head } = await unverified.response();
  assert.deepEqual(fieldValues(head, "connection"), ["close"]);
  assert.deepEqual(await unverified.rest(), { text: "", end: "ended" });
  assert.equal(scene.application.connections.length, 0);
});
