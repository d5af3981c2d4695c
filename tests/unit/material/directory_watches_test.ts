import assert from "node:assert/strict";
import { AnswerLimit } from "../../../src/material/answer_limit.ts";
import { DirectoryWatches } from "../../../src/material/directory_watches.ts";
import { FakeClock } from "./fake_clock.ts";
import { FakeWatch } from "./fake_watch.ts";
import { settled } from "./scripted_source.ts";

class Bench implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly modes: string[] = [];
  readonly watches: DirectoryWatches;
  events = 0;
  readonly #controller = new AbortController();
  readonly #ended: Promise<void>;

  constructor(system: FakeWatch, directories: readonly string[]) {
    this.watches = new DirectoryWatches(directories, {
      clock: this.clock,
      signal: this.#controller.signal,
      system,
      limit: new AnswerLimit(this.clock),
      onEvent: () => this.events++,
      onMode: (mode, reason) =>
        this.modes.push(reason === undefined ? mode : `${mode}: ${reason}`),
    });
    this.#ended = this.watches.run();
  }

  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#controller.abort();
    await this.#ended;
    assert.deepEqual(this.clock.pending, []);
  }
}

Deno.test("DirectoryWatches watch a directory once, however often and in whatever way it is named", async () => {
  const system = new FakeWatch("/a", "/b");
  {
    await using bench = new Bench(system, ["/a", "/b", "/a/", "/b/../a"]);
    await settled();
    assert.deepEqual(system.open.sort(), ["/a", "/b"]);
    assert.deepEqual(bench.modes, ["watch"]);
    const { events } = bench;
    system.emit("/a");
    await settled();
    system.emit("/b");
    await settled();
    assert.equal(bench.events, events + 2);
  }
  assert.deepEqual(system.open, []);
});

Deno.test("DirectoryWatches poll when one of them is down, and say which and why", async () => {
  const system = new FakeWatch("/a", "/b");
  await using bench = new Bench(system, ["/a", "/b"]);
  await settled();
  system.directories.delete("/b");
  await bench.advance(1000);
  for (const ms of [100, 150, 200, 250, 1000]) await bench.advance(ms);
  assert.deepEqual(bench.modes, ["watch", 'poll: "/b": not found']);
  system.directories.set("/b", "2");
  await bench.advance(1000);
  assert.deepEqual(bench.modes.slice(2), ["watch"]);
});

Deno.test("DirectoryWatches tell no mode before each of them knows its own", async () => {
  const system = new FakeWatch("/a");
  const answer = Promise.withResolvers<string>();
  const { identity } = FakeWatch.prototype;
  system.identity = (path) =>
    path === "/b" ? answer.promise : identity.call(system, path);
  await using bench = new Bench(system, ["/a", "/b"]);
  await settled();
  assert.deepEqual(bench.modes, []);
  answer.reject(new Deno.errors.NotFound());
  await settled();
  assert.deepEqual(bench.modes, ["watch"], "an absent directory is no loss");
});
