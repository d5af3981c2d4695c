import assert from "node:assert/strict";
import { join } from "node:path";
import { systemWatch } from "../../../src/material/system_watch.ts";
import type { Watcher } from "../../../src/material/watch.ts";
import { soon } from "../../support/waiting.ts";

Deno.test("systemWatch closes all watches of a path together, so that new ones are on the directory that is there now", async () => {
  const base = await Deno.makeTempDir();
  const path = join(base, "certs");
  await Deno.mkdir(path);
  await Deno.mkdir(join(base, "next"));
  const watcher = systemWatch.watch(path);
  const other = systemWatch.watch(path);
  const ended = endOf(other);
  await Deno.rename(path, join(base, "old"));
  await Deno.rename(join(base, "next"), path);
  watcher.close();
  await soon(ended, "the end of the other watch");
  const next = systemWatch.watch(path);
  try {
    const event = next[Symbol.asyncIterator]().next();
    await Deno.writeTextFile(join(path, "tls.crt"), "");
    const { value } = await soon(event, "an event");
    assert.deepEqual(value.paths, [join(path, "tls.crt")]);
  } finally {
    next.close();
    await Deno.remove(base, { recursive: true });
  }
});

Deno.test("systemWatch leaves the watches of other paths open when one is closed", async () => {
  const base = await Deno.makeTempDir();
  const watcher = systemWatch.watch(base);
  const path = join(base, "ca");
  await Deno.mkdir(path);
  systemWatch.watch(path).close();
  try {
    const event = watcher[Symbol.asyncIterator]().next();
    await Deno.writeTextFile(join(base, "tls.crt"), "");
    assert.equal((await soon(event, "an event")).done, false);
  } finally {
    watcher.close();
    await Deno.remove(base, { recursive: true });
  }
});

/** Resolves when `watcher` was closed. */
async function endOf(watcher: Watcher): Promise<void> {
  const events = watcher[Symbol.asyncIterator]();
  while (!(await events.next()).done);
}
