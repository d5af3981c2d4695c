import assert from "node:assert/strict";
import { join } from "node:path";
import denoJson from "../../../deno.json" with { type: "json" };
import { ROOT } from "../../support/manifests.ts";

for (const name of ["CONTRIBUTING.md", "SECURITY.md"]) {
  Deno.test(`${name} names tasks, files and versions that there are`, async () => {
    const text = await Deno.readTextFile(join(ROOT, name));
    for (const [, task = ""] of text.matchAll(/deno task (\w+)/g)) {
      assert.ok(task in denoJson.tasks, task);
    }
    for (const [, version] of text.matchAll(/[Dd]eno[ @](\d[\d.]*\d)/g)) {
      assert.equal(version, Deno.version.deno);
    }
    const paths = [
      ...text.matchAll(/\]\(([\w./]+)\)/g),
      ...text.matchAll(/`((?:src|tasks|tests|\.ci)\/[\w./]+)`/g),
    ].map(([, path = ""]) => path);
    assert.ok(paths.length > 0);
    for (const path of paths) await Deno.stat(join(ROOT, path));
  });
}

Deno.test("README's pod is that of deploy/kubernetes/sidecar.yaml", async () => {
  const readme = await Deno.readTextFile(join(ROOT, "README.md"));
  const [, shown = ""] = /<!-- pod -->\n\n```yaml\n(.*?)```/s.exec(readme) ??
    [];
  const manifest = await Deno.readTextFile(
    join(ROOT, "deploy/kubernetes/sidecar.yaml"),
  );
  const [, part = ""] = manifest.split(/^ +# mtls-sidecar\n/m);
  assert.ok(shown.includes("initContainers:"));
  assert.equal(shown, part.replaceAll(/^ {6}/gm, ""));
});
