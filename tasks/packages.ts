import { join } from "node:path";

/** A package of the npm registry that is inside the executable. */
export interface ShippedPackage {
  readonly name: string;
  readonly version: string;
  /** As `package.json` has it: an SPDX expression (SPDX 3.0, annex B). */
  readonly licence: string;
  readonly licenceText: string;
  /** The lock file's SHA-512 of the archive, in hexadecimal. */
  readonly sha512: string;
  /** `name@version` of what it needs. */
  readonly dependencies: readonly string[];
  /** Whether the source imports it, and not another package alone. */
  readonly direct: boolean;
}

interface GraphPackage {
  readonly name: string;
  readonly version: string;
  readonly dependencies: readonly string[];
  readonly localPath: string;
}

interface Graph {
  readonly modules: readonly { readonly npmPackage?: string }[];
  readonly npmPackages: Readonly<Record<string, GraphPackage>>;
}

/** Name and version, by which a package is known in the lock file and in lists. */
export function idOf(one: { name: string; version: string }): string {
  return `${one.name}@${one.version}`;
}

/**
 * What the executable has inside: the packages that `main.ts` leads to, by name.
 * What only tests, benches and tasks use is not among them.
 *
 * @param root The directory of the source. Its packages have to be in Deno's
 * cache, as they are after any run.
 */
export async function shippedPackages(root: string): Promise<ShippedPackage[]> {
  const { modules, npmPackages } = await graphOf(root);
  const lock = JSON.parse(await Deno.readTextFile(join(root, "deno.lock")));
  const direct = new Set(
    modules.flatMap(({ npmPackage }) => npmPackage ? [npmPackage] : []),
  );
  const packages: ShippedPackage[] = [];
  for (const key of closure(direct, npmPackages)) {
    const one = npmPackages[key]!;
    const manifest = JSON.parse(
      await Deno.readTextFile(join(one.localPath, "package.json")),
    );
    packages.push({
      name: one.name,
      version: one.version,
      licence: String(manifest.license),
      licenceText: await licenceText(one.localPath),
      sha512: hexadecimal(lock.npm[key].integrity),
      dependencies: one.dependencies.map((each) => idOf(npmPackages[each]!)),
      direct: direct.has(key),
    });
  }
  return packages.sort((a, b) => idOf(a) < idOf(b) ? -1 : 1);
}

async function graphOf(root: string): Promise<Graph> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--frozen", "main.ts"],
    cwd: root,
  }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(decoder.decode(stderr));
  return JSON.parse(decoder.decode(stdout));
}

function closure(
  from: Iterable<string>,
  packages: Graph["npmPackages"],
): Set<string> {
  const reached = new Set(from);
  for (const key of reached) {
    for (const next of packages[key]?.dependencies ?? []) reached.add(next);
  }
  return reached;
}

async function licenceText(directory: string): Promise<string> {
  for await (const { name } of Deno.readDir(directory)) {
    if (!/^licen[cs]e(\.\w+)?$/i.test(name)) continue;
    return await Deno.readTextFile(join(directory, name));
  }
  throw new Error(`Cannot find a licence in "${directory}"`);
}

/** Subresource Integrity has Base64, an SBOM hexadecimal. */
function hexadecimal(integrity: string): string {
  const [algorithm, base64 = ""] = integrity.split("-");
  if (algorithm !== "sha512") {
    throw new Error(`Cannot use integrity "${integrity}": expected sha512`);
  }
  return Uint8Array.fromBase64(base64).toHex();
}
