import assert from "node:assert/strict";
import { join } from "node:path";
import { workerModules, workersIn } from "../../../tasks/workers.ts";

const ROOT = join(import.meta.dirname!, "../../..");

Deno.test("workersIn() finds the modules that a text starts as workers", () => {
  const text = `
    const one = new Worker(new URL("./one.ts", import.meta.url), {
      type: "module",
    });
    new Worker(
      new URL('../two.ts', import.meta.url).href, { type: "module" });
    new URL("./three.ts", import.meta.url);
  `;
  assert.deepEqual(workersIn(text), ["./one.ts", "../two.ts"]);
});

Deno.test("workerModules() finds every worker of the source, and each is there", async () => {
  const modules = await workerModules(ROOT);
  for (const module of modules) {
    assert.ok((await Deno.stat(join(ROOT, module))).isFile, module);
  }
  // Another way to start one would be overlooked.
  const { stdout } = await new Deno.Command("grep", {
    args: ["--recursive", "--count", "--no-filename", "new Worker(", "src"],
    cwd: ROOT,
  }).output();
  const counts = new TextDecoder().decode(stdout).trim().split("\n");
  const started = counts.reduce((sum, count) => sum + Number(count), 0);
  assert.equal(modules.length, started);
});
