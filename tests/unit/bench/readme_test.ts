import assert from "node:assert/strict";
import { withDigest } from "../../../bench/report/readme.ts";
import { outcome } from "./outcome.ts";

const ROOT = new URL("../../../", import.meta.url);

/** The first table after `mark`. */
function tableAfter(page: string, mark: string): string {
  const rest = page.slice(page.indexOf(mark));
  return /(^\|.*\n)+/m.exec(rest)?.[0].trim() ?? "";
}

Deno.test("README.md shows the digest as the bench wrote it", async () => {
  const results = await Deno.readTextFile(new URL("bench/results.md", ROOT));
  const readme = await Deno.readTextFile(new URL("README.md", ROOT));
  const digest = tableAfter(results, "## In short");
  assert.ok(digest.startsWith("| median"), "no table in results.md");
  assert.equal(tableAfter(readme, "<!-- bench table -->"), digest);
});

Deno.test("withDigest() replaces what is between its marks, and nothing else", () => {
  const readme = "a\n<!-- bench table -->\n\nold\n\n<!-- /bench table -->\nb\n";
  const written = withDigest(readme, [outcome()]);
  assert.match(
    written,
    /^a\n<!-- bench table -->\n\n\| median .*\n<!-- \/bench table -->\nb\n$/s,
  );
  assert.doesNotMatch(written, /old/);
  assert.equal(withDigest(written, [outcome()]), written);
});

Deno.test("withDigest() throws where the marks are missing or there twice", () => {
  const marks = "<!-- bench table -->\n<!-- /bench table -->\n";
  for (const readme of ["", "<!-- bench table -->", marks + marks]) {
    assert.throws(() => withDigest(readme, []), /Cannot find <!-- bench table/);
  }
});
