import assert from "node:assert/strict";
import { join } from "node:path";
import denoJson from "../../../deno.json" with { type: "json" };
import { readBaked } from "../../../tasks/baked.ts";
import { permissionFlags, v8Flags } from "../../../tasks/program_flags.ts";
import { temporaryDirectory } from "../../support/files.ts";

const ROOT = join(import.meta.dirname!, "../../..");
const COMMIT = "89e351a03e18a4c0a1b2c3d4e5f60718293a4b5c";

async function compile(args: string[], env: Record<string, string> = {}) {
  const { DENORT_BIN: _, ...inherited } = Deno.env.toObject();
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "tasks/compile.ts", ...args],
    cwd: ROOT,
    env: { ...inherited, ...env, NO_COLOR: "1" },
    clearEnv: true,
  }).output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

Deno.test("compile --check-only bakes version, commit, permissions and V8 flags", async () => {
  const { code, stdout, stderr } = await compile([
    "--check-only",
    `--commit=${COMMIT}`,
  ]);
  assert.deepEqual([code, stderr], [0, ""]);
  const rows = new Map(
    stdout.trim().split("\n").map((line) => {
      const [name = "", ...rest] = line.split(/ {2,}| (?=every)/);
      return [name, rest.join("")];
    }),
  );
  assert.equal(rows.get("version"), `${denoJson.version}+89e351a03e18`);
  const listed = (name: string) =>
    permissionFlags().find((flag) => flag.startsWith(name))?.split("=")[1]
      ?.replaceAll(",", ", ");
  assert.equal(rows.get("allow_env"), listed("--allow-env"));
  assert.equal(rows.get("allow_write"), listed("--allow-write"));
  assert.equal(rows.get("allow_net"), "everything");
  assert.equal(rows.get("allow_read"), "everything");
  assert.deepEqual(
    [...rows.keys()].filter((name) => name.startsWith("allow_")).length,
    4,
  );
  assert.equal(
    `--v8-flags=${rows.get("v8_flags")?.replaceAll(", ", ",")}`,
    v8Flags(),
  );
});

Deno.test("compile says what it can be told, and what it cannot use", async () => {
  const help = await compile(["--help"]);
  assert.equal(help.code, 0);
  assert.match(help.stdout, /linux-x64, linux-arm64, macos-x64, macos-arm64/);
  for (
    const [args, message] of [
      [["--target=solaris"], 'Cannot compile for "solaris": expected one of'],
      [["--commit=main", "--check-only"], 'Cannot use commit "main"'],
      [["--speed"], "Unknown option '--speed'"],
    ] as const
  ) {
    const { code, stderr } = await compile([...args]);
    assert.equal(code, 1);
    assert.ok(stderr.startsWith(message), stderr);
  }
});

Deno.test("compile without a base executable says which, where and how, with exit code 1", async () => {
  await using directory = await temporaryDirectory({});
  // Nobody listens there: whatever Deno would fetch fails at once.
  const proxy = "http://127.0.0.1:9";
  const { code, stdout, stderr } = await compile(
    ["--target=linux-arm64", `--output=${directory.path}`],
    { HTTPS_PROXY: proxy, https_proxy: proxy, NO_PROXY: "" },
  );
  if (code === 0) return; // This machine's cache holds it.
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /^Cannot compile for linux-arm64: /);
  assert.match(stderr, /missing: +denort-aarch64-unknown-linux-gnu\.zip/);
  assert.match(stderr, /DENORT_BIN=/);
});

Deno.test({
  name: "compile does not take the tools' deno for a base executable",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using directory = await temporaryDirectory({});
    const { code, stderr } = await compile(
      [`--output=${directory.path}`],
      { DENORT_BIN: Deno.execPath() },
    );
    assert.equal(code, 1);
    assert.match(stderr, /^Cannot use the base executable: expected denort/);
    assert.deepEqual([...Deno.readDirSync(directory.path)], []);
  },
});

Deno.test("the module graph is main.ts and src/, with packages of the lock file alone", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "main.ts"],
    cwd: ROOT,
  }).output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout));
  const root = new URL(`file://${ROOT}/`).href;
  for (const { specifier, error } of modules) {
    assert.equal(error, undefined, specifier);
    assert.ok(
      /^(npm|node):/.test(specifier) ||
        /^(main\.ts|deno\.json|src\/.*\.(ts|css|js))$/.test(
          specifier.replace(root, ""),
        ),
      specifier,
    );
  }
});

Deno.test("readBaked() tells a file that was never compiled", async () => {
  await using files = await temporaryDirectory({ "plain": "text" });
  const path = join(files.path, "plain");
  await assert.rejects(
    readBaked(path),
    new Error(`Cannot find what was compiled in "${path}"`),
  );
});
