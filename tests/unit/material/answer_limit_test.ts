import assert from "node:assert/strict";
import { AnswerLimit } from "../../../src/material/answer_limit.ts";
import { Bench } from "./directory_source_bench.ts";
import { FakeClock } from "./fake_clock.ts";
import { FakeWatch } from "./fake_watch.ts";
import { other, root } from "./material_fixture.ts";
import { settled } from "./scripted_source.ts";

const never = new Promise<never>(() => {});

Deno.test("AnswerLimit.ask() gives up after 10 s, and asks again only when the overdue answer has come", async () => {
  const clock = new FakeClock();
  const limit = new AnswerLimit(clock);
  const { signal } = new AbortController();
  const late = Promise.withResolvers<number>();
  let started = 0;
  const ask = () =>
    limit.ask("read /x", () => {
      started++;
      return late.promise;
    }, signal);
  const refused = assert.rejects(ask(), Deno.errors.TimedOut);
  clock.advance(10_000);
  await refused;
  await assert.rejects(ask(), Deno.errors.TimedOut);
  assert.equal(started, 1);
  late.resolve(7);
  await settled();
  assert.equal(await ask(), 7);
  assert.deepEqual(clock.pending, []);
});

Deno.test("AnswerLimit.ask() does not hold up an end", async () => {
  const clock = new FakeClock();
  const limit = new AnswerLimit(clock);
  const controller = new AbortController();
  const { signal } = controller;
  const refused = assert.rejects(
    limit.ask("read /x", () => never, signal),
    { name: "AbortError" },
  );
  controller.abort();
  await refused;
  assert.deepEqual(clock.pending, []);
});

Deno.test("DirectorySource rejects files that are not read within 10 s, asks once, and goes on when they are", async () => {
  await using bench = new Bench();
  await bench.told();
  await bench.advance(150);
  const { promise, resolve } = Promise.withResolvers<void>();
  bench.gate = promise;
  bench.change({ "/ca/ca.crt": root.certPem + other.certPem });
  bench.source.reload();
  await settled();
  const { reads } = bench;
  await bench.advance(9_999);
  assert.deepEqual(await bench.told(), []);
  await bench.advance(1);
  assert.deepEqual(await bench.told(), ["FILE_UNREADABLE"]);
  await bench.advance(30_000);
  bench.source.reload();
  assert.deepEqual(await bench.told(), ["FILE_UNREADABLE"]);
  assert.equal(bench.reads, reads);
  resolve();
  await settled();
  await bench.advance(30_000);
  assert.deepEqual(await bench.told(), ["root+other"]);
});

Deno.test("DirectorySource ends though a read or its watch is never answered", async () => {
  {
    await using bench = new Bench();
    await bench.told();
    bench.gate = never;
    bench.source.reload();
    await settled();
  }
  const system = new FakeWatch("/certs", "/ca");
  system.identity = () => never;
  await using bench = new Bench({ system });
  assert.deepEqual(await bench.told(), ["root"]);
});
