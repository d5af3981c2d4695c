import assert from "node:assert/strict";
import { get, ok } from "../support/messages.ts";
import { eventually } from "../support/waiting.ts";
import { kept, removed, TrustScene } from "./trust_scene.ts";

Deno.test("a request that waits for a connection to the application does not outlive the trust in its client", async () => {
  const seen: string[] = [];
  const go = Promise.withResolvers<void>();
  await using scene = await TrustScene.set(async (connection) => {
    for (let head; (head = await connection.head()) !== undefined;) {
      seen.push(head.split(" ", 2).join(" "));
      await go.promise;
      await connection.write(ok("done"));
    }
  }, { settings: { UPSTREAM_MAX_CONNECTIONS: "1" } });
  const safe = await scene.connect(kept.issue());
  const lost = await scene.connect(removed.issue());
  await safe.send(get("/first"));
  await eventually(() => seen.length === 1, "the first request");
  await lost.send(get("/waits"));
  await scene.trust(kept);
  go.resolve();
  assert.equal((await safe.response()).status, 200);
  await safe.send(get("/last"));
  assert.equal((await safe.response()).status, 200);
  assert.deepEqual(seen, ["GET /first", "GET /last"]);
});
