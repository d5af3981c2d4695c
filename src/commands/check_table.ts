/** How a text is shown where there are colours. */
export type Tone = "plain" | "heading" | "good" | "warning" | "bad" | "faint";

/** A text of a table, with its tone if that is not plain. */
export type Cell = string | { readonly text: string; readonly tone: Tone };

/** Rows under a heading, aligned with each other. */
export interface Section {
  readonly heading: string;
  readonly rows: readonly (readonly Cell[])[];
}

/** More rows than a person reads are cut. */
const MAX_ROWS = 200;

/** Select Graphic Rendition parameters (ECMA-48 §8.3.117). */
const SGR: Readonly<Record<Tone, string>> = {
  plain: "",
  heading: "1",
  good: "32",
  warning: "33",
  bad: "31",
  faint: "2",
};

/**
 * Writes sections of aligned columns, with `colours` or in plain text. Whatever
 * a cell holds, each row is one line, and nothing in it acts on a terminal: see
 * {@linkcode printable}.
 */
export function renderSections(
  sections: readonly Section[],
  { colours }: { colours: boolean },
): string {
  const write = (cell: Cell, width = 0) => {
    const { text, tone } = toned(cell);
    const shown = printable(text);
    const painted = colours && tone !== "plain"
      ? `\x1b[${SGR[tone]}m${shown}\x1b[0m`
      : shown;
    return painted + " ".repeat(Math.max(0, width - shown.length));
  };
  return sections.filter(({ rows }) => rows.length > 0).map(
    ({ heading, rows }) => {
      const shown = rows.slice(0, MAX_ROWS);
      const widths = columnWidths(shown);
      const lines = shown.map((row) => {
        const last = row.length - 1;
        const cells = row.map((cell, column) =>
          column === last ? write(cell) : write(cell, widths[column])
        );
        return cells.join("  ").trimEnd();
      });
      if (rows.length > MAX_ROWS) {
        lines.push(`and ${rows.length - MAX_ROWS} more, which --json lists`);
      }
      return [
        write({ text: heading, tone: "heading" }),
        ...lines.map((line) => `  ${line}`),
        "",
      ].join("\n");
    },
  ).join("\n");
}

/**
 * The text with everything but letters, marks, numbers, punctuation, symbols and
 * the space as `\u{…}`: control characters (C1 too), line ends, and characters
 * that hide or reorder what stands around them.
 */
export function printable(text: string): string {
  return text.replace(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}

function toned(cell: Cell): Exclude<Cell, string> {
  return typeof cell === "string" ? { text: cell, tone: "plain" } : cell;
}

/** The last cell of a row is as wide as it likes. */
function columnWidths(rows: Section["rows"]): number[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.slice(0, -1).entries()) {
      const { length } = printable(toned(cell).text);
      widths[column] = Math.max(widths[column] ?? 0, length);
    }
  }
  return widths;
}
