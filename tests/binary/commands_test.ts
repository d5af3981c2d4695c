import assert from "node:assert/strict";
import { programCommand } from "../support/program_command.ts";

/**
 * Where each command is run to its end with the permissions of the executable.
 * A new command is not shipped before it stands here.
 */
const SHOWN_BY: Readonly<Record<string, string>> = {
  serve: "serve_test.ts",
  check: "check_test.ts",
  demo: "demo_test.ts",
  status: "monitor_test.ts",
  healthcheck: "monitor_test.ts",
};

async function run(...words: string[]) {
  const { path, args, env } = programCommand(words);
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

Deno.test("every command is run with the executable's permissions by a test of this folder", async () => {
  const { stderr } = await run("nonsense");
  const list = /expected a flag, ([a-z, ]+)/.exec(stderr)?.[1] ?? "";
  const commands = list.split(/, | or /);
  assert.ok(commands.includes("serve"), stderr);
  for (const command of commands) {
    const file = SHOWN_BY[command];
    assert.ok(file !== undefined, `no test in tests/binary runs ${command}`);
    const text = await Deno.readTextFile(new URL(file, import.meta.url));
    assert.match(text, new RegExp(`programCommand|new Program\\(`), file);
  }
});

Deno.test("--help and --version need no permission at all", async () => {
  const help = await run("--help");
  assert.deepEqual([help.code, help.stderr], [0, ""]);
  assert.match(help.stdout, /UPSTREAM_URL/);
  const version = await run("--version");
  assert.match(version.stdout, /^mtls-sidecar \d+\.\d+\.\d+/);
});
