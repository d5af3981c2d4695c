import assert from "node:assert/strict";
import { programCommand } from "../support/program_command.ts";

const DIRECTORY = "/tmp/mtls-sidecar-demo";

/** The folder is one for all: these tests may run beside themselves on the executable. */
async function alone(): Promise<AsyncDisposable> {
  const lock = await Deno.open(`${DIRECTORY}.lock`, {
    create: true,
    write: true,
  });
  await lock.lock(true);
  // Closing it unlocks it; removed, it would be another file to who waits.
  return { [Symbol.asyncDispose]: () => Promise.resolve(lock.close()) };
}

async function demo(): Promise<
  { code: number; stdout: string; stderr: string }
> {
  const { path, args, env } = programCommand(["demo", "--once"]);
  const { code, stdout, stderr } = await new Deno.Command(path, {
    args,
    env: { ...env },
    clearEnv: true,
  }).output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

Deno.test("the demo writes in its one folder alone, and leaves nothing there", async () => {
  await using _ = await alone();
  const { code, stdout, stderr } = await demo();
  assert.deepEqual([code, stderr], [0, ""]);
  assert.equal(stdout.match(/^✓ With /gm)?.length, 3);
  await assert.rejects(Deno.stat(DIRECTORY), Deno.errors.NotFound);
});

Deno.test("the demo takes no folder that somebody else has made", async () => {
  await using _ = await alone();
  await Deno.mkdir(DIRECTORY);
  try {
    assert.deepEqual(await demo(), {
      code: 1,
      stdout: "",
      stderr:
        `mtls-sidecar: Cannot make "${DIRECTORY}": expected no other demo to run, nor to have left it\n`,
    });
  } finally {
    await Deno.remove(DIRECTORY);
  }
});
