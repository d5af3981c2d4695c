import assert from "node:assert/strict";
import type { ErrorCode } from "../../src/errors.ts";
import { statusOf } from "../../src/proxy/status.ts";
import { LIMITS } from "../../src/tally.ts";
import { errorCodes } from "./error_codes.ts";
import { readPage, ROOT } from "./markdown.ts";

/** A page with tables that are held to the program. */
type Place = readonly [page: string, heading: string];

const ALERTS: Place = ["docs/operations.md", "Alerts"];
const MESSAGES: Place = ["docs/operations.md", "Log messages"];
const CODES: Place = ["docs/operations.md", "Error codes"];
const LIMITED: Place = ["docs/operations.md", "Capacity and limits"];

/** The cells of each row of the tables under a heading of level 2, without header and rule. */
async function rows([path, heading]: Place): Promise<string[][]> {
  const { prose } = await readPage(path);
  const section = prose.split(/^(?=## )/m)
    .find((section) => section.startsWith(`## ${heading}\n`));
  assert.ok(section !== undefined, `${path} has no "${heading}"`);
  const lines = section.match(/^\|.*\|$/gm) ?? [];
  const isRule = (line?: string) => /^\|[ |-]*$/.test(line ?? "");
  return lines
    .filter((line, at) => !isRule(line) && !isRule(lines[at + 1]))
    .map((row) => row.slice(1, -1).split("|").map((cell) => cell.trim()));
}

/** What stands between backquotes in one cell of each row, the first unless told otherwise. */
async function named(place: Place, column = 0): Promise<string[]> {
  return (await rows(place)).flatMap((cells) =>
    [...(cells[column] ?? "").matchAll(/`([^`]+)`/g)]
      .map(([, name = ""]) => name)
  ).sort();
}

Deno.test("docs/operations.md lists every error code once, and no other", async () => {
  assert.deepEqual(await named(CODES), (await errorCodes()).sort());
});

Deno.test("docs/operations.md gives error codes the status that a client is told", async () => {
  for (const [code = "", status = ""] of await rows(CODES)) {
    if (!/^\d{3}$/.test(status)) continue;
    for (const [, name = ""] of code.matchAll(/`([^`]+)`/g)) {
      // It is one of the union, as the test above shows.
      assert.equal(`${statusOf(name as ErrorCode)}`, status, name);
    }
  }
});

Deno.test("docs/operations.md lists every message of the log, and no other", async () => {
  const messages = new Set<string>();
  for await (const path of sources(new URL("src/", ROOT))) {
    const text = await Deno.readTextFile(path);
    const found = text.matchAll(
      /\blog\s*\.(?:debug|info|warning|error)\(\s*"([^"]+)"/g,
    );
    for (const [, message = ""] of found) messages.add(message);
  }
  // Chosen before it is told, and those of main.ts.
  for (const name of ["unhandled rejection", "uncaught exception"]) {
    messages.add(name);
  }
  assert.ok(messages.size > 15, "the messages were not found");
  assert.deepEqual(await named(MESSAGES), [...messages].sort());
});

Deno.test("docs/operations.md lists every limit that is counted, and no other", async () => {
  assert.deepEqual(await named(LIMITED, 1), [...LIMITS].sort());
});

Deno.test("docs/operations.md lists every alert, and no other", async () => {
  const text = await Deno.readTextFile(
    new URL("deploy/prometheus/alerts.yaml", ROOT),
  );
  const alerts = [...text.matchAll(/^ *- alert: (\S+)$/gm)]
    .map(([, alert = ""]) => alert);
  assert.ok(alerts.length > 0, "the alerts were not found");
  assert.deepEqual(await named(ALERTS), alerts.sort());
});

async function* sources(folder: URL): AsyncGenerator<URL> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const url = new URL(isDirectory ? `${name}/` : name, folder);
    if (isDirectory) yield* sources(url);
    else if (name.endsWith(".ts")) yield url;
  }
}
