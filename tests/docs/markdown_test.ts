import assert from "node:assert/strict";
import { parsePage } from "./markdown.ts";

const TEXT = `# A page: its \`name\`

See [the other](other.md#part "no") and [one
that is broken](https://one.example/).

- A list

  \`\`\`sh serve
  mtls-sidecar
  # Not a heading
  \`\`\`

<!-- [hidden](hidden.md) -->

## Twice
## Twice
`;

Deno.test("parsePage() finds blocks with the words after their fence, without their indent", () => {
  assert.deepEqual(parsePage("a.md", TEXT).blocks, [{
    info: ["sh", "serve"],
    text: "mtls-sidecar\n# Not a heading\n",
    line: 8,
  }]);
});

Deno.test("parsePage() names headings as GitHub does, and none within a block", () => {
  assert.deepEqual([...parsePage("a.md", TEXT).anchors], [
    "a-page-its-name",
    "twice",
    "twice-1",
  ]);
});

Deno.test("parsePage() finds links in prose, and none in a comment", () => {
  const page = parsePage(
    "a.md",
    `${TEXT}\n![p](p.svg)\n<img src="q.svg">\n[a](b.md)`,
  );
  assert.deepEqual(page.links, [
    "https://one.example/",
    "p.svg",
    "b.md",
    "q.svg",
  ]);
});

Deno.test("parsePage() finds what stands between backquotes, broken over lines too", () => {
  assert.deepEqual(parsePage("a.md", "`a` and `--b\nc`").spans, ["a", "--b c"]);
});

Deno.test("parsePage() throws where a block does not end", () => {
  assert.throws(
    () => parsePage("a.md", "text\n```sh\nls\n"),
    /a\.md: the block of line 2 does not end/,
  );
});
