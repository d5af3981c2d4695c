import assert from "node:assert/strict";
import { Observations } from "../../../src/observations/observations.ts";
import type { Report } from "../../../src/workers/messages.ts";
import { reportOf, silence } from "./scripted_worker.ts";
import { nextTurn, WorkersScene } from "./workers_scene.ts";

/** A report of a worker that has answered so many requests since the last. */
function answered(requests: number, changes: Partial<Report> = {}): Report {
  const observed = new Observations(() => 0);
  for (let i = 0; i < requests; i++) {
    observed.traffic.begin();
    observed.traffic.end({
      protocol: "h2",
      status: 200,
      fault: undefined,
      durationMs: 1,
      upstreamMs: 1,
      received: 0,
      sent: 0,
    });
    observed.connections.opened("h2");
  }
  return reportOf(changes, observed);
}

Deno.test("Reports adds up what workers tell, each thing once", async () => {
  await using scene = await WorkersScene.start();
  const [first, second] = scene.all;
  first!.answers.report = () => answered(2);
  second!.answers.report = () => answered(3);
  const { observations, workers: { reports } } = scene;
  await reports.refresh();
  assert.equal(observations.traffic.total, 5);
  assert.equal(observations.connections.total["h2"], 5);
  first!.answers.report = second!.answers.report = () => answered(1);
  await reports.refresh();
  assert.equal(observations.traffic.total, 7);
});

Deno.test("Reports shows the present of all workers together, and not the sum of what it was", async () => {
  await using scene = await WorkersScene.start();
  const { observations, workers: { reports } } = scene;
  for (const worker of scene.all) {
    worker.answers.report = () =>
      reportOf({
        connections: { admitted: 2, handshaking: 3, tunnels: 1 },
        open: { "http/1.1": 1, "h2": 1, "tunnel": 1 },
        inFlight: 4,
        heapUsed: 5,
      });
  }
  for (let i = 0; i < 2; i++) {
    await reports.refresh();
    assert.deepEqual(scene.workers.connections, {
      admitted: 4,
      handshaking: 6,
      tunnels: 2,
    });
    assert.deepEqual(observations.connections.open, {
      "http/1.1": 2,
      "h2": 2,
      "tunnel": 2,
    });
    assert.equal(observations.traffic.inFlight, 8);
    assert.equal(reports.heapUsed, 10);
  }
});

Deno.test("Reports keeps the counts of a worker that has ended, and nothing of what it had open", async () => {
  await using scene = await WorkersScene.start();
  const { observations, workers: { reports } } = scene;
  for (const worker of scene.all) {
    worker.answers.report = () => answered(2, { inFlight: 1, heapUsed: 5 });
  }
  await reports.refresh();
  for (const worker of scene.all) worker.answers.report = () => reportOf();
  scene.all[0]!.die();
  await reports.refresh();
  assert.deepEqual([reports.wanted, reports.running], [2, 1]);
  assert.equal(observations.traffic.total, 4);
  assert.equal(observations.connections.total["h2"], 4);
  assert.equal(observations.connections.open["h2"], 0);
  assert.deepEqual([observations.traffic.inFlight, reports.heapUsed], [0, 0]);
});

Deno.test("Reports asks every second, whether anybody looks or not", async () => {
  await using scene = await WorkersScene.start();
  for (let times = 1; times < 4; times++) {
    scene.clock.advance(1_250);
    await scene.all[0]!.until(
      () =>
        scene.all[0]!.questions.filter((one) => one === "report").length ===
          times,
      "the next question",
    );
    await nextTurn();
  }
});

Deno.test("Reports does not wait half a second for one that does not answer, and does not ask it twice", async () => {
  await using scene = await WorkersScene.start();
  const late = Promise.withResolvers<Report>();
  scene.all[0]!.answers.report = () => answered(1);
  scene.all[1]!.answers.report = () => late.promise;
  const { observations, workers: { reports } } = scene;
  for (let times = 1; times < 3; times++) {
    const refreshed = reports.refresh();
    await nextTurn();
    scene.clock.advance(750);
    await refreshed;
    assert.equal(observations.traffic.total, times);
  }
  assert.equal(scene.all[1]!.questions.join(), "begin,report");
  late.resolve(answered(5));
  scene.all[1]!.answers.report = () => reportOf();
  await reports.refresh();
  // What came late is there, too, and what the other was asked between.
  assert.equal(observations.traffic.total, 9);
});

Deno.test("Reports tells of a worker that has said nothing for half a minute, until it speaks or ends", async (t) => {
  for (const end of ["speaks", "ends"] as const) {
    await t.step(`it ${end}`, async () => {
      await using scene = await WorkersScene.start();
      const { reports } = scene.workers;
      const stuck = scene.all[1]!;
      const word = Promise.withResolvers<Report>();
      stuck.answers.report = () => word.promise;
      scene.clock.advance(1_250);
      await stuck.ask("report");
      scene.clock.advance(29_750);
      assert.deepEqual(reports.silent, []);
      await nextTurn();
      scene.clock.advance(500);
      assert.deepEqual(reports.silent, [1]);
      if (end === "ends") stuck.die();
      else {
        word.resolve(reportOf());
        stuck.answers.report = () => reportOf();
        await reports.refresh();
      }
      assert.deepEqual(reports.silent, []);
    });
  }
});

Deno.test("Reports leaves no timer when it has ended, nor when one was waited for", async () => {
  const scene = await WorkersScene.start();
  scene.all[0]!.answers.report = silence;
  const refreshed = scene.workers.reports.refresh();
  await scene.all[0]!.ask("report");
  scene.clock.advance(750);
  await refreshed;
  await scene.workers.close();
  assert.equal(scene.clock.running, 0);
});
