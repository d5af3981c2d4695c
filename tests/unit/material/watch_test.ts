import assert from "node:assert/strict";
import { DirectoryWatch } from "../../../src/material/watch.ts";
import { FakeClock } from "./fake_clock.ts";
import { FakeWatch } from "./fake_watch.ts";
import { settled } from "./scripted_source.ts";

const EXHAUSTED = new Error("No space left on device (os error 28)");

class Bench implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly system: FakeWatch;
  readonly states: string[] = [];
  readonly watch: DirectoryWatch;
  events = 0;
  readonly #controller = new AbortController();
  readonly #running: Promise<void>;

  private constructor(system: FakeWatch) {
    this.system = system;
    this.watch = new DirectoryWatch("/certs", {
      clock: this.clock,
      signal: this.#controller.signal,
      system,
      onEvent: () => this.events++,
      onState: () => this.states.push(this.watch.state ?? "none"),
    });
    this.#running = this.watch.run();
  }

  static async of(system: FakeWatch): Promise<Bench> {
    const bench = new Bench(system);
    await settled();
    return bench;
  }

  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#controller.abort();
    await this.#running;
    assert.deepEqual(this.system.open, []);
    assert.deepEqual(this.clock.pending, []);
  }
}

Deno.test("DirectoryWatch tells when it is on, for what happened before, and of each event after it", async () => {
  await using bench = await Bench.of(new FakeWatch("/certs"));
  assert.deepEqual(bench.states, ["watched"]);
  assert.equal(bench.events, 1);
  bench.system.emit("/certs");
  bench.system.emit("/certs", { kind: "create" });
  await settled();
  assert.equal(bench.events, 3);
  assert.equal(bench.watch.problem, undefined);
});

Deno.test("DirectoryWatch is set up again 50 ms after its directory was removed and made again", async () => {
  const system = new FakeWatch("/certs");
  await using bench = await Bench.of(system);
  // As a rule the new directory has the number of the old one.
  system.emit("/certs", { kind: "remove", path: "/certs" });
  await settled();
  assert.deepEqual(system.open, []);
  await bench.advance(49);
  assert.equal(system.attempts, 1);
  await bench.advance(1);
  assert.deepEqual(system.open, ["/certs"]);
  const { events } = bench;
  system.emit("/certs");
  await settled();
  assert.equal(bench.events, events + 1);
  assert.deepEqual(bench.states, ["watched"]);
});

Deno.test("DirectoryWatch is set up again when another directory took the place of its own", async () => {
  const system = new FakeWatch("/certs");
  await using bench = await Bench.of(system);
  system.directories.set("/certs", "2");
  system.emit("/certs");
  await settled();
  await bench.advance(50);
  assert.equal(system.attempts, 2);
  assert.deepEqual(system.open, ["/certs"]);
});

Deno.test("DirectoryWatch is set up again when its directory was replaced while the watch was set up", async () => {
  const system = new FakeWatch("/certs");
  const watch = system.watch.bind(system);
  system.watch = (directory) => {
    if (system.attempts === 0) system.directories.set(directory, "2");
    return watch(directory);
  };
  await using bench = await Bench.of(system);
  assert.deepEqual(system.open, []);
  await bench.advance(50);
  assert.deepEqual(system.open, ["/certs"]);
});

Deno.test("DirectoryWatch is set up again within a second of another directory's coming, though no event tells of it", async () => {
  const system = new FakeWatch("/certs");
  await using bench = await Bench.of(system);
  await bench.advance(1000);
  assert.deepEqual(bench.clock.pending, [1000]);
  assert.equal(system.attempts, 1, "the directory is the same");
  system.directories.set("/certs", "2");
  const { events } = bench;
  await bench.advance(1000);
  assert.deepEqual(system.open, []);
  await bench.advance(50);
  assert.equal(system.attempts, 2);
  assert.deepEqual(system.open, ["/certs"]);
  assert.ok(bench.events > events, "what came with it is looked at");
  assert.deepEqual(bench.states, ["watched"]);
});

Deno.test("DirectoryWatch tries five times, 50 ms more each time, and then every second until the directory is back", async () => {
  const system = new FakeWatch("/certs");
  await using bench = await Bench.of(system);
  system.directories.delete("/certs");
  system.emit("/certs", { kind: "remove", path: "/certs" });
  await settled();
  for (const delay of [50, 100, 150, 200, 250]) {
    assert.equal(bench.watch.state, "watched", `before ${delay}`);
    assert.deepEqual(bench.clock.pending, [delay]);
    await bench.advance(delay);
  }
  assert.deepEqual(bench.states, ["watched", "down"]);
  assert.equal(bench.watch.problem, '"/certs": not found');
  assert.deepEqual(bench.clock.pending, [1000]);
  await bench.advance(1000);
  assert.deepEqual(bench.clock.pending, [1000]);
  system.directories.set("/certs", "2");
  const { events } = bench;
  await bench.advance(1000);
  assert.deepEqual(bench.states, ["watched", "down", "watched"]);
  assert.equal(bench.events, events + 1);
});

Deno.test("DirectoryWatch is down at once where no watch can be had, says why, and goes on trying", async () => {
  const system = new FakeWatch("/certs");
  system.refuse = EXHAUSTED;
  await using bench = await Bench.of(system);
  assert.deepEqual(bench.states, ["down"]);
  assert.equal(
    bench.watch.problem,
    '"/certs": No space left on device (os error 28)',
  );
  assert.equal(bench.events, 0);
  system.refuse = undefined;
  await bench.advance(1000);
  assert.deepEqual(bench.states, ["down", "watched"]);
  assert.equal(bench.watch.problem, undefined);
});

Deno.test("DirectoryWatch calls a directory absent that has never been there, and watches it when it comes", async () => {
  const system = new FakeWatch();
  await using bench = await Bench.of(system);
  for (let second = 0; second < 10; second++) await bench.advance(1000);
  assert.deepEqual(bench.states, ["absent"]);
  assert.equal(system.attempts, 0);
  system.directories.set("/certs", "1");
  await bench.advance(1000);
  assert.deepEqual(bench.states, ["absent", "watched"]);
  assert.equal(bench.events, 1);
});

Deno.test("DirectoryWatch leaves nothing open where it is ended while it waits", async () => {
  const bench = await Bench.of(new FakeWatch());
  assert.equal(bench.clock.pending.length, 1);
  await bench[Symbol.asyncDispose]();
});
