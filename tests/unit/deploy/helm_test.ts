import assert from "node:assert/strict";
import { join } from "node:path";
import { parse } from "yaml";
import denoJson from "../../../deno.json" with { type: "json" };
import { type Setting, SETTINGS } from "../../../src/config/settings.ts";
import {
  outputOf,
  parseManifests,
  podOf,
  readManifests,
  ROOT,
  sidecarOf,
} from "../../support/manifests.ts";
import { assertSidecarPod } from "../../support/pod_rules.ts";
import { faultsIn } from "../../support/schemas.ts";

const LIBRARY = join(ROOT, "deploy/helm/mtls-sidecar");
const EXAMPLE = join(ROOT, "deploy/helm/example");
const read = (...path: string[]) => Deno.readTextFile(join(...path));

Deno.test("the library chart's version is the program's, and the example depends on it", async () => {
  const library = parse(await read(LIBRARY, "Chart.yaml"));
  const example = parse(await read(EXAMPLE, "Chart.yaml"));
  assert.deepEqual(
    [library.apiVersion, library.type, library.version, library.appVersion],
    ["v2", "library", denoJson.version, denoJson.version],
  );
  assert.deepEqual(example.dependencies, [{
    name: library.name,
    version: library.version,
    repository: "file://../mtls-sidecar",
  }]);
});

Deno.test("the library chart's settings are settings", async () => {
  const known: Setting<unknown>[] = Object.values(SETTINGS);
  const variables = new Set(known.map(({ variable }) => variable));
  const values = parse(await read(LIBRARY, "values.yaml"));
  const used = parse(await read(EXAMPLE, "values.yaml"))["mtls-sidecar"];
  for (
    const name of Object.keys({ ...values.settings, ...used.settings })
  ) {
    assert.ok(variables.has(name), name);
  }
  assert.deepEqual(
    Object.keys(used).filter((key) => !(key in values)),
    [],
  );
});

Deno.test("the library chart's templates are balanced, and use values that there are", async () => {
  const values = parse(await read(LIBRARY, "values.yaml"));
  const defined: string[] = [];
  for await (const { name } of Deno.readDir(join(LIBRARY, "templates"))) {
    // A library's files are all partials.
    assert.match(name, /^_\w+\.tpl$/);
    const text = (await read(LIBRARY, "templates", name))
      .replaceAll(/\{\{-? ?\/\*.*?\*\/-?\}\}/gs, "");
    let depth = 0;
    for (const [, word = ""] of text.matchAll(/\{\{-? *(\w+)/g)) {
      if (/^(define|if|range|with)$/.test(word)) depth++;
      if (word === "end") depth--;
      assert.ok(depth >= 0, name);
    }
    assert.equal(depth, 0, name);
    for (const [, path = ""] of text.matchAll(/\$values\.([\w.]+)/g)) {
      const found = path.split(".").reduce((at, key) => at?.[key], values);
      assert.notEqual(found, undefined, path);
    }
    for (const [, one = ""] of text.matchAll(/define "([^"]+)"/g)) {
      defined.push(one);
    }
  }
  assert.deepEqual(defined.sort(), [
    "mtls-sidecar.container",
    "mtls-sidecar.volumes",
  ]);
  const used = await read(EXAMPLE, "templates/deployment.yaml");
  for (const one of defined) assert.ok(used.includes(`include "${one}" .`));
});

/**
 * The container without what its actions would fill in. What is left has to say
 * the same as the manifest.
 */
Deno.test("the library chart's container is that of the manifest", async () => {
  const [manifest] = await readManifests("deploy/kubernetes/sidecar.yaml");
  assert.ok(manifest);
  const text = (await read(LIBRARY, "templates/_container.tpl"))
    .replaceAll(/\{\{-? ?\/\*.*?\*\/ ?-?\}\}/gs, "")
    .replaceAll(/^.*\{\{-? *(define|end|if|else|range).*$/gm, "")
    .replaceAll(/^.*(\$name|\$value |\$values = |image\.digest).*$/gm, "")
    .replace(/\{\{- toYaml \$values\.resources .*\}\}/, "limits: {memory: 0}")
    .replaceAll(/\{\{ \$values\.runAsUser \}\}/g, "65532")
    .replaceAll(/image: \{\{.*\}\}/g, "image: any");
  const [container] = parse(text.replaceAll("{{- $values", "# "));
  const { env: _, envFrom: __, image: ___, resources: ____, ...expected } =
    sidecarOf(podOf(manifest));
  const { env, image: _____, resources: ______, ...actual } = container;
  assert.deepEqual(actual, expected);
  assert.deepEqual(env, [{ name: "MONITOR_PORT", value: "8081" }]);
});

const helm = await outputOf("helm", ["version"]);
if (helm === undefined) console.log("the Helm chart is not rendered: no helm");

Deno.test({
  name: "the example chart renders to a pod with the sidecar",
  ignore: helm === undefined,
  async fn() {
    const built = await outputOf("helm", ["dependency", "build", EXAMPLE]);
    assert.ok(built?.success, built?.errors ?? "");
    const rendered = await outputOf("helm", ["template", "x", EXAMPLE]);
    assert.ok(rendered?.success, rendered?.errors ?? "");
    const manifests = parseManifests(rendered.text);
    assert.deepEqual(await faultsIn("kubernetes", manifests), []);
    const [deployment] = manifests;
    assert.ok(deployment);
    assertSidecarPod(podOf(deployment));
  },
});
