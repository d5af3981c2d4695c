import assert from "node:assert/strict";
import { fieldValues, get, ok } from "../support/messages.ts";
import type { Script } from "../support/application.ts";
import { Scene } from "../support/scene.ts";
import { soon } from "../support/waiting.ts";

const ECHO = { UPGRADES: "echo" };

/** A request to change to `protocol`. */
function upgrade(protocol: string, fields = ""): string {
  return get(
    "/tunnel?q",
    `Connection: upgrade\r\nUpgrade: ${protocol}\r\n${fields}`,
  );
}

function switching(protocol: string): string {
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: ${protocol}\r\n` +
    "Connection: upgrade\r\nX-From: application\r\n\r\n";
}

/** An application that changes to `echo`, and sends back all when the client has ended its side. */
function echoing(heads: string[] = []): Script {
  return async (connection) => {
    heads.push(await connection.head() ?? "");
    await connection.write(switching("echo"));
    const { text } = await connection.rest();
    await connection.write(`<${text}>`);
    connection.end();
  };
}

Deno.test("an Upgrade is passed on with its Connection and what we add, and the 101 is passed back", async () => {
  const heads: string[] = [];
  await using scene = await Scene.set(echoing(heads), {
    ...ECHO,
    INJECT_CLIENT_HEADERS: "true",
  });
  const client = await scene.request(
    get(
      "/tunnel?q",
      "Connection: keep-alive, x-hop, Upgrade\r\nUpgrade: other, Echo\r\n" +
        "X-Hop: 1\r\nTE: trailers\r\nX-Client-CN: mallory\r\nX-End: 1\r\n",
    ),
  );
  const { status, head } = await client.response();
  assert.equal(status, 101);
  assert.deepEqual(fieldValues(head, "connection"), ["Upgrade"]);
  assert.deepEqual(fieldValues(head, "upgrade"), ["Echo"]);
  assert.deepEqual(fieldValues(head, "x-from"), ["application"]);
  const [seen = ""] = heads;
  assert.ok(seen.startsWith("GET /tunnel?q HTTP/1.1\r\n"));
  assert.deepEqual(fieldValues(seen, "connection"), ["Upgrade"]);
  assert.deepEqual(fieldValues(seen, "upgrade"), ["Echo"]);
  assert.deepEqual(fieldValues(seen, "x-client-cn"), ["test-client"]);
  assert.deepEqual(fieldValues(seen, "x-hop"), []);
  assert.deepEqual(fieldValues(seen, "te"), []);
  assert.deepEqual(fieldValues(seen, "x-end"), ["1"]);
});

Deno.test("a tunnel ends each way by itself: the application answers after the client has ended its side", async () => {
  await using scene = await Scene.set(echoing(), ECHO);
  const client = await scene.request(upgrade("echo"));
  await client.response();
  assert.equal(scene.sidecar.sidecar.connections.tunnels, 1);
  await client.send("one ");
  await client.send("two");
  await client.endWrite();
  assert.deepEqual(await client.rest(), { text: "<one two>", end: "ended" });
  const entry = await scene.sidecar.entry({ "url.path": "/tunnel" });
  assert.equal(entry["http.response.status_code"], 101);
  assert.equal(entry["http.request.body.size"], 7);
  assert.equal(entry["http.response.body.size"], 9);
  assert.equal(entry["error.type"], undefined);
  assert.equal(scene.sidecar.sidecar.connections.tunnels, 0);
});

Deno.test("a tunnel ends each way by itself: the client goes on after the application has ended its side", async () => {
  const rest = Promise.withResolvers<{ text: string; end: string }>();
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    await connection.write(switching("echo") + "bye");
    connection.end();
    rest.resolve(await connection.rest());
  }, ECHO);
  const client = await scene.request(upgrade("echo"));
  await client.response();
  assert.deepEqual(await client.rest(), { text: "bye", end: "ended" });
  await client.send("still here");
  await client.endWrite();
  assert.deepEqual(await rest.promise, { text: "still here", end: "ended" });
});

Deno.test("octets that come with a head, on either side, are the tunnel's first", async () => {
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    await connection.write(switching("echo") + "first");
    assert.equal(await connection.octets(5), "early");
    await connection.write(" second");
    connection.end();
  }, ECHO);
  const client = await scene.request(upgrade("echo") + "early");
  await client.response();
  assert.equal(await client.until("second"), "first second");
});

Deno.test("nothing that a client sends after its head reaches the application before its 101", async () => {
  const asked = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  let before = "";
  await using scene = await Scene.set(async (connection) => {
    const head = await connection.head();
    if (!head?.includes("/tunnel")) {
      return await connection.write(ok("", "Connection: close\r\n"));
    }
    asked.resolve();
    const octets = connection.octets(5);
    octets.then((text) => before = text);
    await go.promise;
    assert.equal(before, "", "octets before the 101");
    await connection.write(switching("echo"));
    await connection.write(`got ${await octets}`);
    connection.end();
  }, ECHO);
  const client = await scene.request(upgrade("echo"));
  await asked.promise;
  await client.send("early");
  // Had they been sent, they would be there before what was sent later.
  for (let i = 0; i < 5; i++) {
    const other = await scene.request(get("/other"));
    await other.response();
  }
  go.resolve();
  await client.response();
  assert.equal(await client.until("early"), "got early");
});

Deno.test("where the application declines, the answer is passed on and the connection closed: what follows is nobody's", async () => {
  const heads: string[] = [];
  await using scene = await Scene.set(async (connection) => {
    for (let head; (head = await connection.head()) !== undefined;) {
      heads.push(head);
      await connection.write(
        "HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno",
      );
    }
    connection.end();
  }, ECHO);
  const client = await scene.request(upgrade("echo") + get("/smuggled"));
  const { status, head, content } = await client.response();
  assert.deepEqual([status, content], [426, "no"]);
  assert.deepEqual(fieldValues(head, "connection"), ["close"]);
  assert.deepEqual(await client.rest(), { text: "", end: "ended" });
  assert.equal(heads.length, 1);
  const again = await scene.request(get("/next"));
  await again.response();
  assert.equal(scene.application.connections.length, 2, "not used again");
});

const IGNORED: Readonly<Record<string, string>> = {
  "a protocol that is not allowed": upgrade("other"),
  "h2c, which would bring requests past us": upgrade(
    "h2c",
    "HTTP2-Settings: AAMAAABkAAQAAP__\r\n",
  ),
  "an Upgrade that Connection does not name": get("/", "Upgrade: echo\r\n"),
  "a Connection that names what is not there": get(
    "/",
    "Connection: upgrade\r\n",
  ),
  "no protocol at all": upgrade(","),
  "what is no protocol": upgrade("echo, e cho"),
  "HTTP/1.0": upgrade("echo").replace("HTTP/1.1", "HTTP/1.0"),
  "a request with content":
    "POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n" +
    "Content-Length: 4\r\n\r\nbody",
  "a request with chunks":
    "POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n" +
    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
};

for (const [what, request] of Object.entries(IGNORED)) {
  Deno.test(`an Upgrade is ignored, and the request is one like others, for ${what}`, async () => {
    const heads: string[] = [];
    await using scene = await Scene.set(async (connection) => {
      const head = await connection.head();
      heads.push(head ?? "");
      await connection.write(ok("plain"));
    }, ECHO);
    const client = await scene.request(request);
    assert.equal((await client.response()).content, "plain");
    const [head = ""] = heads;
    assert.deepEqual(fieldValues(head, "upgrade"), []);
    assert.deepEqual(fieldValues(head, "http2-settings"), []);
    assert.doesNotMatch(head, /^connection:.*upgrade/im);
  });
}

Deno.test("UPGRADES=none passes no Upgrade on", async () => {
  const heads: string[] = [];
  await using scene = await Scene.set(async (connection) => {
    heads.push(await connection.head() ?? "");
    await connection.write(ok());
  }, { UPGRADES: "none" });
  const client = await scene.request(upgrade("websocket"));
  assert.equal((await client.response()).status, 200);
  assert.deepEqual(fieldValues(heads[0]!, "upgrade"), []);
});

const LIES: Readonly<Record<string, string>> = {
  "a protocol that was not asked for": switching("websocket"),
  "two protocols": switching("echo, websocket"),
  "no protocol": "HTTP/1.1 101 Switching Protocols\r\n\r\n",
  "an Upgrade that Connection does not name":
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\n\r\n",
  "HTTP/1.0": switching("echo").replace("HTTP/1.1", "HTTP/1.0"),
};

for (const [what, lie] of Object.entries(LIES)) {
  Deno.test(`a 101 is refused that has ${what}`, async () => {
    await using scene = await Scene.set(lie + "raw", ECHO);
    const client = await scene.request(upgrade("echo"));
    const { status, content } = await client.response();
    assert.deepEqual([status, content], [502, "UPSTREAM_RESPONSE_INVALID\n"]);
    assert.deepEqual(await client.rest(), { text: "", end: "ended" });
  });
}

Deno.test("interim responses come before a 101, which Expect may have asked for (RFC 9110 §7.8)", async () => {
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    await connection.write("HTTP/1.1 100 Continue\r\n\r\n");
    await connection.write(switching("echo") + "x");
    connection.end();
  }, ECHO);
  const client = await scene.request(
    upgrade("echo", "Expect: 100-continue\r\n"),
  );
  assert.equal((await client.response()).status, 100);
  assert.equal((await client.response()).status, 101);
  assert.equal((await client.rest()).text, "x");
});

Deno.test("a tunnel that the application resets is cut for the client, without close_notify", async () => {
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    await connection.write(switching("echo"));
    await connection.until("break");
    connection.reset();
  }, ECHO);
  const client = await scene.request(upgrade("echo"));
  await client.response();
  await client.send("break");
  assert.notEqual((await client.rest()).end, "ended");
  const entry = await scene.sidecar.entry({ "url.path": "/tunnel" });
  assert.deepEqual([entry["http.response.status_code"], entry["error.type"]], [
    101,
    "UPSTREAM_CLOSED",
  ]);
});

Deno.test("a tunnel whose client goes away ends for the application", async () => {
  const ended = Promise.withResolvers<string>();
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    await connection.write(switching("echo"));
    ended.resolve((await connection.rest()).end);
    connection.end();
  }, ECHO);
  const client = await scene.request(upgrade("echo"));
  await client.response();
  client.close();
  assert.equal(await soon(ended.promise, "the application's end"), "ended");
  await scene.sidecar.idle();
  assert.equal(scene.sidecar.sidecar.connections.tunnels, 0);
});

Deno.test("a tunnel in which nothing moves is cut after TUNNEL_IDLE_TIMEOUT_SECS", async () => {
  const ended = Promise.withResolvers<void>();
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    await connection.write(switching("echo"));
    await connection.rest();
    ended.resolve();
  }, { ...ECHO, TUNNEL_IDLE_TIMEOUT_SECS: "1" });
  const client = await scene.request(upgrade("echo"));
  await client.response();
  assert.notEqual((await client.rest()).end, "ended");
  await soon(ended.promise, "the application's end");
  const entry = await scene.sidecar.entry({ "url.path": "/tunnel" });
  assert.equal(entry["error.type"], "TUNNEL_IDLE");
  assert.equal(entry["http.response.status_code"], 101);
});

Deno.test("a tunnel holds its connection to the application, which is not used again", async () => {
  await using scene = await Scene.set(async (connection) => {
    const head = await connection.head();
    if (head?.includes("/tunnel")) {
      await connection.write(switching("echo"));
      await connection.rest();
      connection.end();
    } else await connection.write(ok("plain"));
  }, {
    ...ECHO,
    UPSTREAM_MAX_CONNECTIONS: "1",
    UPSTREAM_TIMEOUT_SECS: "1",
  });
  const client = await scene.request(upgrade("echo"));
  await client.response();
  const other = await scene.request(get("/waits"));
  assert.equal((await other.response()).content, "UPSTREAM_BUSY\n");
  await client.endWrite();
  assert.equal((await client.rest()).end, "ended");
  const next = await scene.request(get("/served"));
  assert.equal((await next.response()).content, "plain");
});

Deno.test("shutdown gives tunnels their time, then cuts them", async () => {
  await using scene = await Scene.set(echoing(), {
    ...ECHO,
    SHUTDOWN_TIMEOUT_SECS: "1",
  });
  const inTime = await scene.request(upgrade("echo"));
  const never = await scene.request(upgrade("echo"));
  await inTime.response();
  await never.response();
  const finished = scene.sidecar.shutdown();
  await scene.sidecar.event("shutting down");
  await inTime.send("in time");
  await inTime.endWrite();
  assert.deepEqual(await inTime.rest(), { text: "<in time>", end: "ended" });
  assert.notEqual((await never.rest()).end, "ended");
  assert.equal(await finished, false);
});
