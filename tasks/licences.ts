/**
 * Writes `LICENCES.md`: under which licences the executable's packages are, with
 * the texts that have to go with them.
 *
 * @module
 */
import { join } from "node:path";
import { idOf, type ShippedPackage, shippedPackages } from "./packages.ts";

const ROOT = join(import.meta.dirname!, "..");

/** Licences that ask for no more than their text to go along. */
export const ACCEPTED: readonly string[] = [
  ...["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"],
];

/** The document about these packages, each text told once. */
export function licencesOf(packages: readonly ShippedPackage[]): string {
  const byText = new Map<string, ShippedPackage[]>();
  for (const one of packages) {
    const text = one.licenceText.replaceAll("\r\n", "\n").trim();
    byText.set(text, [...byText.get(text) ?? [], one]);
  }
  const sections = Array.from(byText, ([text, ofIt]) => {
    const names = ofIt.map((one) => `- ${idOf(one)} (${one.licence})`);
    return `${names.join("\n")}\n\n\`\`\`text\n${text}\n\`\`\``;
  });
  return `# Licences of what is inside the executable

mtls-sidecar itself is under the [MIT licence](LICENSE). The executable is the
runtime [Deno](https://github.com/denoland/deno) with these packages inside; Deno
is under the MIT licence too. What only tests, benches and tasks use is not
shipped and not listed. \`deno task licences\` makes this file.

${sections.join("\n\n")}
`;
}

if (import.meta.main) {
  const text = licencesOf(await shippedPackages(ROOT));
  await Deno.writeTextFile(join(ROOT, "LICENCES.md"), text);
  console.log("LICENCES.md is written");
}
