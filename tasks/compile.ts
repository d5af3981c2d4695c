/**
 * Makes the executables: `deno task compile --help` says how.
 *
 * @module
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readBaked } from "./baked.ts";
import {
  adviceFor,
  cacheDirectory,
  findBaseExecutable,
  hostTarget,
  type Target,
  targetNames,
  TARGETS,
} from "./base_executable.ts";
import { permissionFlags, v8Flags } from "./program_flags.ts";
import { commitOf, type StagedSource, stageSource } from "./staged_source.ts";
import { workerModules } from "./workers.ts";

const ROOT = join(import.meta.dirname!, "..");

const USAGE =
  `deno task compile [--target=NAME ...] [--all] [--output=DIR] [--commit=SHA]
                  [--check-only]

  --target=NAME  ${targetNames().join(", ")} (default: this machine's)
  --all          every one of them
  --output=DIR   where mtls-sidecar-NAME goes (default: dist)
  --commit=SHA   what --version tells (default: what git says)
  --check-only   do everything but fetch the base executable, and keep nothing`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      target: { type: "string", multiple: true, default: [] },
      all: { type: "boolean", default: false },
      output: { type: "string", default: join(ROOT, "dist") },
      commit: { type: "string" },
      "check-only": { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const targets = values.all ? targetNames() : chosen(values.target);
  const commit = values.commit ?? await commitOf(ROOT);
  await using staged = await stageSource(ROOT, commit);
  if (values["check-only"]) return await check(staged);

  await Deno.mkdir(values.output, { recursive: true });
  const denoDir = await cacheDirectory();
  let failures = 0;
  for (const target of targets) {
    const output = join(values.output, `mtls-sidecar-${target}`);
    if (!await make(staged, { target, output, denoDir })) failures++;
  }
  return failures === 0 ? 0 : 1;
}

function chosen(names: readonly string[]): Target[] {
  const known = targetNames();
  const targets = names.map((name) => {
    const target = known.find((one) => one === name);
    if (target !== undefined) return target;
    throw new Error(
      `Cannot compile for "${name}": expected one of ${known.join(", ")}`,
    );
  });
  if (targets.length > 0) return targets;
  const host = hostTarget();
  if (host !== undefined) return [host];
  throw new Error(
    `Cannot compile for this machine (${Deno.build.target}): expected --target`,
  );
}

/** Compiles for one target, and tries the result where it runs here. */
async function make(
  staged: StagedSource,
  { target, output, denoDir }: {
    target: Target;
    output: string;
    denoDir: string;
  },
): Promise<boolean> {
  const denortBin = Deno.env.get("DENORT_BIN");
  const base = findBaseExecutable({ target, denortBin, denoDir });
  const { success, stderr } = await compile(staged, {
    output,
    target,
    env: {},
  });
  if (!success) {
    // Any other fault is the compiler's own to explain.
    const unfetched = base.kind === "absent" && /base binary/i.test(stderr);
    console.error(unfetched ? adviceFor(target, base) : stderr);
    return false;
  }
  if (target === hostTarget()) await tryOut(output, staged.version);
  console.log(`${output} (${staged.version})`);
  return true;
}

/**
 * The tools' `deno` is taken for a base executable without a word, and makes a
 * program that opens a prompt instead of ours.
 */
async function tryOut(executable: string, version: string): Promise<void> {
  const { stdout } = await new Deno.Command(executable, {
    args: ["--version"],
    stdin: "null",
    stderr: "null",
  }).output();
  const said = new TextDecoder().decode(stdout).trim();
  if (said === `mtls-sidecar ${version}`) return;
  await Deno.remove(executable);
  throw new Error(
    `Cannot use the base executable: expected denort, whose --version would be mtls-sidecar ${version}`,
  );
}

/**
 * All that does not need the base executable: types, the module graph against
 * the lock file, embedding, and whether what is baked is what was asked for.
 * This very Deno stands in as the base; what comes out does not run as ours.
 */
async function check(staged: StagedSource): Promise<number> {
  const output = join(staged.directory, "checked");
  const { success, stderr } = await compile(staged, {
    output,
    env: { DENORT_BIN: Deno.execPath() },
  });
  if (!success) {
    console.error(stderr);
    return 1;
  }
  const { version, permissions, v8Flags: flags } = await readBaked(output);
  console.log(`version      ${version}`);
  for (const [name, allowed] of Object.entries(permissions)) {
    if (!name.startsWith("allow_") || !Array.isArray(allowed)) continue;
    // Modules are all inside: there is nothing left that it could import.
    if (name === "allow_import") continue;
    console.log(`${name.padEnd(12)} ${allowed.join(", ") || "everything"}`);
  }
  const wanted = v8Flags().replace("--v8-flags=", "").split(",");
  const missing = wanted.filter((flag) => !flags.includes(flag));
  if (version !== staged.version || missing.length > 0) {
    console.error(
      `Cannot find ${
        [staged.version, ...missing].join(", ")
      } in what was compiled`,
    );
    return 1;
  }
  console.log(`v8_flags     ${wanted.join(", ")}`);
  console.log("checked all but the base executable");
  return 0;
}

async function compile(
  { directory }: StagedSource,
  { output, target, env }: {
    output: string;
    target?: Target;
    env: Record<string, string>;
  },
): Promise<{ success: boolean; stderr: string }> {
  const workers = await workerModules(directory);
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "compile",
      "--frozen",
      // Without it whatever tests and benches use would be inside too.
      "--exclude-unused-npm",
      // The cache would be a file of a known name in /tmp, trusted as it stands.
      "--no-code-cache",
      v8Flags(),
      ...permissionFlags(),
      ...workers.map((module) => `--include=${join(directory, module)}`),
      ...(target ? [`--target=${TARGETS[target]}`] : []),
      `--config=${join(directory, "deno.json")}`,
      `--output=${output}`,
      join(directory, "main.ts"),
    ],
    env: { ...env, NO_COLOR: "1" },
    stdout: "null",
  }).output();
  return { success, stderr: new TextDecoder().decode(stderr) };
}

if (import.meta.main) {
  try {
    Deno.exitCode = await main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    Deno.exitCode = 1;
  }
}
