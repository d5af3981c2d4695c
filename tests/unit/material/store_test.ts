import assert from "node:assert/strict";
import { loadMaterial } from "../../../src/material/directory.ts";
import { type Current, MaterialStore } from "../../../src/material/store.ts";
import type { TlsMaterial } from "../../../src/material/tls_material.ts";
import { type Authority, createAuthority } from "../../support/pki.ts";
import { memoryFiles } from "./memory_files.ts";

const a = createAuthority({ commonName: "A" });
const b = createAuthority({ commonName: "B" });
const server = a.issue();

function trusting(
  authorities: readonly Authority[],
  own = server,
): Promise<TlsMaterial> {
  return loadMaterial({
    certDir: "/certs",
    caDir: "/ca",
    caFromCertDir: false,
    now: Date.now(),
    fs: memoryFiles({
      "/certs/tls.crt": own.certPem,
      "/certs/tls.key": own.keyPem,
      "/ca/ca.crt": authorities.map(({ certPem }) => certPem).join(""),
    }),
  });
}

Deno.test("MaterialStore begins at generation 1 and sequence 1", async () => {
  const material = await trusting([a]);
  assert.deepEqual(new MaterialStore(material).current, {
    material,
    generation: 1,
    sequence: 1,
  });
});

Deno.test("MaterialStore raises the generation when a CA leaves, and only then", async () => {
  const store = new MaterialStore(await trusting([a, b]));
  const steps: [next: Promise<TlsMaterial>, generation: number, why: string][] =
    [
      [trusting([a, b]), 1, "nothing changed"],
      [trusting([b, a]), 1, "the order alone changed"],
      [trusting([a, b], a.issue()), 1, "the certificate alone changed"],
      [trusting([a]), 2, "B left"],
      [trusting([a, b]), 2, "B came back"],
      [trusting([b, createAuthority()]), 3, "A left while another came"],
      [
        trusting([createAuthority({ commonName: "B", key: b.key })]),
        4,
        "B was renewed under its key and name",
      ],
    ];
  for (const [index, [next, generation, why]] of steps.entries()) {
    const material = await next;
    store.swap(material);
    assert.deepEqual(store.current, {
      material,
      generation,
      sequence: index + 2,
    }, why);
  }
});

Deno.test("MaterialStore leaves a value that was handed out as it was", async () => {
  const first = await trusting([a]);
  const store = new MaterialStore(first);
  const held = store.current;
  store.swap(await trusting([b]));
  assert.equal(held.material, first);
  assert.equal(held.generation, 1);
  assert.ok(Object.isFrozen(held) && Object.isFrozen(store.current));
});

Deno.test("MaterialStore.onSwap() tells of each swap, new and old, until it is ended", async () => {
  const store = new MaterialStore(await trusting([a]));
  const before = store.current;
  const told: [Current, Current][] = [];
  const end = store.onSwap((current, previous) => {
    assert.equal(store.current, current);
    told.push([current, previous]);
  });
  store.swap(await trusting([b]));
  assert.deepEqual(told, [[store.current, before]]);
  end();
  end();
  store.swap(await trusting([a]));
  assert.equal(told.length, 1);
});

Deno.test("MaterialStore.onSwap() keeps two subscriptions of one listener apart", async () => {
  const store = new MaterialStore(await trusting([a]));
  let calls = 0;
  const listener = () => calls++;
  const end = store.onSwap(listener);
  store.onSwap(listener);
  end();
  store.swap(await trusting([a]));
  assert.equal(calls, 1);
});

Deno.test("MaterialStore.swap() tells all listeners even where one throws, and has swapped", async () => {
  const store = new MaterialStore(await trusting([a]));
  const failure = new Error("listener");
  let told = 0;
  store.onSwap(() => {
    throw failure;
  });
  store.onSwap(() => {
    told++;
  });
  const next = await trusting([b]);
  assert.throws(() => store.swap(next), (error) => {
    assert.ok(error instanceof AggregateError);
    assert.deepEqual(error.errors, [failure]);
    return true;
  });
  assert.equal(told, 1);
  assert.equal(store.current.material, next);
});

Deno.test("MaterialStore.swap() tells a listener that ends another's subscription in the middle without harm", async () => {
  const store = new MaterialStore(await trusting([a]));
  const told: string[] = [];
  const ends = [store.onSwap(() => {
    told.push("first");
    ends[1]?.();
  })];
  ends.push(store.onSwap(() => told.push("second")));
  store.swap(await trusting([a]));
  store.swap(await trusting([a]));
  assert.deepEqual(told, ["first", "second", "first"]);
});
