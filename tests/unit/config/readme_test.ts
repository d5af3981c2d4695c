import assert from "node:assert/strict";
import { settingsTable } from "../../../src/config/help.ts";

const README = new URL("../../../README.md", import.meta.url);

Deno.test("README.md shows the table of settings as it is in force", async () => {
  const readme = await Deno.readTextFile(README);
  const expected =
    `<!-- settings -->\n\n${settingsTable()}\n\n<!-- /settings -->`;
  assert.ok(
    readme.includes(expected),
    `README.md differs from src/config/settings.ts; put this into it:\n\n${expected}\n`,
  );
});
