import assert from "node:assert/strict";
import { boolean } from "../../src/config/kinds.ts";
import type { Setting } from "../../src/config/settings.ts";
import { readPage } from "./markdown.ts";
import { SETTINGS_PAGE, settingsPage } from "./settings_page.ts";

/** The formatter may break lines where it likes. */
function unbroken(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

const setting = (variable: string): Setting<unknown> => ({
  variable,
  kind: boolean,
  default: "true",
  group: "Group",
  description: "Does * it",
});

Deno.test("docs/settings.md says of every setting what the program says", async () => {
  const { text } = await readPage(SETTINGS_PAGE);
  const sections = (page: string) => page.split(/^(?=##)/m).map(unbroken);
  const written = sections(text);
  const expected = sections(settingsPage(text));
  const firstDifferent = expected.findIndex((one, at) => one !== written[at]);
  assert.equal(
    written[firstDifferent],
    expected[firstDifferent],
    "run: deno run --allow-read --allow-write tests/docs/settings_page.ts && " +
      "deno fmt docs/settings.md",
  );
  assert.equal(written.length, expected.length);
});

Deno.test("docs/settings.md has notes on every setting", async () => {
  const { text } = await readPage(SETTINGS_PAGE);
  const bare = text.split(/^(?=##)/m)
    .filter((section) => section.startsWith("### "))
    .filter((section) => section.trim().split(/\n{2,}/).length < 4)
    .map((section) => section.split("\n")[0]);
  assert.deepEqual(bare, []);
});

Deno.test("settingsPage() keeps what is written by hand, and renews the rest", () => {
  const page = `# Settings

Before.

## Group

Of the group.

### \`A\`

Old words.

Old facts.

By hand,

of two paragraphs.

### \`GONE\`

Old words.

Old facts.

Gone too.
`;
  assert.equal(
    settingsPage(page, [setting("A"), setting("B")]),
    `# Settings

Before.

## Group

Of the group.

### \`A\`

Does \\* it.

\`--a BOOLEAN\` takes true, false, 1 or 0. Default: \`true\`.

By hand,

of two paragraphs.

### \`B\`

Does \\* it.

\`--b BOOLEAN\` takes true, false, 1 or 0. Default: \`true\`.
`,
  );
});
