import assert from "node:assert/strict";
import { Deadlines } from "../../../src/deadlines.ts";
import { SidecarError } from "../../../src/errors.ts";
import type { FromWorker } from "../../../src/workers/messages.ts";
import { WorkerLink, WorkerSilent } from "../../../src/workers/worker_link.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { RecordedLog } from "./recorded_log.ts";
import { type Answers, ScriptedWorker, silence } from "./scripted_worker.ts";

/** A link to a scripted worker, number 3. */
class Linked implements Disposable {
  readonly clock = new ManualClock();
  readonly log = new RecordedLog();
  readonly lines: string[] = [];
  readonly ends: string[] = [];
  readonly worker: ScriptedWorker;
  readonly link: WorkerLink;

  constructor(answers: Partial<Answers> = {}) {
    this.worker = new ScriptedWorker(3, { answers });
    this.link = new WorkerLink(3, {
      spawn: () => this.worker.spawned,
      deadlines: new Deadlines(this.clock),
      log: this.log.logger,
      accessLog: { line: (text) => void this.lines.push(text) },
      onEnded: (_, reason) => void this.ends.push(reason),
    });
  }

  /** Resolves when the link has taken all that the worker has said so far. */
  async settled(): Promise<void> {
    await this.link.ask("discard", null, Infinity);
  }

  [Symbol.dispose](): void {
    this.link.terminate();
  }
}

Deno.test("WorkerLink gives each question the answer that is its own, whatever their order", async () => {
  const first = Promise.withResolvers<boolean>();
  using linked = new Linked({ drain: () => first.promise, commit: () => 7 });
  const { link, clock } = linked;
  const drained = link.ask("drain", null, 1000);
  assert.equal(await link.ask("commit", { number: 1, epoch: 5 }, 1000), 7);
  assert.deepEqual(await linked.worker.ask("commit"), {
    number: 1,
    epoch: 5,
  });
  first.resolve(true);
  assert.equal(await drained, true);
  assert.equal(clock.running, 0, "no deadline is left");
});

Deno.test("WorkerLink rejects with the code and the words that a worker fails with", async () => {
  using linked = new Linked({
    prepare() {
      throw new Error("Cannot parse it");
    },
  });
  await assert.rejects(
    linked.link.ask("discard", null, 1000).then(() =>
      linked.link.ask("prepare", {
        number: 1,
        change: {
          kind: "sealKeys",
          recipe: { contents: new Map(), now: 0 },
        },
      }, 1000)
    ),
    (error) => {
      assert.ok(error instanceof SidecarError);
      assert.ok(!(error instanceof WorkerSilent));
      assert.equal(error.code, "PEM_INVALID");
      assert.equal(error.message, "Cannot parse it");
      return true;
    },
  );
  assert.equal(linked.link.ended, false);
});

Deno.test("WorkerLink gives up a question in its time, and takes later answers of others", async () => {
  const late = Promise.withResolvers<null>();
  using linked = new Linked({ commit: () => late.promise });
  const { link, clock, worker } = linked;
  const asked = link.ask("commit", { number: 1, epoch: 1 }, 1000);
  const failed = assert.rejects(asked, {
    code: "INTERNAL",
    message: "Cannot speak with worker 3: it does not answer",
  });
  await worker.ask("commit");
  clock.advance(1000);
  assert.equal(clock.running, 1, "it still has time");
  clock.advance(250);
  await failed;
  assert.ok(await asked.catch((error) => error) instanceof WorkerSilent);
  late.resolve(null);
  assert.equal(await link.ask("drain", null, 1000), true);
  assert.deepEqual([link.ended, worker.terminated], [false, false]);
  assert.equal(clock.running, 0);
});

Deno.test("WorkerLink ends a worker that fails at last to do what it was given up for: nobody knows what it has in force", async () => {
  const late = Promise.withResolvers<null>();
  using linked = new Linked({ commit: () => late.promise });
  const { link, clock, worker, ends } = linked;
  const failed = assert.rejects(
    link.ask("commit", { number: 1, epoch: 1 }, 1000),
  );
  await worker.ask("commit");
  clock.advance(1250);
  await failed;
  late.reject(new Error("Nothing is prepared"));
  await worker.until(() => worker.terminated, "its end");
  assert.deepEqual(ends, ["Nothing is prepared"]);
  assert.equal(link.ended, true);
});

Deno.test("WorkerLink waits for ever where it is told to", async () => {
  const late = Promise.withResolvers<null>();
  using linked = new Linked({ discard: () => late.promise });
  const answered = linked.link.ask("discard", null, Infinity);
  linked.clock.advance(1e12);
  late.resolve(null);
  assert.equal(await answered, null);
});

Deno.test("WorkerLink fails all that is asked when the worker ends by itself, tells of it once, and leaves nothing", async () => {
  using linked = new Linked({ drain: silence, commit: silence });
  const { link, worker, ends, clock } = linked;
  const failure = {
    code: "INTERNAL",
    message: "Cannot speak with worker 3: out of memory",
  };
  const failed = Promise.all([
    assert.rejects(link.ask("drain", null, 1000), failure),
    assert.rejects(
      link.ask("commit", { number: 1, epoch: 0 }, Infinity),
      failure,
    ),
  ]);
  worker.die("out of memory");
  worker.die("again");
  await failed;
  assert.deepEqual(ends, ["out of memory"]);
  assert.deepEqual([link.ended, worker.terminated], [true, true]);
  assert.equal(clock.running, 0);
  await assert.rejects(link.ask("report", null, 1000), {
    message: "Cannot speak with worker 3: it has ended",
  });
  assert.equal(clock.running, 0);
});

Deno.test("WorkerLink.terminate() ends the worker and what it was asked, and is no end by itself", async () => {
  using linked = new Linked({ drain: silence });
  const { link, worker, ends, clock } = linked;
  const failed = assert.rejects(link.ask("drain", null, 1000), {
    message: "Cannot speak with worker 3: it was ended",
  });
  link.terminate();
  link.terminate();
  worker.die();
  await failed;
  assert.deepEqual([ends, worker.terminated], [[], true]);
  assert.equal(clock.running, 0);
});

Deno.test("WorkerLink logs what a worker tells, as it tells it", async () => {
  using linked = new Linked();
  const message: FromWorker = {
    kind: "log",
    level: "warning",
    message: "cannot accept connections",
    fields: JSON.stringify({ retry_ms: 5, worker: 3 }),
  };
  linked.worker.say(message);
  linked.worker.say({ ...message, level: "error", fields: "{}" });
  await linked.settled();
  assert.deepEqual(linked.log.events, [
    ["warning", message.message, { retry_ms: 5, worker: 3 }],
    ["error", message.message, {}],
  ]);
});

Deno.test("WorkerLink takes lines of the access log one by one, and says when a batch was taken", async () => {
  using linked = new Linked();
  const octets = (text: string) => new TextEncoder().encode(text);
  linked.worker.say({ kind: "lines", octets: octets('{"a":"ä"}\n{"b":2}\n') });
  linked.worker.say({ kind: "lines", octets: octets('{"c":3}\n') });
  await linked.settled();
  assert.deepEqual(linked.lines, ['{"a":"ä"}', '{"b":2}', '{"c":3}']);
  await linked.worker.until(
    () =>
      linked.worker.questions.filter((one) => one === "lines taken").length ===
        2,
    "the link to take both",
  );
});
