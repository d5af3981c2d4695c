import { join } from "node:path";

/** There is nothing to compare with: no git, or a clone without the commit. */
export class BaselineMissing extends Error {}

/** What a baseline takes in, and what is written when it is named. */
const MEASURED = ["src", "bench/micro"];
const FILE = "bench/micro/baseline.json";
/**
 * Ignored by git. The same each time: the runtime keeps what it made of modules by
 * their path, and would keep that of every run.
 */
const DIRECTORY = "bench/.work/baseline";

/**
 * The commit that the cases are compared with. Its tree lies in a directory of its
 * own, of which there is one in a clone, until it is disposed of.
 */
export class Baseline implements AsyncDisposable {
  readonly commit: string;
  readonly directory: string;

  private constructor(commit: string, directory: string) {
    this.commit = commit;
    this.directory = directory;
  }

  /**
   * Lays out the commit that `root`'s baseline.json names.
   *
   * @throws {BaselineMissing} If that cannot be had here.
   */
  static async layOut(root: string): Promise<Baseline> {
    const { commit } = JSON.parse(await Deno.readTextFile(join(root, FILE)));
    // Lest it pass for an option of git's.
    if (!/^[0-9a-f]{40}$/.test(commit)) {
      throw new Error(
        `Cannot parse commit "${commit}": expected 40 hexadecimal digits`,
      );
    }
    await git(root, ["cat-file", "-e", `${commit}^{commit}`])
      .catch((cause) => {
        throw new BaselineMissing(cause.message, { cause });
      });
    const baseline = new Baseline(commit, join(root, DIRECTORY));
    const { directory } = baseline;
    // A run that was killed leaves it there.
    await baseline[Symbol.asyncDispose]();
    await Deno.mkdir(directory, { recursive: true });
    try {
      const archive = join(directory, "baseline.tar");
      await git(root, ["archive", "--output", archive, commit]);
      await run("tar", ["-xf", archive, "-C", directory]);
      return baseline;
    } catch (error) {
      await baseline[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Names HEAD of `root` in its baseline.json.
   *
   * @throws {Error} If what is measured is not what HEAD has, or without git.
   */
  static async write(root: string): Promise<string> {
    const changed = await git(root, [
      "status",
      "--porcelain",
      "--",
      ...MEASURED,
      `:!${FILE}`,
    ]);
    if (changed !== "") {
      throw new Error(
        `Cannot name a baseline: expected no uncommitted changes, found\n${changed}`,
      );
    }
    const commit = await git(root, ["rev-parse", "HEAD"]);
    const text = `${JSON.stringify({ commit }, null, 2)}\n`;
    await Deno.writeTextFile(join(root, FILE), text);
    return commit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.directory, { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
}

async function git(root: string, args: readonly string[]): Promise<string> {
  return (await run("git", ["-C", root, ...args])).trim();
}

async function run(command: string, args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
  }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(decoder.decode(stderr).trim());
  return decoder.decode(stdout);
}
