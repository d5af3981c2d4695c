import assert from "node:assert/strict";
import { get, ok } from "../support/messages.ts";
import { soon } from "../support/waiting.ts";
import { kept, removed, TrustScene } from "./trust_scene.ts";
import type { Script } from "../support/application.ts";

const UPGRADE = get("/tunnel", "Connection: upgrade\r\nUpgrade: raw\r\n");
const SWITCHING =
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: raw\r\nConnection: upgrade\r\n\r\n";
const SETTINGS = { UPGRADES: "raw", TRUST_DRAIN_SECS: "1" };

/** An application that changes its protocol and sends back what comes. */
const echoing: Script = async (connection) => {
  await connection.head();
  await connection.write(SWITCHING);
  for (let line; (line = await connection.until("\n")) !== undefined;) {
    await connection.write(line);
  }
  connection.end();
};

Deno.test("a tunnel is cut TRUST_DRAIN_SECS after its client's CA has gone, and others go on", async () => {
  await using scene = await TrustScene.set(echoing, { settings: SETTINGS });
  const gone = await scene.connect(removed.issue({ commonName: "gone" }));
  const stays = await scene.connect(kept.issue({ commonName: "stays" }));
  for (const client of [gone, stays]) {
    await client.send(UPGRADE);
    assert.equal((await client.response()).status, 101);
    await client.send("hello\n");
    assert.equal(await client.until("\n"), "hello\n");
  }
  await scene.trust(kept);
  assert.notEqual((await soon(gone.rest(), "the cut")).end, "ended");
  await stays.send("still here\n");
  assert.equal(await stays.until("\n"), "still here\n");
});

Deno.test("a tunnel ends when its client's certificate expires", async () => {
  await using scene = await TrustScene.set(echoing, { settings: SETTINGS });
  const brief = kept.issue({
    commonName: "brief",
    notAfter: Date.now() + 4_000,
  });
  const client = await scene.connect(brief);
  await client.send(UPGRADE);
  assert.equal((await client.response()).status, 101);
  assert.notEqual((await soon(client.rest(), "the cut")).end, "ended");
});

Deno.test("no tunnel is made for a client that loses its trust before the 101", async () => {
  const asked = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  await using scene = await TrustScene.set(async (connection) => {
    await connection.head();
    asked.resolve();
    await go.promise;
    await connection.write(SWITCHING + "secret");
    await connection.rest();
    connection.destroy();
  }, { settings: { ...SETTINGS, TRUST_DRAIN_SECS: "600" } });
  const client = await scene.connect(removed.issue({ commonName: "gone" }));
  await client.send(UPGRADE);
  await asked.promise;
  await scene.trust(kept);
  go.resolve();
  const { status, content } = await client.response();
  assert.deepEqual([status, content], [401, "UNAUTHORIZED\n"]);
  assert.deepEqual(await client.rest(), { text: "", end: "ended" });
});

Deno.test("a client that may not enter gets no tunnel", async () => {
  await using scene = await TrustScene.set(ok(), {
    settings: { ...SETTINGS, ALLOW_CN: "someone" },
  });
  const client = await scene.connect(kept.issue({ commonName: "other" }));
  await client.send(UPGRADE);
  assert.equal((await client.response()).status, 403);
  assert.equal(scene.application.connections.length, 0);
});
