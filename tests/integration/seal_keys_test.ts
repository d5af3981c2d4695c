import assert from "node:assert/strict";
import { Receiver } from "../support/receiver.ts";
import { FollowedScene, statusOf } from "../support/followed_scene.ts";
import { client } from "../support/sidecar.ts";
import {
  judge,
  KEY,
  keyFile,
  NEXT_KEY,
  sealScene,
  verifier,
} from "./seal_scene.ts";

const RELOADED = "seal keys reloaded";

Deno.test("keys rotate on a live connection, and no request is without a good seal", async () => {
  const receiver = new Receiver();
  await using scene = await sealScene(receiver);
  const connection = await scene.served(client);
  for (
    const text of [
      keyFile(KEY, NEXT_KEY),
      keyFile(NEXT_KEY, KEY),
      keyFile(NEXT_KEY),
    ]
  ) {
    await scene.put(text, RELOADED);
    assert.equal(await statusOf(connection), 200);
  }
  const verdicts = (keys: readonly Uint8Array[]) => {
    const by = verifier({ keys });
    return receiver.requests.map((request) => judge(by, request));
  };
  const bad = "bad-signature";
  assert.deepEqual(verdicts([KEY]), ["ok", "ok", bad, bad]);
  assert.deepEqual(verdicts([NEXT_KEY]), [bad, bad, "ok", "ok"]);
  assert.deepEqual(verdicts([KEY, NEXT_KEY]), ["ok", "ok", "ok", "ok"]);
});

for (
  const [name, text, code] of [
    ["is empty", "", "SEAL_KEY_INVALID"],
    ["has a short key", keyFile(NEXT_KEY.subarray(0, 31)), "SEAL_KEY_INVALID"],
    ["has three keys", keyFile(KEY, NEXT_KEY, KEY), "SEAL_KEY_INVALID"],
    ["is no text", "\0\xff not a key", "SEAL_KEY_INVALID"],
  ] as const
) {
  Deno.test(`a key file that ${name} keeps the old keys`, async () => {
    const receiver = new Receiver();
    await using scene = await sealScene(receiver);
    const connection = await scene.served(client);
    const { level, fields } = await scene.reject(text);
    assert.deepEqual([level, fields["code"]], ["warning", code]);
    assert.equal(await statusOf(connection), 200);
    assert.equal(await statusOf(await scene.connect(client)), 200);
    const by = verifier();
    assert.deepEqual(
      receiver.requests.map((request) => judge(by, request)),
      ["ok", "ok", "ok"],
    );
    await scene.put(keyFile(NEXT_KEY), RELOADED);
    assert.equal(await statusOf(connection), 200);
    const last = receiver.requests.at(-1)!;
    assert.equal(judge(verifier({ keys: [NEXT_KEY] }), last), "ok");
  });
}

Deno.test("a key file that vanishes keeps the old keys", async () => {
  const receiver = new Receiver();
  await using scene = await sealScene(receiver);
  const rejected = scene.sidecar.nextEvent(
    "reload rejected, the old material stays",
  );
  await Deno.remove(scene.file);
  assert.equal((await rejected).fields["code"], "FILE_VANISHED");
  await scene.served(client);
  assert.equal(judge(verifier(), receiver.only), "ok");
});

Deno.test("a key file that is broken at the start is refused", async () => {
  const receiver = new Receiver();
  await assert.rejects(
    async () => {
      await using _ = await FollowedScene.set(receiver.script, {
        variable: "SEAL_KEY_FILE",
        text: "",
      });
    },
    { code: "SEAL_KEY_INVALID" },
  );
});

Deno.test("no key shows in any log, whatever becomes of its file", async () => {
  const receiver = new Receiver();
  await using scene = await sealScene(receiver, { LOG_LEVEL: "debug" });
  (await scene.served(client)).close();
  await scene.put(keyFile(NEXT_KEY, KEY), RELOADED);
  await scene.reject(`${KEY.toHex()} ${NEXT_KEY.toBase64()}\n`);
  await scene.reject(keyFile(KEY.subarray(0, 20), NEXT_KEY));
  await scene.sidecar.shutdown();
  const logged = JSON.stringify([scene.sidecar.events, scene.sidecar.entries]);
  for (const key of [KEY, KEY.subarray(0, 20), NEXT_KEY]) {
    for (const text of [key.toBase64(), key.toHex()]) {
      assert.ok(!logged.includes(text.slice(0, 8)), "a key is in the log");
    }
  }
  assert.match(logged, /SEAL_KEY_INVALID/);
});
