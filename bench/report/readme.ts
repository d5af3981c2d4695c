import { digestLines, digestTable } from "./table.ts";
import type { Outcome } from "../run.ts";

const BEGIN = "<!-- bench table -->";
const END = "<!-- /bench table -->";

/**
 * README.md with the digest between its marks.
 *
 * @throws {Error} If the marks are not there, each once.
 */
export function withDigest(
  readme: string,
  outcomes: readonly Outcome[],
): string {
  const parts = readme.split(BEGIN);
  const [, after = ""] = parts;
  const end = after.indexOf(END);
  if (parts.length !== 2 || end < 0) {
    throw new Error(`Cannot find ${BEGIN} and ${END} in README.md`);
  }
  const digest = digestTable(digestLines(outcomes));
  return `${parts[0]}${BEGIN}\n\n${digest}\n\n${after.slice(end)}`;
}
