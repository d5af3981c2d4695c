/**
 * Writes `dist/sbom.cdx.json`: what is inside the executable, as CycloneDX 1.6
 * (ECMA-424). The same source gives the same octets.
 *
 * @module
 */
import { join } from "node:path";
import denoJson from "../deno.json" with { type: "json" };
import { idOf, type ShippedPackage, shippedPackages } from "./packages.ts";

const ROOT = join(import.meta.dirname!, "..");
const OUTPUT = join(ROOT, "dist/sbom.cdx.json");

const PROGRAM = `mtls-sidecar@${denoJson.version}`;
const RUNTIME = `deno@${Deno.version.deno}`;

/** The bill of materials of these packages, the runtime and the program itself. */
export function sbomOf(packages: readonly ShippedPackage[]): object {
  const direct = packages.filter((one) => one.direct).map(idOf);
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: {
        type: "application",
        "bom-ref": PROGRAM,
        name: "mtls-sidecar",
        version: denoJson.version,
        licenses: [{ license: { id: denoJson.license } }],
      },
    },
    components: [
      {
        type: "platform",
        "bom-ref": RUNTIME,
        name: "deno",
        version: Deno.version.deno,
        description: "The runtime, with V8 and rustls, that is the executable",
        licenses: [{ license: { id: "MIT" } }],
        purl: `pkg:github/denoland/deno@v${Deno.version.deno}`,
      },
      ...packages.map((one) => ({
        type: "library",
        "bom-ref": idOf(one),
        name: one.name,
        version: one.version,
        hashes: [{ alg: "SHA-512", content: one.sha512 }],
        licenses: [{ license: { id: one.licence } }],
        purl: purlOf(one),
      })),
    ],
    dependencies: [
      { ref: PROGRAM, dependsOn: [RUNTIME, ...direct] },
      { ref: RUNTIME },
      ...packages.map((one) => ({
        ref: idOf(one),
        dependsOn: [...new Set(one.dependencies)].sort(),
      })),
    ],
  };
}

/** The package as a URL (ECMA-427), where the @ of a scope is escaped. */
function purlOf({ name, version }: ShippedPackage): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

if (import.meta.main) {
  const packages = await shippedPackages(ROOT);
  await Deno.mkdir(join(ROOT, "dist"), { recursive: true });
  const text = JSON.stringify(sbomOf(packages), null, 2);
  await Deno.writeTextFile(OUTPUT, `${text}\n`);
  console.log(`${OUTPUT} (${packages.length} packages and the runtime)`);
}
