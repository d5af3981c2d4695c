/**
 * Kubernetes objects, by the schemas of their kinds. These say what a value may
 * be but pass fields that they do not know, as a misspelt one. The types made
 * from them do not, so a compiler looks too.
 *
 * @module
 */
import { join } from "node:path";
import { answer } from "./answer.ts";

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

const CERT_MANAGER = "@kubernetes-models/cert-manager";
const PROMETHEUS = "@kubernetes-models/prometheus-operator";

/** Where the schema and the type of a kind are. */
const MODULES: Readonly<Record<string, string>> = {
  "v1 Service": "kubernetes-models/v1/Service",
  "v1 ServiceAccount": "kubernetes-models/v1/ServiceAccount",
  "v1 ConfigMap": "kubernetes-models/v1/ConfigMap",
  "apps/v1 Deployment": "kubernetes-models/apps/v1/Deployment",
  "networking.k8s.io/v1 NetworkPolicy":
    "kubernetes-models/networking.k8s.io/v1/NetworkPolicy",
  "cert-manager.io/v1 Certificate":
    `${CERT_MANAGER}/cert-manager.io/v1/Certificate`,
  "trust.cert-manager.io/v1alpha1 Bundle":
    `${CERT_MANAGER}/trust.cert-manager.io/v1alpha1/Bundle`,
  "monitoring.coreos.com/v1 PodMonitor":
    `${PROMETHEUS}/monitoring.coreos.com/v1/PodMonitor`,
};

async function faultsOf(manifests: readonly Manifest[]): Promise<string[]> {
  const faults: string[] = [];
  let source = "";
  for (const [index, manifest] of manifests.entries()) {
    const { apiVersion, kind, metadata } = manifest;
    const module = MODULES[`${apiVersion} ${kind}`];
    if (module === undefined) {
      faults.push(`${apiVersion} ${kind}: no schema`);
      continue;
    }
    try {
      const { [kind]: Model } = await import(module);
      new Model(manifest).validate();
    } catch (error) {
      faults.push(`${kind} ${metadata.name}: ${error}`);
    }
    source += `import type { I${kind} as I${index} } from "${module}";\n` +
      `export const m${index}: I${index} = ${JSON.stringify(manifest)};\n`;
  }
  return [...faults, ...await compilerFaults(source)];
}

async function compilerFaults(source: string): Promise<string[]> {
  const path = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(path, source);
    const config = join(import.meta.dirname!, "deno.json");
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--quiet", "--frozen", `--config=${config}`, path],
      env: { NO_COLOR: "1" },
    }).output();
    return success ? [] : [new TextDecoder().decode(stderr)];
  } finally {
    await Deno.remove(path);
  }
}

await answer(faultsOf);
