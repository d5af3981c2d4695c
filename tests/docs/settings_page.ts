import { flagOf, type Setting, SETTINGS } from "../../src/config/settings.ts";
import { ROOT } from "./markdown.ts";

/** Where the page is, from the root. */
export const SETTINGS_PAGE = "docs/settings.md";

/** What no setting takes, so that each says what it expects. */
const NONSENSE = "\0";

/**
 * `page` with what src/config/settings.ts says of each setting, in its order and
 * under its groups. What is written by hand stays: all before the first group,
 * below a group's heading, and below a setting's facts. Settings that are no more
 * go with their notes.
 */
export function settingsPage(
  page: string,
  settings: readonly Setting<unknown>[] = Object.values(SETTINGS),
): string {
  const notes = notesOf(page);
  const parts = [notes.get("") ?? ""];
  let group = "";
  for (const setting of settings) {
    if (setting.group !== group) {
      group = setting.group;
      parts.push(`## ${group}`, notes.get(group) ?? "");
    }
    parts.push(
      `### \`${setting.variable}\``,
      ...factsOf(setting),
      notes.get(setting.variable) ?? "",
    );
  }
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

/** The two paragraphs that the table gives for a setting. */
function factsOf(setting: Setting<unknown>): readonly [string, string] {
  const { kind, default: byDefault, description } = setting;
  const parsed = kind.parse(NONSENSE);
  if (!("expected" in parsed)) throw new Error("a setting takes anything");
  const takes = parsed.expected.replace(
    /^rule 1 to /,
    "rules between commas, each to ",
  );
  const shown = byDefault === "" ? "none" : `\`${byDefault}\``;
  return [
    `${description.replaceAll("*", "\\*")}.`,
    `\`${
      flagOf(setting)
    } ${kind.placeholder}\` takes ${takes}. Default: ${shown}.`,
  ];
}

/** What is written by hand, by the heading that it stands under; "" before all. */
function notesOf(page: string): ReadonlyMap<string, string> {
  const notes = new Map<string, string>();
  for (const section of page.split(/^(?=##)/m)) {
    const [, level, heading = ""] = /^(##+) (.*)\n/.exec(section) ?? [];
    const paragraphs = section.trim().split(/\n{2,}/);
    // A setting's heading and its two paragraphs, a group's heading, or nothing.
    const made = level === undefined ? 0 : level === "##" ? 1 : 3;
    notes.set(
      heading.replaceAll("`", ""),
      paragraphs.slice(made).join("\n\n"),
    );
  }
  return notes;
}

if (import.meta.main) {
  const url = new URL(SETTINGS_PAGE, ROOT);
  await Deno.writeTextFile(url, settingsPage(await Deno.readTextFile(url)));
}
