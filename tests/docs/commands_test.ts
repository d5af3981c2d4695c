import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { helpText } from "../../src/config/help.ts";
import { at, type Block, type Page, readPages, ROOT } from "./markdown.ts";
import { Workplace } from "./workplace.ts";

/**
 * What the word after `sh` says of a block: nothing, that it ends and succeeds;
 * `serve`, that it goes on beside the blocks after it; `elsewhere`, that it
 * needs a cluster, a registry or programs that may not be there.
 */
const KINDS = ["", "serve", "elsewhere"];

/** What the blocks that are run need, and this machine has not. */
const missing = (await Promise.all(
  ["bash", "curl", "openssl", "python3"].map(async (name) => ({
    name,
    there: await new Deno.Command("which", { args: [name], stdout: "null" })
      .output().then(({ success }) => success, () => false),
  })),
)).filter(({ there }) => !there).map(({ name }) => name);

const pages = await readPages();
const blocksOf = (page: Page) =>
  page.blocks.filter(({ info }) => info[0] === "sh");
const kindOf = ({ info }: Block) => info[1] ?? "";

for (const page of pages) {
  const blocks = blocksOf(page).filter((block) =>
    kindOf(block) !== "elsewhere"
  );
  if (blocks.length === 0) continue;
  Deno.test({
    name: `the commands of ${page.path} do what it says, one after the other`,
    ignore: missing.length > 0,
    async fn() {
      await using workplace = await Workplace.create();
      for (const block of blocks) {
        if (kindOf(block) === "serve") {
          await workplace.serve(block.text).catch((error) => {
            throw new Error(`${at(page, block)}: ${error.message}`);
          });
          continue;
        }
        const { code, output } = await workplace.run(block.text);
        assert.equal(code, 0, `${at(page, block)}: ended so:\n${output}`);
      }
      assert.deepEqual(await workplace.end(), [], page.path);
    },
  });
}

Deno.test("every block of commands says what it is", () => {
  for (const page of pages) {
    for (const block of page.blocks) {
      assert.notEqual(block.info[0], "", `${at(page, block)} has no language`);
      assert.ok(
        !["bash", "shell", "console"].includes(block.info[0] ?? ""),
        `${at(page, block)}: expected sh, so that it is run`,
      );
    }
    for (const block of blocksOf(page)) {
      assert.ok(
        KINDS.includes(kindOf(block)) && block.info.length <= 2,
        `${at(page, block)}: expected one of sh, sh serve, sh elsewhere`,
      );
    }
  }
});

Deno.test({
  name: "every block of commands is one that a shell can parse",
  ignore: missing.includes("bash"),
  async fn() {
    for (const page of pages) {
      for (const block of blocksOf(page)) {
        const { success, stderr } = await new Deno.Command("bash", {
          args: ["-n", "-c", block.text],
        }).output();
        assert.ok(success, `${at(page, block)}: ${Buffer.from(stderr)}`);
      }
    }
  },
});

Deno.test("commands give the sidecar flags that it has", () => {
  const flags = new Set(helpText().match(/--[a-z][a-z0-9-]*/g));
  for (const page of pages) {
    for (const block of blocksOf(page)) {
      const commands = block.text.replace(/\\\n/g, " ").split(/\n|&&|\|/);
      for (const command of commands) {
        if (!/^\s*(?:\S+ )*(?:mtls-sidecar|deno task start) /.test(command)) {
          continue;
        }
        const given = command.replace(/^.*?(?:mtls-sidecar|task start)/, "")
          .match(/(?<=\s)--[a-z][a-z0-9-]*/g) ?? [];
        for (const flag of given) {
          assert.ok(
            flags.has(flag),
            `${at(page, block)}: ${flag} in ${command}`,
          );
        }
      }
    }
  }
});

Deno.test("commands name files of the repository that are there", async () => {
  for (const page of pages) {
    for (const block of blocksOf(page)) {
      for (
        const [path] of block.text.matchAll(
          /\b(?:deploy|bench|docs|src|tests)\/[\w./-]*[\w]/g,
        )
      ) {
        assert.ok(
          await Deno.stat(new URL(path, ROOT)).then(() => true, () => false),
          `${at(page, block)} names ${path}, which is not there`,
        );
      }
    }
  }
});

Deno.test("deno tasks that the documents name are there", async () => {
  const { tasks }: { tasks: Record<string, string> } = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", ROOT)),
  );
  for (const page of pages) {
    for (const [, task = ""] of page.text.matchAll(/deno task ([a-z]+)/g)) {
      assert.ok(task in tasks, `${page.path} names the task ${task}`);
    }
  }
});
