import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import {
  cacheDirectory,
  findBaseExecutable,
  hostTarget,
} from "../../tasks/base_executable.ts";
import { temporaryDirectory } from "../support/files.ts";
import { EXECUTABLE } from "../support/program_command.ts";

const ROOT = join(import.meta.dirname!, "../..");
const target = hostTarget();
const isNested = Deno.env.has(EXECUTABLE);

/** Without a word to the network: whoever wants this test provides the base. */
async function canCompile(): Promise<boolean> {
  if (target === undefined || isNested) return false;
  const denortBin = Deno.env.get("DENORT_BIN");
  const denoDir = await cacheDirectory();
  const base = findBaseExecutable({ target, denortBin, denoDir });
  if (base.kind !== "absent") return true;
  console.log(
    `tests/binary run on the source, with the executable's permissions and flags: "${base.path}" is not there`,
  );
  return false;
}

async function run(args: string[], env: Record<string, string> = {}) {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: ROOT,
    env: { ...env, NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  const output = decoder.decode(stdout) + decoder.decode(stderr);
  assert.ok(success, output);
  return output;
}

Deno.test({
  name: "the black-box tests pass on the compiled program",
  ignore: !await canCompile(),
  async fn() {
    await using directory = await temporaryDirectory({});
    await run([
      ...["run", "--allow-all", "tasks/compile.ts"],
      ...[`--target=${target}`, `--output=${directory.path}`],
    ]);
    const output = await run(
      ["test", "--allow-all", dirname(import.meta.filename!)],
      { [EXECUTABLE]: join(directory.path, `mtls-sidecar-${target}`) },
    );
    assert.match(output, /ok \| [1-9]\d* passed/);
  },
});
