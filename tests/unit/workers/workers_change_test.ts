import assert from "node:assert/strict";
import type { Effect } from "../../../src/lockout.ts";
import { TrustEpoch } from "../../../src/workers/trust_epoch.ts";
import { silence } from "./scripted_worker.ts";
import { nameIn, nextTurn, Value, WorkersScene } from "./workers_scene.ts";

const NOBODY: Effect = { clients: 0, refused: 0, lockedOut: 0 };
const ALL_OF_TWO: Effect = { clients: 2, refused: 2, lockedOut: 2 };
const ONE_OF_TWO: Effect = { clients: 2, refused: 1, lockedOut: 1 };
const REFUSE = { REFUSE_LOCKOUT: "true" };

Deno.test("Workers tells no worker to commit before all have prepared", async () => {
  await using scene = await WorkersScene.start({ count: 3 });
  const prepared = Promise.withResolvers<null>();
  scene.all[1]!.answers.prepare = () => prepared.promise;
  const changed = scene.change(new Value("next"));
  for (const worker of scene.all) await worker.ask("prepare");
  await nextTurn();
  assert.equal(scene.count("commit"), 0);
  prepared.resolve(null);
  await changed;
  assert.deepEqual(scene.heard.toSorted(), [
    ...["commit 0", "commit 1", "commit 2"],
    ...["prepare 0", "prepare 1", "prepare 2"],
  ]);
  const { change } = await scene.all[2]!.ask("prepare");
  assert.ok(change.kind === "peers");
  assert.equal(nameIn(change.recipe), "next");
});

Deno.test("Workers says that a change is in force when all have committed, and not before", async () => {
  await using scene = await WorkersScene.start();
  const committed = Promise.withResolvers<null>();
  scene.all[1]!.answers.commit = () => committed.promise;
  let inForce = false;
  const changed = scene.change(new Value("next")).then(() => inForce = true);
  for (const worker of scene.all) await worker.ask("commit");
  await nextTurn();
  assert.equal(inForce, false);
  committed.resolve(null);
  await changed;
});

for (const narrower of [true, false]) {
  Deno.test(`Workers ${narrower ? "lets the epoch rise before it tells any to commit where trust shrinks" : "leaves the epoch where no trust shrinks"}`, async () => {
    await using scene = await WorkersScene.start();
    const seen: [when: string, value: number][] = [];
    for (const worker of scene.all) {
      const epoch = new TrustEpoch((await worker.ask("begin")).epoch.memory);
      worker.answers.prepare = () => {
        seen.push(["prepare", epoch.value]);
        return null;
      };
      worker.answers.commit = (ask) => {
        seen.push(["commit", epoch.value]);
        assert.equal(ask.epoch, epoch.value);
        return null;
      };
    }
    await scene.change(new Value("next", { narrower }));
    const after = narrower ? 1 : 0;
    assert.deepEqual(seen, [
      ["prepare", 0],
      ["prepare", 0],
      ["commit", after],
      ["commit", after],
    ]);
  });
}

Deno.test("Workers adds up the connections that a narrower value ends, and tells of none where trust does not shrink", async () => {
  await using scene = await WorkersScene.start();
  scene.all[0]!.answers.commit = () => 2;
  scene.all[1]!.answers.commit = () => 3;
  await scene.change(new Value("next", { narrower: true }));
  assert.equal(scene.retired, 5);
  await scene.change(new Value("last"));
  assert.equal(scene.retired, undefined);
});

Deno.test("Workers changes nothing for a value that is in force", async () => {
  await using scene = await WorkersScene.start();
  const value = new Value("next");
  await scene.change(value);
  scene.heard.length = 0;
  await scene.change(value);
  assert.deepEqual(scene.heard, []);
});

Deno.test("Workers discards everywhere what would lock all clients of all workers out, and commits it nowhere", async () => {
  await using scene = await WorkersScene.start({ settings: REFUSE });
  for (const worker of scene.all) worker.answers.prepare = () => ALL_OF_TWO;
  const value = new Value("next", { narrower: true });
  await assert.rejects(scene.change(value), {
    code: "LOCKOUT",
    message: /all of the 4 clients/,
  });
  assert.deepEqual(scene.heard.toSorted(), [
    "discard 0",
    "discard 1",
    "prepare 0",
    "prepare 1",
  ]);
  const { epoch } = await scene.all[0]!.ask("begin");
  assert.equal(
    new TrustEpoch(epoch.memory).value,
    0,
    "nobody is to wait for it",
  );
  await scene.change(value, { asked: true });
  assert.equal(scene.count("commit"), 2);
});

