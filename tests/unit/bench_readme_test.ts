import assert from "node:assert/strict";

const ROOT = new URL("../../", import.meta.url);

/** The first table under a heading that begins so. */
function tableUnder(page: string, heading: string): string {
  const section = page.slice(page.indexOf(`## ${heading}`));
  return /(^\|.*\n)+/m.exec(section)?.[0].trim() ?? "";
}

Deno.test("README.md shows the tables of small requests and of memory as the bench wrote them", async () => {
  const results = await Deno.readTextFile(new URL("bench/results.md", ROOT));
  const readme = await Deno.readTextFile(new URL("README.md", ROOT));
  for (const heading of ["Small requests", "Memory"]) {
    const table = tableUnder(results, heading);
    assert.ok(table.startsWith("| proxy"), `no table under ${heading}`);
    assert.ok(readme.includes(table), `README.md has not:\n\n${table}\n`);
  }
});
