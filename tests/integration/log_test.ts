import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { get, ok, post } from "../support/messages.ts";
import { createAuthority, type Issued } from "../support/pki.ts";
import { Scene } from "../support/scene.ts";
import { client as identity, root, server } from "../support/sidecar.ts";

const SECRET = "s3cret-of-a-query";

/** All that a sidecar has logged, as text. */
function logged(scene: Scene): string {
  const { events, entries } = scene.sidecar;
  return JSON.stringify([events, entries]);
}

/** Pieces of PEM that show wherever a certificate or key was printed in any part. */
function pieces({ certPem, keyPem }: Issued): string[] {
  return `${certPem}\n${keyPem}`.split("\n").filter((line) => line.length > 50);
}

Deno.test("the start is logged with the settings in force and the files that were chosen", async () => {
  await using scene = await Scene.set(ok(), { VIA: "false" });
  const { fields } = await scene.sidecar.event("starting");
  const settings = new Map(Object.entries(fields["settings"] ?? {}));
  assert.equal(settings.get("UPSTREAM_URL"), scene.application.url);
  assert.equal(settings.get("VIA"), false);
  assert.equal(settings.get("BODY_TIMEOUT_SECS"), 60);
  const material = (await scene.sidecar.event("material loaded")).fields;
  assert.equal(material["certificate"], "/certs/tls.crt");
  assert.equal(material["private_key"], "/certs/tls.key");
  assert.deepEqual(material["certificate_authorities"], ["/ca/ca.crt"]);
  assert.equal(material["key"], "EC P-256, PKCS#8");
  const serving = (await scene.sidecar.event("serving")).fields;
  assert.deepEqual(serving, {
    address: "127.0.0.1",
    port: scene.sidecar.port,
    upstream_host: `127.0.0.1:${scene.application.port}`,
  });
});

Deno.test("a request is one line of who asked for what, and what came of it", async () => {
  await using scene = await Scene.set(async (connection) => {
    await connection.until("body");
    await connection.write(ok("answer"));
  });
  using client = await scene.request(post("body").replace("/", "/a/%41?b=c"));
  await client.response();
  const {
    time,
    duration_ms,
    upstream_duration_ms,
    request_id,
    subject_hash,
    "tls.protocol.version": tls,
    ...entry
  } = await scene.sidecar.entry();
  assert.deepEqual(entry, {
    level: "info",
    message: "request",
    "http.request.method": "POST",
    "url.path": "/a/%41",
    "network.protocol.name": "http",
    "network.protocol.version": "1.1",
    "http.response.status_code": 200,
    "http.request.body.size": 4,
    "http.response.body.size": 6,
    "client.address": "127.0.0.1",
    "tls.protocol.name": "tls",
    "tls.resumed": false,
    "tls.client.hash.sha256": createHash("sha256").update(identity.der)
      .digest("hex").toUpperCase(),
  });
  assert.ok(Math.abs(Date.parse(String(time)) - Date.now()) < 60_000);
  assert.ok(Number(duration_ms) > Number(upstream_duration_ms));
  assert.ok(Number(upstream_duration_ms) > 0);
  assert.match(String(request_id), /^[0-9a-f]{16}-[0-9a-f]{8}$/);
  assert.match(String(subject_hash), /^[0-9a-f]{16,}$/);
  assert.match(String(tls), /^1\.[23]$/);
});

Deno.test("no query string reaches the log, whatever becomes of the request", async () => {
  await using scene = await Scene.set(ok(), { LOG_LEVEL: "debug" });
  for (
    const request of [
      get(`/p?${SECRET}`),
      get(`http://a.test?${SECRET}`),
      get(`http://a.test/p?a=/?${SECRET}`),
      get(`/p?${SECRET}`, "A : b\r\n"),
      get(`/p?${SECRET}#`),
      get(`/p?${SECRET}\xff`),
      get(`/p?${SECRET}`, "Content-Length: x\r\n"),
      `TRACE /p?${SECRET} HTTP/1.1\r\nHost: a\r\n\r\n`,
      `GET /p?${SECRET}`,
    ]
  ) {
    using client = await scene.request(request);
    if (request.endsWith("\n")) await client.response();
  }
  await scene.sidecar.idle();
  assert.ok(scene.sidecar.entries.length >= 8);
  assert.ok(!logged(scene).includes(SECRET));
});

Deno.test("a path cannot forge a line or a field of the log", async () => {
  await using scene = await Scene.set(ok());
  const path = '/","status":500,"x":"\\';
  using client = await scene.request(get(path));
  await client.response();
  const entry = await scene.sidecar.entry();
  assert.equal(entry["url.path"], path);
  assert.equal(entry["http.response.status_code"], 200);
});

Deno.test("refusals are logged with their codes", async () => {
  await using scene = await Scene.set(ok());
  using client = await scene.request(get("/", "A : b\r\n"));
  await client.response();
  assert.equal(
    (await scene.sidecar.entry({ "http.response.status_code": 400 }))[
      "error.type"
    ],
    "FIELD_INVALID",
  );

  const stranger = createAuthority().issue({ commonName: "stranger" });
  const connected = scene.connect({ identity: stranger });
  await connected.then((other) => other.rest(), () => {});
  const { level, fields } = await scene.sidecar.event("connection refused");
  assert.equal(level, "info");
  assert.equal(fields["code"], "PATH_NOT_FOUND");
  assert.equal(fields["client"], "127.0.0.1");
});

Deno.test("nothing of a certificate, a key or a subject is logged", async () => {
  await using scene = await Scene.set(ok(), {
    LOG_LEVEL: "debug",
    INJECT_CLIENT_HEADERS: "true",
  });
  using client = await scene.request(get());
  await client.response();
  const stranger = createAuthority().issue({ commonName: "stranger" });
  await scene.connect({ identity: stranger })
    .then((other) => other.rest(), () => {});
  await scene.sidecar.event("connection refused");
  const text = logged(scene);
  assert.doesNotMatch(text, /test-client|stranger|-----|PRIVATE KEY/);
  for (const issued of [root, server, identity, stranger]) {
    for (const piece of pieces(issued)) assert.ok(!text.includes(piece));
  }
});

Deno.test("one subject has one hash, another subject another", async () => {
  await using scene = await Scene.set(ok());
  const again = root.issue({ commonName: "test-client" });
  const other = root.issue({ commonName: "other" });
  for (const [i, each] of [identity, again, other].entries()) {
    using client = await scene.connect({ identity: each });
    await client.send(get(`/${i}`));
    await client.response();
    await scene.sidecar.entry({ "url.path": `/${i}` });
  }
  const [a, b, c] = scene.sidecar.entries.map((entry) => entry["subject_hash"]);
  assert.equal(a, b);
  assert.notEqual(a, c);
});

Deno.test("ACCESS_LOG=errors logs what was refused or failed, off nothing", async () => {
  for (const [which, statuses] of [["errors", [404, 400]], ["off", []]]) {
    await using scene = await Scene.set(async (connection) => {
      await connection.head();
      await connection.write(ok());
      await connection.head();
      await connection.write(ok().replace("200", "404"));
    }, { ACCESS_LOG: String(which) });
    using client = await scene.connect();
    for (const fields of ["", "", "A : b\r\n"]) {
      await client.send(get("/", fields));
      await client.response();
    }
    assert.deepEqual(
      scene.sidecar.entries.map((entry) => entry["http.response.status_code"]),
      statuses,
    );
  }
});
