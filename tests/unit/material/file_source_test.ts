import assert from "node:assert/strict";
import { FileSource } from "../../../src/material/file_source.ts";
import { Store } from "../../../src/material/store.ts";
import { FakeClock } from "./fake_clock.ts";
import { FakeWatch } from "./fake_watch.ts";
import { Bench, NOW, WORDS, type Words } from "./file_source_bench.ts";
import { memoryFiles } from "./memory_files.ts";
import { settled } from "./scripted_source.ts";

const BROKEN = "PEERS_INVALID: Cannot parse: expected <>";
const VANISHED =
  'FILE_VANISHED: Cannot find "/etc/words": expected it as before';

Deno.test("FileSource begins with what is there, and follows it", async () => {
  await using bench = new Bench();
  assert.deepEqual(await bench.told(), ["a b"]);
  await bench.write({ "/etc/words": "<a b c>" });
  assert.deepEqual(await bench.told(), ["a b c"]);
  assert.deepEqual(bench.modes, ["watch"]);
  assert.equal(bench.source.mode, "watch");
});

Deno.test("FileSource begins with a rejection where the file is missing or can't be used", async () => {
  await using missing = new Bench({ content: {} });
  assert.deepEqual(await missing.told(), [
    'FILE_UNREADABLE: Cannot read "/etc/words": not found',
  ]);
  await using broken = new Bench({ content: { "/etc/words": "<a" } });
  assert.deepEqual(await broken.told(), [BROKEN]);
  await broken.write({ "/etc/words": "<a>" });
  assert.deepEqual(await broken.told(), ["a"]);
});

Deno.test("FileSource tells nothing of another file and of one that was written as it was, and does not parse it", async () => {
  await using bench = new Bench();
  await bench.told();
  await bench.write({ "/etc/other": "text" });
  await bench.write({ "/etc/words": "<a b>" });
  await bench.advance(30_000);
  assert.deepEqual(await bench.told(), []);
  assert.equal(bench.parsed, 1);
});

Deno.test("FileSource rejects a file that vanishes, once, even if asked to reload, and takes it when it is back", async () => {
  await using bench = new Bench();
  await bench.told();
  await bench.write({ "/etc/words": undefined });
  await bench.advance(30_000);
  assert.deepEqual(await bench.told(), [VANISHED]);
  bench.source.reload();
  assert.deepEqual(await bench.told(), [VANISHED]);
  await bench.write({ "/etc/words": "<a b>" });
  assert.deepEqual(await bench.told(), ["a b"]);
});

Deno.test("FileSource rejects a file that can't be read any more", async () => {
  await using bench = new Bench();
  await bench.told();
  bench.content["/etc/words"] = new Deno.errors.PermissionDenied();
  await bench.advance(30_000);
  assert.deepEqual(await bench.told(), [
    'FILE_UNREADABLE: Cannot read "/etc/words": permission denied',
  ]);
});

Deno.test("FileSource rejects what is half written, and takes the whole", async () => {
  await using bench = new Bench();
  await bench.told();
  await bench.write({ "/etc/words": "<a b" });
  await bench.write({ "/etc/words": "<a b c>" });
  assert.deepEqual(await bench.told(), [BROKEN, "a b c"]);
});

Deno.test("FileSource lets trust shrink only when the file is the same 150 ms later", async () => {
  await using bench = new Bench();
  await bench.told();
  await bench.write({ "/etc/words": "<a>" });
  await bench.advance(149);
  assert.deepEqual(await bench.told(), []);
  await bench.advance(1);
  assert.deepEqual(await bench.told(), ["a"]);
});

Deno.test("FileSource does not take for a whole file what another takes the place of within 150 ms", async () => {
  await using bench = new Bench();
  await bench.told();
  await bench.write({ "/etc/words": "<a>" });
  await bench.write({ "/etc/words": "<a b c>" });
  await bench.advance(150);
  assert.deepEqual(await bench.told(), ["a b c"]);
});

Deno.test("FileSource.reload() lets trust shrink at once", async () => {
  await using bench = new Bench();
  await bench.told();
  bench.content["/etc/words"] = "<a>";
  bench.source.reload();
  assert.deepEqual(await bench.told(), ["a"]);
});

Deno.test("FileSource.reload() tells of the same object again where nothing changed", async () => {
  await using bench = new Bench();
  await bench.told();
  bench.source.reload();
  assert.deepEqual(await bench.told(), ["a b"]);
  assert.equal(bench.values.length, 2);
  assert.equal(bench.values[0], bench.values[1]);
});

Deno.test("FileSource tells of the same object again where what came between was rejected", async () => {
  await using bench = new Bench();
  await bench.write({ "/etc/words": "<" });
  await bench.write({ "/etc/words": "<a b>" });
  assert.deepEqual(await bench.told(), ["a b", BROKEN, "a b"]);
  assert.equal(bench.values[0], bench.values[1]);
});

