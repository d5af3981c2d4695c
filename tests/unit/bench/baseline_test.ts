import assert from "node:assert/strict";
import { join } from "node:path";
import { Baseline, BaselineMissing } from "../../../bench/micro/baseline.ts";
import { temporaryDirectory } from "../../support/files.ts";

const FILE = "bench/micro/baseline.json";
const NOWHERE = "0123456789abcdef0123456789abcdef01234567";
const withoutGit = await git(".", "--version").then(() => false, () => true);

Deno.test(
  "Baseline lays out the commit that was named, whatever came after it, and takes it away again",
  { ignore: withoutGit },
  async () => {
    await using root = await repository();
    await Baseline.write(root.path);
    await Deno.writeTextFile(join(root.path, "src/app.ts"), "after");
    let directory: string;
    {
      await using baseline = await Baseline.layOut(root.path);
      directory = baseline.directory;
      const text = await Deno.readTextFile(join(directory, "src/app.ts"));
      assert.equal(text, "before");
      assert.match(baseline.commit, /^[0-9a-f]{40}$/);
      await assert.rejects(
        Deno.stat(join(directory, "killed")),
        Deno.errors.NotFound,
        "what a run that was killed left there",
      );
    }
    await assert.rejects(Deno.stat(directory), Deno.errors.NotFound);
  },
);

Deno.test(
  "Baseline is missing where the clone does not have its commit, or is none",
  { ignore: withoutGit },
  async () => {
    await using root = await repository();
    await name(root.path, NOWHERE);
    await assert.rejects(Baseline.layOut(root.path), BaselineMissing);
    await Deno.remove(join(root.path, ".git"), { recursive: true });
    await assert.rejects(Baseline.layOut(root.path), BaselineMissing);
  },
);

Deno.test("Baseline takes no option of git's for a commit", async () => {
  await using root = await temporaryDirectory({});
  await name(root.path, "--output=/dev/null");
  await assert.rejects(Baseline.layOut(root.path), {
    message:
      'Cannot parse commit "--output=/dev/null": expected 40 hexadecimal digits',
  });
});

Deno.test(
  "Baseline names HEAD, but not where what is measured differs from it",
  { ignore: withoutGit },
  async () => {
    await using root = await repository();
    const head = await git(root.path, "rev-parse", "HEAD");
    for (const time of ["first", "second"]) {
      assert.equal(await Baseline.write(root.path), head, time);
    }
    const { commit } = JSON.parse(
      await Deno.readTextFile(join(root.path, FILE)),
    );
    assert.equal(commit, head);
    await Deno.writeTextFile(join(root.path, "src/app.ts"), "after");
    await assert.rejects(Baseline.write(root.path), {
      message:
        "Cannot name a baseline: expected no uncommitted changes, found\nM src/app.ts",
    });
  },
);

/** A repository of one commit, with a baseline that names none. */
async function repository() {
  const root = await temporaryDirectory({});
  await Deno.mkdir(join(root.path, "src"));
  await Deno.writeTextFile(join(root.path, "src/app.ts"), "before");
  await name(root.path, NOWHERE);
  await git(root.path, "init", "--quiet");
  await git(root.path, "add", ".");
  const config = "-c user.name=Test -c user.email=test@acme.example " +
    "-c commit.gpgsign=false";
  const commit = `${config} commit --quiet --message before`;
  await git(root.path, ...commit.split(" "));
  return root;
}

async function name(root: string, commit: string): Promise<void> {
  await Deno.mkdir(join(root, "bench/micro"), { recursive: true });
  await Deno.writeTextFile(join(root, FILE), JSON.stringify({ commit }));
}

async function git(root: string, ...args: string[]): Promise<string> {
  const { success, stdout } = await new Deno.Command("git", {
    args: ["-C", root, ...args],
    stderr: "inherit",
  }).output();
  assert.ok(success, `git ${args.join(" ")}`);
  return new TextDecoder().decode(stdout).trim();
}