Deno.test("Workers takes what leaves a client in anywhere, and warns once with the numbers of all", async () => {
  await using scene = await WorkersScene.start({ settings: REFUSE, count: 3 });
  const effects = [ALL_OF_TWO, ONE_OF_TWO, NOBODY];
  for (const [index, effect] of effects.entries()) {
    scene.all[index]!.answers.prepare = () => effect;
  }
  await scene.change(new Value("next", { narrower: true }));
  assert.deepEqual(scene.log.events, [[
    "warning",
    "new trust refuses clients that are connected now",
    { clients: 4, refused: 3 },
  ]]);
  assert.equal(scene.count("commit"), 3);
});

Deno.test("Workers puts changes in force one after the other", async () => {
  await using scene = await WorkersScene.start();
  const prepared = Promise.withResolvers<null>();
  scene.all[0]!.answers.prepare = () => prepared.promise;
  const first = scene.change(new Value("next"));
  const second = scene.change(new Value("last", { narrower: true }));
  await scene.all[1]!.ask("prepare");
  await nextTurn();
  assert.equal(scene.count("prepare"), 2);
  prepared.resolve(null);
  await Promise.all([first, second]);
  assert.deepEqual(scene.heard.map((one) => one.split(" ")[0]), [
    ...["prepare", "prepare", "commit", "commit"],
    ...["prepare", "prepare", "commit", "commit"],
  ]);
});

for (const question of ["prepare", "commit"] as const) {
  Deno.test(`Workers ends a worker that fails to ${question}, and its successor begins with the value in force`, async () => {
    await using scene = await WorkersScene.start();
    const [, failing] = scene.all;
    failing!.answers[question] = () => {
      throw new Error("it cannot");
    };
    await scene.change(new Value("next", { narrower: true }));
    assert.deepEqual(scene.living, [scene.all[0]]);
    assert.equal(scene.count("commit"), question === "commit" ? 2 : 1);
    assert.equal(
      scene.observations.tally.get("workers_replaced", "ended"),
      1,
    );
    const [event] = scene.log.events;
    assert.equal(event?.[1], "a worker did not do what it was asked");
    assert.equal(event?.[2]["worker"], 1);
    assert.equal(event?.[2]["question"], question);

    scene.clock.advance(500);
    const successor = await scene.started(2);
    const { index, changes, epoch } = await successor.ask("begin");
    assert.equal(index, 1);
    assert.deepEqual(
      changes.map((change) => change.kind === "peers" && nameIn(change.recipe)),
      ["next"],
    );
    assert.equal(new TrustEpoch(epoch.memory).value, 1);
  });

  Deno.test(`Workers waits ten seconds for a worker that is silent when it is to ${question}, and no longer`, async () => {
    await using scene = await WorkersScene.start();
    const [hale, silent] = scene.all;
    silent!.answers[question] = silence;
    const changed = scene.change(new Value("next", { narrower: true }));
    await silent!.ask(question);
    await hale!.ask(question);
    scene.clock.advance(9_500);
    await nextTurn();
    assert.equal(scene.log.messages.length, 0);
    scene.clock.advance(1_000);
    await changed;
    assert.deepEqual(scene.log.messages, [
      "a worker did not do what it was asked",
    ]);
    // It may come to it yet, and lets nobody in before.
    assert.equal(scene.count("commit"), 2);
    assert.equal(scene.living.length, 2);
    // Those that answer are not to wait for it again.
    await scene.change(new Value("last", { narrower: true }));
    assert.equal(scene.count("commit"), 4);
  });
}

Deno.test("Workers does not count a worker that ends during a change, and goes on without it", async () => {
  await using scene = await WorkersScene.start();
  scene.all[1]!.answers.prepare = silence;
  const changed = scene.change(new Value("next"));
  await scene.all[1]!.ask("prepare");
  scene.all[1]!.die();
  await changed;
  assert.deepEqual(scene.heard.filter((one) => one.startsWith("commit")), [
    "commit 0",
  ]);
  assert.deepEqual(scene.log.messages, [
    "a worker has ended, and another takes its place",
  ]);
});