Deno.test("FileSource parses an unchanged file again when its value changes by itself, to the millisecond", async () => {
  await using bench = new Bench({
    content: { "/etc/words": `<a ${NOW + 1000}>` },
  });
  assert.deepEqual(await bench.told(), [`a ${NOW + 1000}`]);
  await bench.advance(150);
  await bench.advance(849);
  assert.deepEqual(await bench.told(), []);
  await bench.advance(1);
  assert.deepEqual(await bench.told(), ["a"]);
  await bench.advance(60_000);
  assert.deepEqual(await bench.told(), []);
  assert.equal(bench.parsed, 2);
});

Deno.test("FileSource does not spin on a value whose time is over, nor tell of it again", async () => {
  await using bench = new Bench({ changesAt: () => NOW });
  await bench.told();
  await bench.advance(150);
  const { parsed } = bench;
  await bench.advance(30_000);
  assert.equal(bench.parsed, parsed + 1);
  // The check of the watch, and the poll.
  assert.deepEqual(bench.clock.pending, [1_000, 30_000]);
  assert.deepEqual(await bench.told(), []);
});

Deno.test("FileSource makes one value of several files, in their order, and does without none of them", async () => {
  const system = new FakeWatch("/etc", "/run");
  await using bench = new Bench({
    system,
    paths: ["/etc/words", "/etc/more", "/run/last"],
    content: { "/run/last": "c>", "/etc/more": "b", "/etc/words": "<a" },
  });
  assert.deepEqual(await bench.told(), ["a b c"]);
  assert.deepEqual(system.open.sort(), ["/etc", "/run"]);
  await bench.advance(150);
  bench.content["/run/last"] = "c d>";
  system.emit("/run");
  await settled();
  await bench.advance(150);
  assert.deepEqual(await bench.told(), ["a b c d"]);
  await bench.write({ "/etc/more": undefined });
  assert.deepEqual(await bench.told(), [
    'FILE_VANISHED: Cannot find "/etc/more": expected it as before',
  ]);
});

Deno.test("FileSource refuses a file of more octets than it is told to read", async () => {
  await using bench = new Bench({ maxOctets: 5 });
  assert.deepEqual(await bench.told(), ["a b"]);
  await bench.write({ "/etc/words": "<a bc>" });
  assert.deepEqual(await bench.told(), [
    'FILE_UNREADABLE: Cannot read "/etc/words": expected at most 5 octets',
  ]);
});

Deno.test("FileSource polls every second where no watch can be had", async () => {
  const system = new FakeWatch("/etc");
  system.refuse = new Error("no inotify");
  await using bench = new Bench({ system });
  await bench.told();
  assert.deepEqual(bench.modes, ["poll"]);
  bench.content["/etc/words"] = "<a b c>";
  await bench.advance(1000);
  assert.deepEqual(await bench.told(), ["a b c"]);
});

Deno.test("FileSource rejects a file that is not read within 10 s, and ends without it", async () => {
  await using bench = new Bench({
    fs: { list: () => Promise.resolve([]), read: () => new Promise(() => {}) },
  });
  await bench.advance(10_000);
  assert.deepEqual(await bench.told(), [
    'FILE_UNREADABLE: Cannot read "/etc/words": no answer within 10 s',
  ]);
});

Deno.test("FileSource fails with what a parser throws by mistake, and leaves nothing open", async () => {
  const system = new FakeWatch("/etc");
  const clock = new FakeClock(NOW);
  const fault = new TypeError("a fault of ours");
  const source = new FileSource<Words>({
    ...WORDS,
    name: "words",
    paths: ["/etc/words"],
    pollMs: 1000,
    clock,
    watchSystem: system,
    fs: memoryFiles({ "/etc/words": "<a>" }),
    parse: () => {
      throw fault;
    },
  });
  await assert.rejects(
    source.open(new AbortController().signal).next(),
    (error) => error === fault,
  );
  assert.deepEqual(system.open, []);
  assert.deepEqual(clock.pending, []);
});

Deno.test("a Store follows a FileSource: what is rejected leaves the old value, and shrinking raises the generation", async () => {
  const clock = new FakeClock(NOW);
  const content: Record<string, string> = { "/etc/words": "<a b>" };
  const source = new FileSource<Words>({
    ...WORDS,
    name: "words",
    paths: ["/etc/words"],
    pollMs: 1000,
    clock,
    watchSystem: new FakeWatch("/etc"),
    fs: {
      list: () => Promise.resolve([]),
      read: (path, maxOctets) => memoryFiles(content).read(path, maxOctets),
    },
  });
  const { shrinks } = WORDS;
  const store = new Store<Words>({ shrinks, same: Object.is, clock });
  const { material } = await store.start(source);
  source.reload();
  await settled();
  assert.equal(store.current.sequence, 1);
  content["/etc/words"] = "<a";
  source.reload();
  await settled();
  assert.equal(store.differs?.error.code, "PEERS_INVALID");
  assert.equal(store.current.material, material);
  content["/etc/words"] = "<a>";
  source.reload();
  await settled();
  assert.equal(store.differs, undefined);
  assert.deepEqual(store.current.material.words, ["a"]);
  assert.equal(store.current.generation, 2);
  await store.stop();
  assert.deepEqual(clock.pending, []);
});
