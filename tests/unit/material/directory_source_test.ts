import assert from "node:assert/strict";
import { SidecarError } from "../../../src/errors.ts";
import { DirectorySource } from "../../../src/material/directory_source.ts";
import { Bench } from "./directory_source_bench.ts";
import { FakeClock } from "./fake_clock.ts";
import { FakeWatch } from "./fake_watch.ts";
import { files, leaf, NOW, other, root, VALID } from "./material_fixture.ts";
import { memoryFiles } from "./memory_files.ts";
import { settled } from "./scripted_source.ts";

const next = root.issue(VALID);

Deno.test("DirectorySource begins with what is there, and a rejection where that can't be loaded", async () => {
  await using good = new Bench();
  assert.deepEqual(await good.told(), ["root"]);
  await using bad = new Bench({ content: { "/certs/tls.key": undefined } });
  assert.deepEqual(await bad.told(), ["KEY_NOT_FOUND"]);
  bad.change({ "/certs/tls.key": leaf.keyPem });
  bad.system.emit("/certs");
  await settled();
  await bad.advance(150);
  assert.deepEqual(await bad.told(), ["root"]);
});

Deno.test("DirectorySource loads 150 ms after the last event, and 2 s after the first whatever comes", async () => {
  await using bench = new Bench();
  await bench.told();
  await bench.advance(150);
  bench.change({ "/ca/ca.crt": root.certPem + other.certPem });
  for (let at = 0; at < 1900; at += 100) {
    bench.system.emit("/ca");
    await settled();
    await bench.advance(100);
  }
  assert.deepEqual(await bench.told(), []);
  bench.system.emit("/ca");
  await settled();
  await bench.advance(100);
  assert.deepEqual(await bench.told(), ["root+other"]);
});

Deno.test("DirectorySource tells nothing of an unrelated file and of a file that was written as it was", async () => {
  await using bench = new Bench();
  await bench.told();
  await bench.write({ "/certs/README": "text", "/ca/old.crt": other.certPem });
  await bench.write({ "/certs/tls.crt": leaf.certPem });
  assert.deepEqual(await bench.told(), []);
  await bench.write({ "/ca/ca.crt": root.certPem + other.certPem });
  assert.deepEqual(await bench.told(), ["root+other"]);
});

Deno.test("DirectorySource rejects a certificate without its key, once, and is content when the key comes", async () => {
  await using bench = new Bench();
  await bench.told();
  await bench.write({ "/certs/tls.crt": next.certPem });
  assert.deepEqual(await bench.told(), ["KEY_MISMATCH"]);
  await bench.write({ "/certs/unrelated": "x" });
  await bench.advance(30_000);
  assert.deepEqual(await bench.told(), []);
  await bench.write({ "/certs/tls.key": next.keyPem });
  assert.deepEqual(await bench.told(), ["root"]);
});

Deno.test("DirectorySource tells of the present value again where what came between was rejected", async () => {
  await using bench = new Bench();
  await bench.told();
  await bench.write({ "/ca/ca.crt": "broken" });
  await bench.write({ "/ca/ca.crt": root.certPem });
  assert.deepEqual(await bench.told(), ["PEM_INVALID", "root"]);
});

Deno.test("DirectorySource notices by its poll what no event told", async () => {
  await using bench = new Bench();
  await bench.told();
  await bench.advance(150);
  bench.change({ "/ca/ca.crt": root.certPem + other.certPem });
  await bench.advance(29_999);
  assert.deepEqual(await bench.told(), []);
  await bench.advance(1);
  assert.deepEqual(await bench.told(), ["root+other"]);
});

Deno.test("DirectorySource puts its poll off while a change is under way", async () => {
  await using bench = new Bench();
  await bench.told();
  await bench.advance(150);
  await bench.advance(29_950);
  bench.change({ "/ca/ca.crt": root.certPem + other.certPem });
  bench.system.emit("/ca");
  await settled();
  await bench.advance(149);
  assert.deepEqual(await bench.told(), []);
  await bench.advance(1);
  assert.deepEqual(await bench.told(), ["root+other"]);
});

Deno.test("DirectorySource finds out by its poll that its watch is on a directory that was replaced", async () => {
  await using bench = new Bench();
  await bench.told();
  await bench.advance(150);
  bench.system.directories.set("/certs", "2");
  await bench.advance(30_000);
  await bench.advance(50);
  assert.equal(bench.system.attempts, 3);
  assert.deepEqual(bench.system.open.sort(), ["/ca", "/certs"]);
});

