import assert from "node:assert/strict";
import { silence } from "./scripted_worker.ts";
import { nameIn, nextTurn, Value, WorkersScene } from "./workers_scene.ts";

const REPLACED = "a worker took the place of another";

Deno.test("Workers starts each worker with its share, on one port, with all values in force", async () => {
  await using scene = await WorkersScene.start({
    count: 3,
    settings: { MAX_CONNECTIONS: "10" },
  });
  const begun = await Promise.all(scene.all.map((each) => each.ask("begin")));
  assert.deepEqual(begun.map(({ index }) => index), [0, 1, 2]);
  assert.deepEqual(
    begun.map(({ config: { maxConnections } }) => maxConnections),
    [4, 3, 3],
  );
  const { port } = scene.workers.address;
  assert.ok(port > 0);
  assert.deepEqual(begun.map((beginning) => beginning.port), [
    port,
    port,
    port,
  ]);
  for (const { changes } of begun) {
    const [change, ...others] = changes;
    assert.ok(change?.kind === "peers" && others.length === 0);
    assert.equal(nameIn(change.recipe), "first");
  }
});

Deno.test("Workers does not start where a port is taken, and starts no worker", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  await using scene = new WorkersScene({
    settings: { TLS_LISTEN_PORT: `${port}` },
  });
  await scene.change(new Value("first"));
  await assert.rejects(scene.workers.start(), {
    code: "LISTEN_FAILED",
    message: new RegExp(`^Cannot listen on 127\\.0\\.0\\.1 port ${port}: `),
  });
  assert.deepEqual(scene.all, []);
  assert.equal(scene.clock.running, 0);
});

Deno.test("Workers leaves no worker where one cannot begin, those included that have not yet", async () => {
  await using scene = new WorkersScene({
    count: 3,
    answers: {
      begin({ index }) {
        if (index === 1) throw new Error("Cannot begin");
        return index === 0 ? null : silence();
      },
    },
  });
  await scene.change(new Value("first"));
  await assert.rejects(scene.workers.start(), { message: "Cannot begin" });
  assert.equal(scene.living.length, 0);
  assert.equal(scene.clock.running, 0, "no timer is left");
});

Deno.test("Workers replaces a worker that ends, in a quarter of a second, and counts it", async () => {
  await using scene = await WorkersScene.start();
  scene.all[0]!.die("out of memory");
  assert.deepEqual(scene.log.events, [[
    "error",
    "a worker has ended, and another takes its place",
    { worker: 0, reason: "out of memory" },
  ]]);
  assert.equal(scene.workers.reports.running, 1);
  scene.clock.advance(500);
  await scene.logged(REPLACED);
  assert.deepEqual(scene.log.events.at(-1), ["info", REPLACED, { worker: 0 }]);
  assert.equal(scene.workers.reports.running, 2);
  assert.equal(scene.observations.tally.get("workers_replaced", "ended"), 1);
});

Deno.test("Workers tries again, twice as late each time, where a successor cannot begin", async () => {
  await using scene = await WorkersScene.start();
  let attempts = 0;
  scene.answers = {
    begin() {
      attempts++;
      throw new Error("Cannot begin");
    },
  };
  scene.all[0]!.die();
  for (const [nth, delayMs] of [250, 500, 1000, 2000].entries()) {
    scene.clock.advance(delayMs);
    await nextTurn();
    assert.equal(attempts, nth, "not before its time");
    scene.clock.advance(250);
    await scene.logged("a worker cannot begin", nth + 1);
    assert.equal(attempts, nth + 1);
    assert.equal(scene.living.length, 1);
  }
  scene.answers = {};
  scene.clock.advance(4250);
  await scene.logged(REPLACED);
});

