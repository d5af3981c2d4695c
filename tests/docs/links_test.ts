import assert from "node:assert/strict";
import { readPage, readPages, ROOT } from "./markdown.ts";

const pages = await readPages();

/** Whether a path from the root is there. */
async function exists(url: URL): Promise<boolean> {
  return await Deno.stat(url).then(() => true, () => false);
}

Deno.test("links between the documents lead to files and headings that are there", async () => {
  for (const page of pages) {
    for (const link of page.links) {
      if (/^[a-z]+:/.test(link)) continue;
      const [target = "", anchor] = link.split("#");
      const url = target === ""
        ? new URL(page.path, ROOT)
        : new URL(target, new URL(page.path, ROOT));
      const path = url.pathname.slice(ROOT.pathname.length);
      assert.ok(
        url.href.startsWith(ROOT.href) && await exists(url),
        `${page.path} links to ${link}, which is not there`,
      );
      if (anchor === undefined) continue;
      const { anchors } = await readPage(path);
      assert.ok(
        anchors.has(anchor),
        `${page.path} links to ${link}: ${path} has no such heading, but ${
          [...anchors].join(", ")
        }`,
      );
    }
  }
});

Deno.test("links out of the documents are made by https", () => {
  for (const page of pages) {
    for (const link of page.links) {
      assert.ok(
        !/^[a-z]+:/.test(link) || link.startsWith("https://"),
        `${page.path} links to ${link}`,
      );
    }
  }
});

Deno.test("docs/README.md leads to every other page, and README.md leads to it", async () => {
  const { links } = await readPage("docs/README.md");
  for (const { path } of pages) {
    const name = path.replace("docs/", "");
    if (path === "README.md" || name === "README.md") continue;
    assert.ok(links.includes(name), `docs/README.md does not link to ${name}`);
  }
  const readme = await readPage("README.md");
  assert.ok(readme.links.includes("docs/README.md"));
});

Deno.test("the documents have no dashes that are longer than a hyphen between words", () => {
  for (const { path, prose } of pages) {
    assert.doesNotMatch(prose, /\u2014/, path);
  }
});
