import assert from "node:assert/strict";
import { isAbsolute } from "node:path";
import {
  adviceFor,
  cacheDirectory,
  findBaseExecutable,
  hostTarget,
  targetNames,
  TARGETS,
} from "../../../tasks/base_executable.ts";

const denoDir = "/cache";
const version = "2.9.6";
const CACHED = "/cache/dl/release/v2.9.6/denort-aarch64-unknown-linux-gnu.zip";

Deno.test("there is a target for Linux and macOS, on x64 and arm64", () => {
  assert.deepEqual(targetNames(), [
    "linux-x64",
    "linux-arm64",
    "macos-x64",
    "macos-arm64",
  ]);
});

Deno.test("hostTarget() is this machine's, or none", () => {
  assert.equal(hostTarget("aarch64-apple-darwin"), "macos-arm64");
  assert.equal(hostTarget("x86_64-pc-windows-msvc"), undefined);
  assert.equal(TARGETS[hostTarget() ?? "linux-x64"], Deno.build.target);
});

Deno.test("findBaseExecutable() prefers what DENORT_BIN names", () => {
  const given = findBaseExecutable({
    target: "linux-arm64",
    denortBin: "/opt/denort",
    denoDir,
    version,
    exists: () => true,
  });
  assert.deepEqual(given, { kind: "given", path: "/opt/denort" });
});

Deno.test("findBaseExecutable() looks into Deno's cache where DENORT_BIN is unset", () => {
  for (const kind of ["cached", "absent"] as const) {
    const found = findBaseExecutable({
      target: "linux-arm64",
      denoDir,
      version,
      exists: (path) => path === CACHED && kind === "cached",
    });
    assert.deepEqual(found, { kind, path: CACHED });
  }
});

Deno.test("findBaseExecutable() refuses a DENORT_BIN that is not there", () => {
  assert.throws(
    () =>
      findBaseExecutable({
        target: "linux-arm64",
        denortBin: "/opt/denort",
        denoDir,
        version,
        exists: () => false,
      }),
    new Error(
      'Cannot use DENORT_BIN "/opt/denort": expected the denort of Deno 2.9.6 for aarch64-unknown-linux-gnu',
    ),
  );
});

Deno.test("adviceFor() says which file is missing, where it is looked for, and how to provide it", () => {
  const advice = adviceFor("linux-arm64", { path: CACHED, version });
  assert.match(advice, /missing: +denort-aarch64-unknown-linux-gnu\.zip/);
  assert.ok(advice.includes(`expected: ${CACHED}`));
  assert.match(advice, /DENORT_BIN=\S+ deno task compile --target=linux-arm64/);
});

Deno.test("cacheDirectory() is where Deno keeps its files", async () => {
  const directory = await cacheDirectory();
  assert.ok(isAbsolute(directory));
  assert.ok((await Deno.stat(directory)).isDirectory);
});