Deno.test("Workers has no change wait for a worker that takes the place of another: it begins anew, with what is in force by then", async () => {
  await using scene = await WorkersScene.start();
  scene.answers = { begin: silence };
  scene.all[0]!.die();
  scene.clock.advance(500);
  const given = await scene.started(2);
  await scene.change(new Value("next", { narrower: true }));
  assert.equal(given.terminated, true);
  scene.answers = {};
  scene.clock.advance(1_000);
  const { changes, epoch } = await (await scene.started(3)).ask("begin");
  assert.deepEqual(
    changes.map((change) => change.kind === "peers" && nameIn(change.recipe)),
    ["next"],
  );
  assert.equal(epoch.value, 1);
  await scene.logged(REPLACED);
});

Deno.test("Workers gives up a worker that does not begin in two minutes, and tries again", async () => {
  await using scene = await WorkersScene.start();
  scene.answers = { begin: silence };
  scene.all[0]!.die();
  scene.clock.advance(500);
  const given = await scene.started(2);
  scene.answers = {};
  scene.clock.advance(120_250);
  await scene.logged("a worker cannot begin");
  assert.equal(given.terminated, true);
  scene.clock.advance(1_000);
  await scene.logged(REPLACED);
});

Deno.test("Workers replaces a worker twice as late each time that it does not last", async () => {
  await using scene = await WorkersScene.start();
  for (const [nth, delayMs] of [250, 500, 1000].entries()) {
    scene.living.find(({ index }) => index === 0)!.die();
    scene.clock.advance(delayMs);
    await nextTurn();
    assert.equal(scene.all.length, 2 + nth, "not before its time");
    scene.clock.advance(250);
    await scene.logged(REPLACED, nth + 1);
  }
  // This one lasts.
  scene.clock.advance(60_000);
  scene.living.find(({ index }) => index === 0)!.die();
  scene.clock.advance(500);
  await scene.logged(REPLACED, 4);
});

Deno.test("Workers lets each worker drain, and tells whether all had finished", async (t) => {
  for (
    const [title, answer, finished] of [
      ["all did", () => true, true],
      ["one had to cut", () => false, false],
      ["one failed", () => assert.fail("it cannot"), false],
    ] as const
  ) {
    await t.step(title, async () => {
      await using scene = await WorkersScene.start();
      scene.all[1]!.answers.drain = answer;
      assert.equal(await scene.workers.drain(), finished);
      assert.equal(scene.count("drain"), 2);
      assert.equal(scene.all.length, 2, "nobody takes its place");
    });
  }
});

Deno.test("Workers does not wait for a worker that never drains, and does not tell that all had finished", async () => {
  await using scene = await WorkersScene.start({
    settings: { SHUTDOWN_TIMEOUT_SECS: "10" },
  });
  scene.all[1]!.answers.drain = silence;
  const drained = scene.workers.drain();
  await scene.all[1]!.ask("drain");
  await nextTurn();
  scene.clock.advance(14_000);
  await nextTurn();
  assert.deepEqual(scene.log.messages, [], "it may need all its time");
  scene.clock.advance(1_500);
  assert.equal(await drained, false);
});

Deno.test("Workers starts no worker once it drains, and one that had not begun yet disturbs none that drains", async () => {
  await using scene = await WorkersScene.start({ count: 3 });
  const begun = Promise.withResolvers<null>();
  const drained = Promise.withResolvers<boolean>();
  scene.answers = { begin: () => begun.promise };
  scene.all[0]!.die();
  scene.clock.advance(500);
  const successor = await scene.started(3);
  // Its place is still to be taken.
  scene.all[1]!.die();
  scene.all[2]!.answers.drain = () => drained.promise;
  const finished = scene.workers.drain();
  await scene.all[2]!.ask("drain");
  begun.resolve(null);
  scene.clock.advance(1_000);
  await nextTurn();
  assert.deepEqual(scene.living, [scene.all[2]]);
  assert.equal(successor.terminated, true);
  assert.equal(scene.all.length, 4);
  drained.resolve(true);
  assert.equal(await finished, true);
});

Deno.test("Workers.close() leaves no worker and no timer", async () => {
  const scene = await WorkersScene.start();
  scene.all[0]!.die();
  await scene.workers.close();
  assert.equal(scene.living.length, 0);
  assert.equal(scene.clock.running, 0);
});