Deno.test("DirectorySource polls every second where no watch can be had, says so, and goes back", async () => {
  const system = new FakeWatch("/certs", "/ca");
  system.refuse = new Error("no inotify");
  await using bench = new Bench({ system });
  assert.deepEqual(await bench.told(), ["root"]);
  assert.deepEqual(bench.modes, ['poll: "/certs": no inotify']);
  bench.change({ "/ca/ca.crt": root.certPem + other.certPem });
  await bench.advance(1000);
  assert.deepEqual(await bench.told(), ["root+other"]);
  system.refuse = undefined;
  await bench.advance(1000);
  assert.deepEqual(bench.modes.slice(1), ["watch"]);
  assert.equal(bench.source.mode, "watch");
  await bench.advance(150);
  assert.ok(bench.clock.pending.includes(30_000));
});

Deno.test("DirectorySource does without a CA_DIR that has never been there, and takes it when it comes", async () => {
  await using bench = new Bench({
    system: new FakeWatch("/certs"),
    content: { "/ca/ca.crt": undefined, "/certs/ca.crt": root.certPem },
  });
  assert.deepEqual(await bench.told(), ["root"]);
  assert.deepEqual(bench.modes, ["watch"]);
  bench.change({ "/ca/ca.crt": other.certPem });
  bench.system.directories.set("/ca", "1");
  await bench.advance(1000);
  await bench.advance(150);
  assert.deepEqual(await bench.told(), ["other+root"]);
});

Deno.test("DirectorySource.reload() looks at once and tells of what is there, changed or not", async () => {
  await using bench = new Bench();
  await bench.told();
  bench.source.reload();
  assert.deepEqual(await bench.told(), ["root"]);
  bench.change({ "/ca/ca.crt": "broken" });
  bench.source.reload();
  assert.deepEqual(await bench.told(), ["PEM_INVALID"]);
  bench.source.reload();
  assert.deepEqual(await bench.told(), ["PEM_INVALID"]);
});

Deno.test("DirectorySource.reload() counts though events come while it waits for a load to end", async () => {
  await using bench = new Bench({
    content: { "/certs/ca.crt": other.certPem },
  });
  await bench.told();
  const { promise, resolve } = Promise.withResolvers<void>();
  bench.gate = promise;
  bench.source.reload();
  await settled();
  bench.change({ "/ca/ca.crt": undefined });
  bench.source.reload();
  await bench.advance(150);
  resolve();
  assert.deepEqual(await bench.told(), ["root+other", "other"]);
});

Deno.test("DirectorySource makes one load of all that comes during a load, and the newest wins", async () => {
  await using bench = new Bench();
  await bench.told();
  const { promise, resolve } = Promise.withResolvers<void>();
  bench.gate = promise;
  bench.change({ "/ca/ca.crt": other.certPem });
  bench.source.reload();
  await settled();
  bench.change({ "/ca/ca.crt": root.certPem + other.certPem });
  const { reads } = bench;
  for (let call = 0; call < 10; call++) bench.source.reload();
  await settled();
  assert.equal(bench.reads, reads, "a load overlaps another");
  resolve();
  assert.deepEqual(await bench.told(), ["other", "root+other"]);
  assert.equal(bench.reads, reads + 3);
});

Deno.test("DirectorySource fails with what is no SidecarError, and leaves nothing open", async () => {
  const system = new FakeWatch("/certs", "/ca");
  const clock = new FakeClock(NOW);
  const fault = new TypeError("a fault of ours");
  const source = new DirectorySource({
    certDir: "/certs",
    caDir: "/ca",
    caFromCertDir: true,
    pollMs: 1000,
    clock: {
      now: () => {
        throw fault;
      },
      after: clock.after.bind(clock),
    },
    watchSystem: system,
    fs: memoryFiles(files()),
  });
  const { signal } = new AbortController();
  await assert.rejects(
    source.open(signal)[Symbol.asyncIterator]().next(),
    (error) => error === fault && !(error instanceof SidecarError),
  );
  assert.deepEqual(system.open, []);
  assert.deepEqual(clock.pending, []);
});
