import assert from "node:assert/strict";
import { parseOptions } from "../../../bench/options.ts";

function writes(...args: string[]): boolean | undefined {
  return parseOptions(args)?.write;
}

Deno.test("parseOptions() has results written after five runs of everything, or where it is said", () => {
  assert.equal(writes(), true);
  assert.equal(writes("--runs", "7", "--seconds", "2"), true);
  assert.equal(writes("--runs", "4"), false);
  assert.equal(writes("--quick"), false);
  assert.equal(writes("--only", "http1"), false);
  assert.equal(writes("--against", "HAProxy"), false);
  assert.equal(writes("--sidecar", "./mtls-sidecar"), false);
  assert.equal(writes("--quick", "--write"), true);
});

Deno.test("parseOptions() measures nginx alone on a quick run, unless asked", () => {
  assert.deepEqual(parseOptions(["--quick"])?.against, ["nginx"]);
  assert.deepEqual(
    parseOptions(["--quick", "--against", "HAProxy,Caddy"])?.against,
    ["HAProxy", "Caddy"],
  );
  assert.deepEqual(parseOptions([])?.against, []);
});

Deno.test("parseOptions() throws for a flag it does not know and a value out of bounds", () => {
  assert.throws(() => parseOptions(["--fast"]), TypeError);
  for (const runs of ["0", "101", "1.5", "x"]) {
    assert.throws(() => parseOptions(["--runs", runs]), /Cannot parse --runs/);
  }
  assert.equal(parseOptions(["--help"]), undefined);
});
