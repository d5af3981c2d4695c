import assert from "node:assert/strict";
import { Findings } from "../../../src/commands/check_findings.ts";
import { ConfigError } from "../../../src/config/config.ts";
import { SidecarError } from "../../../src/errors.ts";

function failing(error: Error): () => never {
  return () => {
    throw error;
  };
}

Deno.test("Findings.attempt() gives the result, or undefined with a problem", async () => {
  const findings = new Findings();
  assert.equal(await findings.attempt(() => 1), 1);
  assert.equal(await findings.attempt(() => Promise.resolve(2)), 2);
  assert.deepEqual(findings.problems, []);
  const error = new SidecarError("CA_EMPTY", "Cannot trust");
  assert.equal(await findings.attempt(failing(error)), undefined);
  assert.equal(
    await findings.attempt(() =>
      Promise.reject(new SidecarError("KEY_INVALID", "Cannot use"))
    ),
    undefined,
  );
  assert.deepEqual(findings.problems, [
    { code: "CA_EMPTY", message: "Cannot trust" },
    { code: "KEY_INVALID", message: "Cannot use" },
  ]);
});

Deno.test("Findings.attempt() tells the same problem once, and each of the settings' by itself", async () => {
  const findings = new Findings();
  const twice = failing(new ConfigError(["Cannot a", "Cannot b"]));
  await findings.attempt(twice);
  await findings.attempt(twice);
  assert.deepEqual(findings.problems, [
    { code: "CONFIG_INVALID", message: "Cannot a" },
    { code: "CONFIG_INVALID", message: "Cannot b" },
  ]);
});

Deno.test("Findings.attempt() lets a fault of ours through", async () => {
  const findings = new Findings();
  await assert.rejects(
    findings.attempt(failing(new TypeError("ours"))),
    TypeError,
  );
});
