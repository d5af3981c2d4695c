import assert from "node:assert/strict";
import { TrustEpoch } from "../../../src/workers/trust_epoch.ts";
import { soon } from "../../support/waiting.ts";

Deno.test("TrustEpoch begins at 0, rises by one, and is the same for all who have its memory", () => {
  const one = new TrustEpoch();
  const other = new TrustEpoch(one.memory);
  assert.equal(other.value, 0);
  assert.equal(one.rise(), 1);
  assert.equal(other.value, 1);
  assert.equal(other.rise(), 2);
  assert.equal(one.value, 2);
  assert.equal(new TrustEpoch().value, 0);
});

Deno.test("TrustEpoch rises for another thread that is told nothing", async () => {
  const module = new URL("epoch_watcher.ts", import.meta.url);
  const worker = new Worker(module, { type: "module" });
  const heard = Promise.withResolvers<number>();
  const ready = Promise.withResolvers<void>();
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }: MessageEvent<number>) => {
    if (data === 0) ready.resolve();
    else heard.resolve(data);
  };
  try {
    const epoch = new TrustEpoch();
    worker.postMessage(epoch.memory, [port2]);
    await soon(ready.promise, "the thread to see the first value");
    epoch.rise();
    assert.equal(await soon(heard.promise, "the thread to see it rise"), 1);
  } finally {
    worker.terminate();
    port1.close();
  }
});
