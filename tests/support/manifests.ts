import { join } from "node:path";
import { parseAllDocuments } from "yaml";

export const ROOT = join(import.meta.dirname!, "../..");

/** A Kubernetes object as its YAML has it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec?: unknown;
}

/** What the tests look at of a pod. */
export interface PodSpec {
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
  readonly volumes?: readonly Readonly<Record<string, unknown>>[];
  readonly securityContext?: unknown;
}

export interface Container {
  readonly name: string;
  readonly restartPolicy?: string;
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  readonly ports?: readonly { name: string; containerPort: number }[];
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

/**
 * The objects of a YAML text, read as Kubernetes reads it: YAML 1.1, where 0444
 * is octal.
 */
export function parseManifests(text: string): Manifest[] {
  return parseAllDocuments(text, { version: "1.1" }).map((document) => {
    if (document.errors[0] !== undefined) throw document.errors[0];
    return document.toJS();
  });
}

export async function readManifests(path: string): Promise<Manifest[]> {
  return parseManifests(await Deno.readTextFile(join(ROOT, path)));
}

/** The pod that a Deployment makes. */
export function podOf({ kind, spec }: Manifest): PodSpec {
  if (kind !== "Deployment") throw new Error(`a ${kind} makes no pod`);
  return (spec as { template: { spec: PodSpec } }).template.spec;
}

/** The sidecar of a pod, wherever it stands in it. */
export function sidecarOf(pod: PodSpec): Container {
  const found = [...pod.initContainers ?? [], ...pod.containers]
    .find(({ name }) => name === "mtls-sidecar");
  if (found === undefined) throw new Error("the pod has no mtls-sidecar");
  return found;
}

/** What a program prints, or undefined where it is not on this machine. */
export async function outputOf(
  program: string,
  args: readonly string[],
): Promise<{ success: boolean; text: string; errors: string } | undefined> {
  try {
    const { success, stdout, stderr } = await new Deno.Command(program, {
      args: [...args],
      cwd: ROOT,
    }).output();
    const decoder = new TextDecoder();
    return {
      success,
      text: decoder.decode(stdout),
      errors: decoder.decode(stderr),
    };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
