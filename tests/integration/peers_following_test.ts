import assert from "node:assert/strict";
import { join } from "node:path";
import { type FollowedScene, statusOf } from "../support/followed_scene.ts";
import { temporaryDirectory } from "../support/files.ts";
import { fieldValues, get, ok, post } from "../support/messages.ts";
import type { Issued } from "../support/pki.ts";
import { Receiver } from "../support/receiver.ts";
import { root } from "../support/sidecar.ts";
import {
  peersFile,
  peersOf,
  peersScene,
  RELOADED,
  workload,
} from "./peers_scene.ts";
import { KEY, keyFile } from "./seal_scene.ts";
import { onCue } from "./trust_scene.ts";

const SHOP = "spiffe://acme/ns/a/sa/shop";
const billing = root.issue({ commonName: "billing" });
const renewed = root.issue({ commonName: "billing" });
const shop = workload(SHOP);
const BILLING_PEER = { id: "billing", keys: [billing] };
const SHOP_PEER = { id: "shop", spiffe: SHOP };
const BOTH = peersFile([BILLING_PEER, SHOP_PEER]);

async function enters(
  scene: FollowedScene,
  identity: Issued,
): Promise<number> {
  return await statusOf(await scene.connect(identity));
}

Deno.test("two pins take a peer through a rotation without a refused request", async () => {
  const receiver = new Receiver();
  await using scene = await peersScene(
    receiver.script,
    peersFile([BILLING_PEER]),
  );
  const old = await scene.served(billing);
  assert.equal(await enters(scene, renewed), 403);
  const both = { id: "billing", keys: [billing, renewed] };
  await scene.put(peersFile([both]), RELOADED);
  const fresh = await scene.served(renewed);
  assert.equal(await statusOf(old), 200);
  await scene.put(
    peersFile([{ id: "billing", keys: [renewed] }]),
    RELOADED,
  );
  assert.equal((await old.rest()).text, "");
  assert.equal(await statusOf(fresh), 200);
  assert.equal(await enters(scene, billing), 403);
  assert.deepEqual(new Set(peersOf(receiver)), new Set(["billing"]));
});

Deno.test("a wider file lets the new peer in and disturbs nobody", async () => {
  const receiver = new Receiver();
  await using scene = await peersScene(
    receiver.script,
    peersFile([BILLING_PEER]),
  );
  const there = await scene.served(billing);
  assert.equal(await enters(scene, shop), 403);
  const { fields } = await scene.put(BOTH, RELOADED);
  assert.deepEqual(fields, { peers: 2, retired: 0 });
  await scene.served(shop);
  assert.equal(await statusOf(there), 200);
  assert.deepEqual(peersOf(receiver), ["billing", "shop", "billing"]);
});

Deno.test("a narrower file ends the idle connections of the peer that is gone at once, and no others", async () => {
  const receiver = new Receiver();
  await using scene = await peersScene(receiver.script, BOTH);
  const gone = [await scene.served(shop), await scene.served(workload(SHOP))];
  const unasked = await scene.connect(shop);
  const stays = await scene.served(billing);
  const { fields } = await scene.put(peersFile([BILLING_PEER]), RELOADED);
  assert.deepEqual(fields, { peers: 1, retired: 3 });
  for (const client of [...gone, unasked]) {
    assert.equal((await client.rest()).text, "");
  }
  assert.equal(await statusOf(stays), 200);
  assert.equal(await enters(scene, shop), 403);
});

Deno.test("the request in hand of a peer that is gone is finished with Connection: close, and those behind it are not served", async () => {
  const { script, lines, asked, go } = onCue(ok("in"));
  await using scene = await peersScene(script, BOTH);
  const gone = await scene.connect(shop);
  await gone.send(get("/1") + get("/2"));
  await asked;
  await scene.put(peersFile([BILLING_PEER]), RELOADED);
  go();
  const { head, content } = await gone.response();
  assert.deepEqual([content, fieldValues(head, "connection")], ["in", [
    "close",
  ]]);
  assert.deepEqual(await gone.rest(), { text: "", end: "ended" });
  assert.deepEqual(lines, ["GET /1"]);
});

Deno.test("a peer that is renamed never keeps its old id on a live connection", async () => {
  const receiver = new Receiver();
  await using scene = await peersScene(receiver.script, BOTH);
  const idle = await scene.served(billing);
  const stays = await scene.served(shop);
  await scene.put(
    peersFile([{ id: "payments", keys: [billing] }, SHOP_PEER]),
    RELOADED,
  );
  assert.equal(await statusOf(idle), 0);
  await scene.served(billing);
  assert.equal(await statusOf(stays), 200);
  assert.deepEqual(peersOf(receiver), ["billing", "shop", "payments", "shop"]);
});

Deno.test("two peers that change places are told apart at once", async () => {
  const receiver = new Receiver();
  const a = { id: "a", keys: [billing] };
  const b = { id: "b", keys: [renewed] };
  await using scene = await peersScene(receiver.script, peersFile([a, b]));
  const first = await scene.served(billing);
  await scene.put(
    peersFile([{ ...a, keys: [renewed] }, { ...b, keys: [billing] }]),
    RELOADED,
  );
  assert.equal(await statusOf(first), 0);
  await scene.served(billing);
  await scene.served(renewed);
  assert.deepEqual(peersOf(receiver), ["a", "b", "a"]);
});

