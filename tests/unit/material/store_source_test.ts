import assert from "node:assert/strict";
import { SidecarError } from "../../../src/errors.ts";
import { type Health, Store } from "../../../src/material/store.ts";
import { FakeClock } from "./fake_clock.ts";
import { ScriptedSource, settled } from "./scripted_source.ts";

const BROKEN = new SidecarError("PEM_INVALID", "Cannot parse: broken");
const NO_KEY = new SidecarError("KEY_NOT_FOUND", "Cannot find the key");

/** A store of words: trust shrinks when a word gets shorter. */
class Bench {
  readonly clock = new FakeClock(1000);
  readonly source = new ScriptedSource<string>();
  readonly told: string[] = [];
  readonly healths: Health[] = [];
  readonly store: Store<string>;

  constructor(admit?: (candidate: string, current: string) => void) {
    this.store = new Store<string>({
      clock: this.clock,
      admit,
      shrinks: (before, after) => after.length < before.length,
      same: (before, after) => before === after,
    });
    this.store.onSwap(({ material }) => this.told.push(material));
    this.store.onRejected(({ code }) => this.told.push(code));
    this.store.onHealth((health) => this.healths.push(health));
  }
}

Deno.test("Store.start() resolves with the source's first value", async () => {
  const { store, source, told } = new Bench();
  assert.throws(() => store.current, /empty/);
  const started = store.start(source);
  source.value("one");
  const current = await started;
  assert.deepEqual(current, { material: "one", generation: 1, sequence: 1 });
  assert.equal(store.current, current);
  assert.deepEqual(told, []);
  assert.deepEqual(store.health, { healthy: true });
  await store.stop();
});

Deno.test("Store takes each further value of the source, and counts swaps and shrinking", async () => {
  const { store, source, told } = new Bench();
  await store.start(source.value("one"));
  source.value("three").value("two");
  await settled();
  assert.deepEqual(told, ["three", "two"]);
  assert.deepEqual(store.current, {
    material: "two",
    generation: 2,
    sequence: 3,
  });
  await store.stop();
});

const START_FAILURES: [
  why: string,
  code: string,
  message: string,
  script: (source: ScriptedSource<string>) => unknown,
][] = [
  [
    "can't be opened",
    "SOURCE_NOT_BUILT",
    'Cannot open source "scripted": no socket',
    (source) => source.refuse = new Error("no socket"),
  ],
  [
    "ends before a value",
    "SOURCE_ENDED",
    'Cannot follow source "scripted": it ended',
    (source) => source.end(),
  ],
  [
    "fails before a value",
    "SOURCE_FAILED",
    'Cannot follow source "scripted": reset',
    (source) => source.fail(new Error("reset")),
  ],
  [
    "begins with a rejection",
    "KEY_NOT_FOUND",
    "Cannot find the key",
    (source) => source.reject(NO_KEY).value("too late"),
  ],
];

for (const [why, code, message, script] of START_FAILURES) {
  Deno.test(`Store.start() rejects with ${code} where the source ${why}, and can be called again`, async () => {
    const { store, source, clock } = new Bench();
    script(source);
    await assert.rejects(store.start(source), { code, message });
    assert.throws(() => store.current);
    assert.equal(source.running, 0);
    assert.equal(source.opened, 1);
    assert.deepEqual(clock.pending, []);
    const another = new ScriptedSource<string>().value("at last");
    assert.equal((await store.start(another)).material, "at last");
    await store.stop();
  });
}

Deno.test("Store.start() refuses to start twice, also while it starts", async () => {
  const { store, source } = new Bench();
  const started = store.start(source);
  await assert.rejects(store.start(source), /started already/);
  source.value("one");
  await started;
  await assert.rejects(store.start(source), /started already/);
  assert.equal(source.opened, 1);
  await store.stop();
});

Deno.test("Store.stop() leaves nothing running, may be called again, and keeps the value", async () => {
  const { store, source, clock, told } = new Bench();
  await store.stop();
  await store.start(source.value("one"));
  await Promise.all([store.stop(), store.stop()]);
  await store.stop();
  assert.equal(source.running, 0);
  assert.deepEqual(clock.pending, []);
  source.value("two");
  await settled();
  assert.equal(store.current.material, "one");
  assert.deepEqual(told, []);
});

Deno.test("Store.start() after stop() takes up where it was", async () => {
  const { store, source, told } = new Bench();
  await store.start(source.value("three"));
  await store.stop();
  const current = await store.start(source.value("two"));
  assert.deepEqual(current, { material: "two", generation: 2, sequence: 2 });
  assert.deepEqual(told, ["two"]);
  await store.stop();
});

Deno.test("Store.stop() while it starts lets start() reject", async () => {
  const { store, source } = new Bench();
  const started = store.start(source);
  const rejected = assert.rejects(started, { name: "AbortError" });
  await store.stop();
  await rejected;
  assert.equal(source.running, 0);
});

Deno.test("Store.stop() while it waits to open the source again leaves no timer", async () => {
  const { store, source, clock } = new Bench();
  await store.start(source.value("one").end());
  await settled();
  assert.deepEqual(clock.pending, [10]);
  await store.stop();
  assert.deepEqual(clock.pending, []);
  assert.equal(source.opened, 1);
});

