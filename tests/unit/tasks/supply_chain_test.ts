import assert from "node:assert/strict";
import { join } from "node:path";
import denoJson from "../../../deno.json" with { type: "json" };
import { ACCEPTED, licencesOf } from "../../../tasks/licences.ts";
import {
  idOf,
  type ShippedPackage,
  shippedPackages,
} from "../../../tasks/packages.ts";
import { sbomOf } from "../../../tasks/sbom.ts";
import { faultsIn } from "../../support/schemas.ts";

const ROOT = join(import.meta.dirname!, "../../..");
const packages = await shippedPackages(ROOT);

const EXAMPLE: ShippedPackage = {
  name: "@scope/one",
  version: "1.0.0",
  licence: "MIT",
  licenceText: "Do as you like\r\n",
  sha512: "00".repeat(64),
  dependencies: [],
  direct: true,
};

Deno.test("shippedPackages() are what main.ts leads to, and nothing that only tests use", () => {
  const names = new Set(packages.map(({ name }) => name));
  assert.ok(names.has("@peculiar/x509"));
  const shipped = packages.filter(({ direct }) => direct).map(({ name }) =>
    name
  );
  for (const name of Object.keys(denoJson.imports)) {
    assert.equal(names.has(name), shipped.includes(name), name);
  }
  assert.ok(!names.has("fast-check"));
  const ids = new Set(packages.map(idOf));
  for (const { dependencies } of packages) {
    for (const id of dependencies) assert.ok(ids.has(id), id);
  }
});

Deno.test("shippedPackages() have the lock file's hashes", async () => {
  const lock: Record<string, { integrity?: string }> = JSON.parse(
    await Deno.readTextFile(join(ROOT, "deno.lock")),
  ).npm;
  for (const one of packages) {
    const entry = Object.entries(lock).find(([key]) =>
      key === idOf(one) || key.startsWith(`${idOf(one)}_`)
    );
    const octets = Uint8Array.fromHex(one.sha512);
    assert.equal(octets.length, 64);
    assert.equal(entry?.[1].integrity, `sha512-${octets.toBase64()}`);
  }
});

Deno.test("every version in the import map is exact", () => {
  for (const [name, specifier] of Object.entries(denoJson.imports)) {
    assert.match(specifier, /^npm:.+@\d+\.\d+\.\d+$/, name);
  }
});

Deno.test("the SBOM keeps to the official CycloneDX schema", async () => {
  const sbom = sbomOf(packages);
  assert.deepEqual(await faultsIn("sbom", sbom), []);
  const spoilt = { ...sbom, bomFromat: "CycloneDX" };
  assert.notDeepEqual(await faultsIn("sbom", spoilt), []);
});

Deno.test("the SBOM names the program, the runtime and each package once, and its graph is whole", () => {
  const { components, dependencies, metadata } = JSON.parse(
    JSON.stringify(sbomOf(packages)),
  );
  const references: string[] = [metadata.component, ...components]
    .map((one) => one["bom-ref"]);
  assert.equal(new Set(references).size, packages.length + 2);
  for (const { ref, dependsOn = [] } of dependencies) {
    for (const one of [ref, ...dependsOn]) {
      assert.ok(references.includes(one), one);
    }
  }
  assert.equal(dependencies.length, references.length);
});

Deno.test("sbomOf() escapes the @ of a scope in a package URL", () => {
  const text = JSON.stringify(sbomOf([EXAMPLE]));
  assert.ok(text.includes('"pkg:npm/%40scope/one@1.0.0"'));
});

Deno.test("every package is under a licence that asks for its text alone, which it has", () => {
  for (const { name, licence, licenceText } of packages) {
    assert.ok(ACCEPTED.includes(licence), `${name}: ${licence}`);
    assert.ok(licenceText.length > 100, name);
  }
});

Deno.test("licencesOf() tells each text once, for all packages that have it", () => {
  const two = { ...EXAMPLE, name: "two", licenceText: "Do as you like\n" };
  const text = licencesOf([EXAMPLE, two]);
  assert.equal(text.split("Do as you like").length, 2);
  assert.ok(text.includes("- @scope/one@1.0.0 (MIT)\n- two@1.0.0 (MIT)\n"));
});

Deno.test("LICENCES.md is what deno task licences makes", async () => {
  const path = join(ROOT, "LICENCES.md");
  assert.equal(await Deno.readTextFile(path), licencesOf(packages));
});