Deno.test("a client that entered as nobody is told of as the peer that it has become", async () => {
  const receiver = new Receiver();
  await using scene = await peersScene(
    receiver.script,
    peersFile([BILLING_PEER], { unpinned: "accept" }),
  );
  const nobody = await scene.served(shop);
  await scene.put(
    peersFile([BILLING_PEER, SHOP_PEER], { unpinned: "accept" }),
    RELOADED,
  );
  assert.equal(await statusOf(nobody), 0);
  await scene.served(shop);
  assert.deepEqual(peersOf(receiver), ["", "shop"]);
});

for (
  const [name, text] of [
    ["is no JSON", '{"peers": ['],
    ["is empty", ""],
    ["names a peer twice", peersFile([BILLING_PEER, BILLING_PEER])],
    ["has something unknown", JSON.stringify({ peers: [], unpined: "accept" })],
  ] as const
) {
  Deno.test(`a file that ${name} keeps the old peers, in everything`, async () => {
    const receiver = new Receiver();
    await using scene = await peersScene(receiver.script, BOTH);
    const there = await scene.served(billing);
    const { level, fields } = await scene.reject(text);
    assert.deepEqual([level, fields["code"], fields["file"]], [
      "warning",
      "PEERS_INVALID",
      scene.file,
    ]);
    assert.equal(await statusOf(there), 200);
    await scene.served(shop);
    assert.equal(await enters(scene, renewed), 403);
    // And the next good one is taken.
    await scene.put(peersFile([SHOP_PEER]), RELOADED);
    assert.equal((await there.rest()).text, "");
  });
}

Deno.test("a file that vanishes keeps the old peers, until it comes back", async () => {
  const receiver = new Receiver();
  await using scene = await peersScene(receiver.script, BOTH);
  const there = await scene.served(billing);
  const rejected = scene.sidecar.nextEvent(
    "reload rejected, the old material stays",
  );
  await Deno.remove(scene.file);
  assert.equal((await rejected).fields["code"], "FILE_VANISHED");
  assert.equal(await statusOf(there), 200);
  assert.equal(await enters(scene, renewed), 403);
  await scene.put(peersFile([SHOP_PEER]), RELOADED);
  assert.equal((await there.rest()).text, "");
});

Deno.test("a file that is broken at the start is refused, and nothing is served", async () => {
  await assert.rejects(
    async () => {
      await using _ = await peersScene(new Receiver().script, "[]");
    },
    { code: "PEERS_INVALID" },
  );
});

Deno.test("REFUSE_LOCKOUT keeps the old peers where new ones refuse all clients connected now, until a reload is asked for", async () => {
  const receiver = new Receiver();
  await using scene = await peersScene(receiver.script, BOTH, {
    REFUSE_LOCKOUT: "true",
  });
  const clients = [await scene.served(billing), await scene.served(shop)];
  const { fields } = await scene.reject(peersFile([]));
  assert.equal(fields["code"], "LOCKOUT");
  assert.match(String(fields["error"]), /all of the 2 clients/);
  for (const client of clients) assert.equal(await statusOf(client), 200);
  await scene.served(shop);
  const reloaded = scene.sidecar.nextEvent(RELOADED);
  scene.sidecar.sidecar.reload();
  await reloaded;
  for (const client of clients) assert.equal((await client.rest()).text, "");
  assert.equal(await enters(scene, billing), 403);
});

Deno.test("peers that refuse some of the clients connected now are taken, and warned of with their number", async () => {
  const receiver = new Receiver();
  await using scene = await peersScene(receiver.script, BOTH, {
    REFUSE_LOCKOUT: "true",
  });
  const stays = await scene.served(billing);
  await scene.served(shop);
  const warned = scene.sidecar.nextEvent(
    "new trust refuses clients that are connected now",
  );
  await scene.put(peersFile([BILLING_PEER]), RELOADED);
  assert.deepEqual((await warned).fields, { clients: 2, refused: 1 });
  assert.equal(await statusOf(stays), 200);
});

Deno.test("a reload that is asked for takes the file at once, changed or not", async () => {
  const receiver = new Receiver();
  await using scene = await peersScene(receiver.script, BOTH);
  const there = await scene.served(billing);
  const asked = scene.sidecar.nextEvent("reload asked for");
  scene.sidecar.sidecar.reload();
  await asked;
  assert.equal(await statusOf(there), 200);
  const reloaded = scene.sidecar.nextEvent(RELOADED);
  await Deno.writeTextFile(scene.file, peersFile([SHOP_PEER]));
  scene.sidecar.sidecar.reload();
  await reloaded;
  assert.equal((await there.rest()).text, "");
});

for (
  const [name, peers] of [
    ["removed", [SHOP_PEER]],
    ["renamed", [{ id: "payments", keys: [billing] }, SHOP_PEER]],
  ] as const
) {
  Deno.test(`a request that is held back for its seal while its peer is ${name} never reaches the application`, async () => {
    const receiver = new Receiver();
    await using keys = await temporaryDirectory({ keys: keyFile(KEY) });
    await using scene = await peersScene(receiver.script, BOTH, {
      SEAL_KEY_FILE: join(keys.path, "keys"),
      SEAL_BODY: "true",
    });
    const client = await scene.served(billing);
    const request = post("content");
    await client.send(request.slice(0, -1));
    const stays = await scene.connect(shop);
    await stays.send(request.slice(0, -1));
    await scene.put(peersFile(peers), RELOADED);
    for (const each of [client, stays]) await each.send(request.slice(-1));
    const { status, head, content } = await client.response();
    assert.deepEqual([status, content], [401, "UNAUTHORIZED\n"]);
    assert.deepEqual(fieldValues(head, "connection"), ["close"]);
    assert.equal((await stays.response()).status, 200);
    assert.deepEqual(peersOf(receiver), ["billing", "shop"]);
  });
}
