import assert from "node:assert/strict";
import { join } from "node:path";
import denoJson from "../../../deno.json" with { type: "json" };
import {
  commitOf,
  stageSource,
  stamped,
} from "../../../tasks/staged_source.ts";
import { temporaryDirectory } from "../../support/files.ts";

const ROOT = join(import.meta.dirname!, "../../..");
const COMMIT = "89e351a03e18a4c0a1b2c3d4e5f60718293a4b5c";

Deno.test("stamped() gives the commit as build metadata of the version", () => {
  assert.equal(stamped("1.2.3", COMMIT), "1.2.3+89e351a03e18");
  assert.equal(stamped("1.2.3", `${COMMIT}.dirty`), "1.2.3+89e351a03e18.dirty");
  assert.equal(stamped("1.2.3", "89e351a"), "1.2.3+89e351a");
  assert.equal(stamped("1.2.3", ""), "1.2.3");
});

Deno.test("stamped() refuses what is no commit", () => {
  for (const commit of ["main", "89e351", "89e351a dirty", "89E351A"]) {
    assert.throws(() => stamped("1.2.3", commit), /^Error: Cannot use commit/);
  }
});

Deno.test("stageSource() copies what the program is made of, and stamps the copy alone", async () => {
  const before = await Deno.readTextFile(join(ROOT, "deno.json"));
  let directory: string;
  {
    await using staged = await stageSource(ROOT, COMMIT);
    directory = staged.directory;
    assert.equal(staged.version, `${denoJson.version}+89e351a03e18`);
    const entries = await Array.fromAsync(Deno.readDir(directory));
    assert.deepEqual(entries.map(({ name }) => name).sort(), [
      "deno.json",
      "deno.lock",
      "main.ts",
      "src",
    ]);
    const manifest = await Deno.readTextFile(join(directory, "deno.json"));
    assert.deepEqual(JSON.parse(manifest), {
      ...denoJson,
      version: staged.version,
    });
    assert.equal(
      await Deno.readTextFile(join(directory, "src/config/settings.ts")),
      await Deno.readTextFile(join(ROOT, "src/config/settings.ts")),
    );
  }
  assert.equal(await Deno.readTextFile(join(ROOT, "deno.json")), before);
  await assert.rejects(Deno.stat(directory), Deno.errors.NotFound);
});

Deno.test("commitOf() is empty where there is no repository", async () => {
  await using directory = await temporaryDirectory({});
  assert.equal(await commitOf(directory.path), "");
});

Deno.test("commitOf() says where the source differs from the commit", async () => {
  await using directory = await temporaryDirectory({ "main.ts": "" });
  const git = async (...args: string[]) => {
    const identity = ["-c", "user.name=test", "-c", "user.email=test@invalid"];
    const { success, stderr } = await new Deno.Command("git", {
      args: [...identity, ...args],
      cwd: directory.path,
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
  };
  await git("init", "--quiet");
  await git("add", "main.ts");
  await git("commit", "--quiet", "--message=first");
  assert.match(await commitOf(directory.path), /^[0-9a-f]{40}$/);
  await Deno.writeTextFile(join(directory.path, "notes"), "no source");
  assert.match(await commitOf(directory.path), /^[0-9a-f]{40}$/);
  await Deno.writeTextFile(join(directory.path, "main.ts"), "changed");
  assert.match(await commitOf(directory.path), /^[0-9a-f]{40}\.dirty$/);
});