Deno.test("Store keeps serving when the source fails, says since when and why, and is healthy once it works again", async () => {
  const { store, source, clock, healths } = new Bench();
  await store.start(source.value("one").fail(new Error("reset")));
  await settled();
  const { health } = store;
  assert.ok(!health.healthy);
  assert.equal(health.since, 1000);
  assert.equal(health.error.code, "SOURCE_FAILED");
  assert.equal(store.current.material, "one");
  source.end();
  clock.advance(10);
  await settled();
  assert.ok(!store.health.healthy);
  assert.equal(store.health.since, 1000);
  assert.equal(store.health.error.code, "SOURCE_ENDED");
  clock.advance(20);
  await settled();
  source.value("two");
  await settled();
  assert.deepEqual(store.health, { healthy: true });
  assert.equal(store.current.material, "two");
  assert.deepEqual(healths.map(({ healthy }) => healthy), [false, true]);
  await store.stop();
});

Deno.test("Store waits 10 ms and twice as long each time up to 10 s, until a value comes", async () => {
  const { store, source, clock } = new Bench();
  await store.start(source.value("one"));
  const delays = async (steps: number) => {
    const seen: number[] = [];
    for (let step = 0; step < steps; step++) {
      source.end();
      await settled();
      assert.equal(clock.pending.length, 1);
      seen.push(clock.pending[0]!);
      clock.advance(clock.pending[0]!);
      await settled();
    }
    return seen;
  };
  const doubling = [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120];
  assert.deepEqual(await delays(12), [...doubling, 10_000, 10_000]);
  source.reject(BROKEN);
  assert.deepEqual(await delays(1), [10_000], "a rejection is no value");
  source.value("one");
  assert.deepEqual(await delays(2), [10, 20]);
  await store.stop();
});

Deno.test("Store goes on waiting where the source can't be opened again", async () => {
  const { store, source, clock } = new Bench();
  await store.start(source.value("one").end());
  source.refuse = new Error("no socket");
  await settled();
  clock.advance(10);
  await settled();
  assert.ok(!store.health.healthy);
  assert.equal(store.health.error.code, "SOURCE_NOT_BUILT");
  assert.deepEqual(clock.pending, [20]);
  await store.stop();
});

Deno.test("Store takes a rejection for an event of a healthy source, and remembers since when the disk differs", async () => {
  const { store, source, clock, told } = new Bench();
  await store.start(source.value("one"));
  source.reject(BROKEN);
  await settled();
  clock.advance(500);
  source.reject(NO_KEY);
  await settled();
  assert.deepEqual(store.differs, { since: 1000, error: NO_KEY });
  assert.deepEqual(told, ["PEM_INVALID", "KEY_NOT_FOUND"]);
  assert.deepEqual(store.health, { healthy: true });
  assert.equal(store.current.material, "one");
  source.value("two");
  await settled();
  assert.equal(store.differs, undefined);
  await store.stop();
});

Deno.test("Store does not swap for a value as good as the present one, and forgets that the disk differed", async () => {
  const { store, source, told } = new Bench();
  await store.start(source.value("one"));
  const { current } = store;
  source.reject(BROKEN).value("one");
  await settled();
  assert.equal(store.current, current);
  assert.equal(store.differs, undefined);
  assert.deepEqual(told, ["PEM_INVALID"]);
  await store.stop();
});

Deno.test("Store asks admit() before a swap, and what it throws is a rejected load", async () => {
  const asked: string[] = [];
  const refusal = new SidecarError("CA_INVALID", "Cannot take it: lock-out");
  const { store, source, told } = new Bench((candidate, current) => {
    asked.push(`${current}>${candidate}`);
    if (candidate === "bad") throw refusal;
    if (candidate === "odd") throw new TypeError("odd");
  });
  await store.start(source.value("one"));
  assert.deepEqual(asked, [], "there was nothing to lock anybody out of");
  source.value("bad");
  await settled();
  assert.deepEqual(store.differs, { since: 1000, error: refusal });
  source.value("odd").value("two");
  await settled();
  assert.deepEqual(asked, ["one>bad", "one>odd", "one>two"]);
  assert.deepEqual(told, ["CA_INVALID", "INTERNAL", "two"]);
  assert.equal(store.current.sequence, 2);
  await store.stop();
});

Deno.test("Store follows on when a listener throws, and reports what was thrown", async () => {
  const { store, source } = new Bench();
  const reported: unknown[] = [];
  const listen = (event: ErrorEvent) => {
    event.preventDefault();
    reported.push(event.error);
  };
  globalThis.addEventListener("error", listen);
  try {
    store.onSwap(() => {
      throw new Error("listener");
    });
    await store.start(source.value("one"));
    source.value("two").value("three");
    await settled();
  } finally {
    globalThis.removeEventListener("error", listen);
    await store.stop();
  }
  assert.equal(reported.length, 2);
  assert.ok(reported[0] instanceof AggregateError);
  assert.equal(store.current.material, "three");
});
