import { join } from "node:path";

/** What an executable is made of; tests, benches and documents stay outside. */
const SOURCE = ["main.ts", "src", "deno.json", "deno.lock"];

/** A copy of the source that says which commit it is. */
export interface StagedSource extends AsyncDisposable {
  readonly directory: string;
  /** As `--version` tells it. */
  readonly version: string;
}

/**
 * Copies the source and stamps the copy, so that a build leaves the work tree as
 * it was. The commit is build metadata of the version (SemVer 2.0.0, section
 * 10): `0.1.0+89e351a2b3c4`.
 *
 * @param commit Empty where it is not known: then the version stands alone.
 */
export async function stageSource(
  root: string,
  commit: string,
): Promise<StagedSource> {
  const directory = await Deno.makeTempDir({ prefix: "mtls-sidecar-source-" });
  const dispose = () => Deno.remove(directory, { recursive: true });
  try {
    for (const name of SOURCE) {
      await copy(join(root, name), join(directory, name));
    }
    const manifest = join(directory, "deno.json");
    const content = JSON.parse(await Deno.readTextFile(manifest));
    const version = stamped(String(content.version), commit);
    content.version = version;
    await Deno.writeTextFile(manifest, JSON.stringify(content, null, 2));
    return { directory, version, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/**
 * The version with the commit as build metadata.
 *
 * @throws {Error} If `commit` is no commit, which SemVer could not carry.
 */
export function stamped(version: string, commit: string): string {
  if (commit === "") return version;
  if (!/^[0-9a-f]{7,40}(\.dirty)?$/.test(commit)) {
    throw new Error(
      `Cannot use commit "${commit}": expected 7 to 40 hexadecimal digits`,
    );
  }
  const [hash = "", ...dirty] = commit.split(".");
  return `${version}+${[hash.slice(0, 12), ...dirty].join(".")}`;
}

/** The commit that is checked out, with `.dirty` where files differ from it; empty without git. */
export async function commitOf(root: string): Promise<string> {
  const head = await git(["rev-parse", "HEAD"], root);
  if (head === undefined) return "";
  const changes = await git(["status", "--porcelain", "--", ...SOURCE], root);
  return changes === "" ? head : `${head}.dirty`;
}

async function git(args: string[], cwd: string): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command("git", {
      args,
      cwd,
      stderr: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch {
    return undefined; // No git on this machine, as in the image's build.
  }
}

async function copy(from: string, to: string): Promise<void> {
  if ((await Deno.stat(from)).isFile) {
    await Deno.copyFile(from, to);
    return;
  }
  await Deno.mkdir(to);
  for await (const { name } of Deno.readDir(from)) {
    await copy(join(from, name), join(to, name));
  }
}
