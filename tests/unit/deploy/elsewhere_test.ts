import assert from "node:assert/strict";
import { join } from "node:path";
import { parse } from "yaml";
import { type Setting, SETTINGS } from "../../../src/config/settings.ts";
import { WRITABLE } from "../../../tasks/program_flags.ts";
import { temporaryDirectory } from "../../support/files.ts";
import { outputOf, ROOT } from "../../support/manifests.ts";
import { faultsIn } from "../../support/schemas.ts";

const settings: Setting<unknown>[] = Object.values(SETTINGS);
const variables = new Set(settings.map(({ variable }) => variable));

Deno.test("the compose example keeps to the schema, and to settings that there are", async () => {
  const path = join(ROOT, "deploy/compose/compose.yaml");
  const example = parse(await Deno.readTextFile(path));
  assert.deepEqual(await faultsIn("compose", example), []);
  const sidecar = example.services["mtls-sidecar"];
  for (const name of Object.keys(sidecar.environment)) {
    assert.ok(variables.has(name), name);
  }
  sidecar.read_onyl = true;
  assert.notDeepEqual(await faultsIn("compose", example), []);
});

const unit = await Deno.readTextFile(
  join(ROOT, "deploy/systemd/mtls-sidecar.service"),
);

/** The values of a directive, in order. */
function directive(name: string): string[] {
  return [...unit.matchAll(new RegExp(`^${name}=(.*)$`, "gm"))]
    .map(([, value = ""]) => value);
}

Deno.test("the systemd unit sets what there is, and waits longer than a shutdown takes", () => {
  for (const assignment of directive("Environment")) {
    const [name = ""] = assignment.split("=");
    assert.ok(variables.has(name), name);
  }
  const [stop] = directive("TimeoutStopSec");
  assert.ok(Number(stop) > Number(SETTINGS.shutdownTimeoutSecs.default));
  const [directory] = directive("RuntimeDirectory");
  assert.ok(WRITABLE.includes(`/run/${directory}`));
  // The engine makes code as it runs; the process would end at once.
  assert.deepEqual(directive("MemoryDenyWriteExecute"), []);
});

const version = await outputOf("systemd-analyze", ["--version"]);
if (version === undefined) {
  console.log("the systemd unit is not analysed: no systemd-analyze");
}

Deno.test({
  name: "systemd finds no fault with the unit, and little exposed",
  ignore: version === undefined,
  async fn() {
    // Programs that are there in place of those that the reader installs.
    await using directory = await temporaryDirectory({
      "mtls-sidecar.service": unit.replaceAll(
        "/usr/local/bin/mtls-sidecar",
        "/bin/true",
      ),
    });
    const path = join(directory.path, "mtls-sidecar.service");
    const verified = await outputOf("systemd-analyze", ["verify", path]);
    assert.deepEqual([verified?.success, verified?.errors], [true, ""]);
    const analysed = await outputOf("systemd-analyze", [
      ...["security", "--offline=true", "--no-pager", path],
    ]);
    const exposure = /exposure level for \S+: ([\d.]+)/.exec(
      analysed?.text ?? "",
    )?.[1];
    assert.ok(Number(exposure) < 2, analysed?.text ?? "");
  },
});
