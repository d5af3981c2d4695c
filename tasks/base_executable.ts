import { join } from "node:path";

/** What executables are made for, by the names that releases use. */
export const TARGETS = {
  "linux-x64": "x86_64-unknown-linux-gnu",
  "linux-arm64": "aarch64-unknown-linux-gnu",
  "macos-x64": "x86_64-apple-darwin",
  "macos-arm64": "aarch64-apple-darwin",
} as const;

export type Target = keyof typeof TARGETS;

/** The target that is this machine, or undefined where there is none for it. */
export function hostTarget(
  triple: string = Deno.build.target,
): Target | undefined {
  return targetNames().find((name) => TARGETS[name] === triple);
}

/** All targets, in the order of the table. */
export function targetNames(): Target[] {
  return Object.keys(TARGETS) as Target[];
}

/** Where the base executable of a target is, or has to be put. */
export interface BaseExecutable {
  /**
   * `given`: what `DENORT_BIN` names. `cached`: the archive in Deno's cache.
   * `absent`: neither; Deno would fetch the archive and put it at `path`.
   */
  readonly kind: "given" | "cached" | "absent";
  readonly path: string;
}

/** What {@linkcode findBaseExecutable} looks at. */
export interface Surroundings {
  readonly target: Target;
  /** The value of `DENORT_BIN`; Deno takes an empty one for a path too. */
  readonly denortBin?: string | undefined;
  /** Deno's cache: `DENO_DIR`, or where `deno info` says. */
  readonly denoDir: string;
  /** The version of Deno; a base executable fits one alone. */
  readonly version?: string;
  readonly exists?: (path: string) => boolean;
}

/**
 * Where `deno compile` looks for `denort`, the runtime without tools that a
 * compiled program is appended to: `DENORT_BIN` first, then the cache.
 *
 * @throws {Error} If `DENORT_BIN` names a file that is not there.
 */
export function findBaseExecutable({
  target,
  denortBin,
  denoDir,
  version = Deno.version.deno,
  exists = isFile,
}: Surroundings): BaseExecutable {
  if (denortBin !== undefined) {
    if (exists(denortBin)) return { kind: "given", path: denortBin };
    throw new Error(
      `Cannot use DENORT_BIN "${denortBin}": expected the denort of Deno ${version} for ${
        TARGETS[target]
      }`,
    );
  }
  const archive = `denort-${TARGETS[target]}.zip`;
  const path = join(denoDir, "dl", "release", `v${version}`, archive);
  return { kind: exists(path) ? "cached" : "absent", path };
}

/** What to do when the base executable can't be fetched, one line each. */
export function adviceFor(
  target: Target,
  { path, version = Deno.version.deno }: { path: string; version?: string },
): string {
  const archive = `denort-${TARGETS[target]}.zip`;
  return [
    `Cannot compile for ${target}: the base executable of Deno ${version} could not be fetched`,
    `  missing:  ${archive}, an asset of the release v${version} of Deno`,
    `  expected: ${path}`,
    `  provide:  put the archive there, or unpack it and name the file inside:`,
    `            DENORT_BIN=/path/to/denort deno task compile --target=${target}`,
  ].join("\n");
}

/** Deno's cache directory, as Deno itself tells it. */
export async function cacheDirectory(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json"],
  }).output();
  return String(JSON.parse(new TextDecoder().decode(stdout)).denoDir);
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
