import assert from "node:assert/strict";
import denoJson from "../../../deno.json" with { type: "json" };
import {
  permissionFlags,
  v8Flags,
  WRITABLE,
} from "../../../tasks/program_flags.ts";

const ROOT = new URL("../../../", import.meta.url);

Deno.test("permissionFlags() allows the network, reading, variables by name, two folders to write in, and nothing else", () => {
  const names = permissionFlags().map((flag) => flag.split("=")[0]);
  assert.deepEqual(names, [
    "--allow-net",
    "--allow-read",
    "--allow-write",
    "--allow-env",
    "--no-prompt",
  ]);
  assert.deepEqual(WRITABLE, ["/run/mtls-sidecar", "/tmp/mtls-sidecar-demo"]);
});

Deno.test("permissionFlags() names every variable that the program reads", async () => {
  const allowed = permissionFlags()
    .find((flag) => flag.startsWith("--allow-env="))?.split(/[=,]/) ?? [];
  const main = await Deno.readTextFile(new URL("main.ts", ROOT));
  const read = [...main.matchAll(/Deno\.env\.\w+\("(\w+)"\)/g)]
    .map(([, name = ""]) => name);
  for (const name of ["UPSTREAM_URL", "ACCESS_LOG", ...read]) {
    assert.ok(allowed.includes(name), name);
  }
  assert.equal(new Set(allowed).size, allowed.length);
});

const ATTEMPTS = {
  "another variable": 'Deno.env.get("HOME")',
  "a file elsewhere": 'Deno.writeTextFileSync("/tmp/elsewhere", "")',
  "a file beside a writable folder":
    'Deno.writeTextFileSync("/tmp/mtls-sidecar-demonstration", "")',
  "a program": 'new Deno.Command("true").outputSync()',
  "a library": 'Deno.dlopen("libc.so.6", {})',
  "facts of the machine": "Deno.hostname()",
};

Deno.test("permissionFlags() keep the program from all that it has no business with", async (t) => {
  for (const [what, code] of Object.entries(ATTEMPTS)) {
    await t.step(what, async () => {
      const module = `data:application/javascript,${encodeURIComponent(code)}`;
      const { success, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-config", ...permissionFlags(), module],
      }).output();
      assert.ok(!success);
      assert.match(new TextDecoder().decode(stderr), /NotCapable/);
    });
  }
});

Deno.test("v8Flags() are those of the tasks start and demo", () => {
  const { start, demo } = denoJson.tasks;
  assert.match(v8Flags(), /^--v8-flags=--max-semi-space-size=1,/);
  for (const task of [start, demo]) {
    assert.ok(task.split(" ").includes(v8Flags()), task);
  }
});
