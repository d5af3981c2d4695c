import assert from "node:assert/strict";
import { Tally } from "../../src/tally.ts";

Deno.test("Tally counts each label by itself", () => {
  const tally = new Tally();
  tally.add("reloads", "ok");
  tally.add("reloads", "ok");
  tally.add("reloads", "PEM_INVALID");
  tally.add("connections_retired", "trust", 5);
  assert.equal(tally.get("reloads", "ok"), 2);
  assert.equal(tally.get("connections_retired", "ok"), 0);
  assert.deepEqual(tally.snapshot(), {
    reloads: { ok: 2, PEM_INVALID: 1 },
    connections_retired: { trust: 5 },
  });
});

Deno.test("Tally has no label for what never happened", () => {
  const tally = new Tally();
  tally.add("connections_retired", "trust", 0);
  assert.deepEqual(tally.snapshot(), {});
});
