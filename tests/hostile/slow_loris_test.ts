import assert from "node:assert/strict";
import type { Limit } from "../../src/tally.ts";
import { limitHits } from "../support/limit_hits.ts";
import { get, ok, post, postChunked } from "../support/messages.ts";
import { PlainClients } from "../support/plain_clients.ts";
import type { RawClient } from "../support/raw_client.ts";
import { Scene } from "../support/scene.ts";

/** How many do it at the same time. */
const MANY = 20;

/** Well within every limit that is set here. */
const DRIP_MS = 150;

/** One limit is short, and the others are as long as they can be. */
function settings(short: string): Record<string, string> {
  const names = ["HANDSHAKE", "HEADER", "BODY", "KEEP_ALIVE"]
    .map((name) => `${name}_TIMEOUT_SECS`);
  return {
    ...Object.fromEntries(names.map((name) => [name, "600"])),
    [short]: "1",
  };
}

/** As many clients as there are, each of which has sent `octets`. */
function crowd(scene: Scene, octets: string): Promise<RawClient[]> {
  return Promise.all(
    Array.from({ length: MANY }, () => scene.request(octets)),
  );
}

/** Sends `octets` on each again and again, for as long as somebody takes them. */
function drip(clients: readonly RawClient[], octets: string): Disposable {
  const timer = setInterval(() => {
    for (const client of clients) client.send(octets).catch(() => {});
  }, DRIP_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/**
 * What the sidecar makes of them: each is ended, and only that limit was met, by
 * each of them once. A client that asks for something meanwhile is answered.
 */
async function outlived(
  scene: Scene,
  { ended, limit }: { ended: Promise<unknown>; limit: Limit },
): Promise<void> {
  using neighbour = await scene.request(get("/neighbour"));
  assert.equal((await neighbour.response()).status, 200);
  neighbour.close();
  await ended;
  await scene.sidecar.idle();
  assert.deepEqual(await limitHits(scene.sidecar), { [limit]: MANY });
}

/** All that the clients are told, and how it ends for them. */
function tidings(clients: readonly RawClient[]) {
  return Promise.all(clients.map(async (client) => {
    const { text, end } = await client.rest();
    client.close();
    return { answer: text.split("\r\n")[0], end };
  }));
}

for (const way of ["say nothing", "drip their hello"] as const) {
  Deno.test(`clients that ${way} are closed after HANDSHAKE_TIMEOUT_SECS`, async () => {
    await using scene = await Scene.set(
      ok(),
      settings("HANDSHAKE_TIMEOUT_SECS"),
    );
    using clients = await PlainClients.connect(scene.sidecar.port, MANY);
    if (way === "drip their hello") clients.drip(DRIP_MS);
    await outlived(scene, { ended: clients.closed(), limit: "handshake_time" });
  });
}

for (
  const [what, { begun, more, answer }] of Object.entries({
    "field lines": {
      begun: "GET / HTTP/1.1\r\nHost: a\r\n",
      more: "A: b\r\n",
      answer: "HTTP/1.1 408 Request Timeout",
    },
    "one field": {
      begun: "GET / HTTP/1.1\r\nHost: a\r\nA: ",
      more: "b",
      answer: "HTTP/1.1 408 Request Timeout",
    },
    "their target": {
      begun: "GET /",
      more: "a",
      answer: "HTTP/1.1 408 Request Timeout",
    },
    "nothing at all": { begun: "", more: "", answer: "" },
  })
) {
  Deno.test(`clients that drip ${what} in place of a request are ended after HEADER_TIMEOUT_SECS`, async () => {
    await using scene = await Scene.set(ok(), settings("HEADER_TIMEOUT_SECS"));
    const clients = await crowd(scene, begun);
    using _drip = drip(clients, more);
    const told = tidings(clients);
    await outlived(scene, { ended: told, limit: "header_time" });
    for (const each of await told) {
      assert.deepEqual(each, { answer, end: "ended" });
    }
  });
}

for (
  const [what, { begun, more }] of Object.entries({
    "stop within their body": { begun: post("body").slice(0, -1), more: "" },
    "send no chunk": { begun: postChunked(""), more: "" },
    "drip a chunk's size": { begun: postChunked(""), more: "0" },
    "drip a chunk's extension": { begun: postChunked("4;a="), more: "b" },
    "drip trailers": { begun: postChunked("1\r\na\r\n0\r\nA: "), more: "b" },
  })
) {
  Deno.test(`clients that ${what} are answered 408 after BODY_TIMEOUT_SECS`, async () => {
    await using scene = await Scene.set(async (connection) => {
      const head = await connection.head();
      // The others would be answered before their body has come.
      if (head?.startsWith("GET")) await connection.write(ok());
      await connection.rest();
    }, settings("BODY_TIMEOUT_SECS"));
    const clients = await crowd(scene, begun);
    using _drip = drip(clients, more);
    const told = tidings(clients);
    await outlived(scene, { ended: told, limit: "body_time" });
    for (const each of await told) {
      assert.deepEqual(each, {
        answer: "HTTP/1.1 408 Request Timeout",
        end: "ended",
      });
    }
  });
}

Deno.test("clients that stay without asking for anything more are ended after KEEP_ALIVE_TIMEOUT_SECS", async () => {
  await using scene = await Scene.set(
    ok(),
    settings("KEEP_ALIVE_TIMEOUT_SECS"),
  );
  const clients = await crowd(scene, get());
  for (const client of clients) await client.response();
  const told = tidings(clients);
  await outlived(scene, { ended: told, limit: "idle" });
  for (const each of await told) {
    assert.deepEqual(each, { answer: "", end: "ended" });
  }
});
