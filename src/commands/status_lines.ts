import { type Cell, printable, type Tone } from "./check_table.ts";

/** As many columns as a line has at most. */
export const COLUMNS = 80;

/** Select Graphic Rendition parameters (ECMA-48 §8.3.117). */
const SGR: Readonly<Record<Tone, string>> = {
  plain: "",
  heading: "1",
  good: "32",
  warning: "33",
  bad: "31",
  faint: "2",
};

/** What takes two columns: the East Asian scripts and forms, and emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}]/u;
/** What takes none: it stands on the letter before it. */
const NARROW = /\p{M}/u;

/**
 * Collects lines that fit {@linkcode COLUMNS}, with `colours` or without. What is
 * in them can't act on a terminal: see {@linkcode printable}.
 */
export class Lines {
  readonly #lines: string[] = [];
  readonly #colours: boolean;

  constructor({ colours }: { colours: boolean }) {
    this.#colours = colours;
  }

  /** A heading, with a line left blank before it unless it is the first. */
  heading(text: string): void {
    if (this.#lines.length > 0) this.#lines.push("");
    this.line({ text, tone: "heading" });
  }

  /** One line, cut where it is too long. */
  line(...cells: readonly Cell[]): void {
    let room = COLUMNS;
    let line = "";
    for (const { text, tone } of cells.map(toned)) {
      const shown = fit(printable(text), room);
      room -= widthOf(shown);
      line += this.#paint(shown, tone);
    }
    this.#lines.push(line.trimEnd());
  }

  /** A text on as many lines as it takes, the later ones below its begin. */
  text(lead: readonly Cell[], body: Cell): void {
    const { text, tone } = toned(body);
    const indent = lead.reduce(
      (sum, cell) => sum + widthOf(printable(toned(cell).text)),
      0,
    );
    const room = Math.max(1, COLUMNS - indent);
    const [first = "", ...rest] = wrap(printable(text), room);
    this.line(...lead, { text: first, tone });
    for (const line of rest) {
      this.line(" ".repeat(indent), { text: line, tone });
    }
  }

  toString(): string {
    return this.#lines.map((line) => `${line}\n`).join("");
  }

  #paint(text: string, tone: Tone): string {
    return this.#colours && tone !== "plain" && text !== ""
      ? `\x1b[${SGR[tone]}m${text}\x1b[0m`
      : text;
  }
}

/** The text cut to so many columns, with an ellipsis where something is missing. */
export function fit(text: string, columns: number): string {
  return widthOf(text) <= columns
    ? text
    : columns < 1
    ? ""
    : `${head(text, columns - 1)}…`;
}

/** The text cut or filled up to so many columns. */
export function padded(text: string, columns: number): string {
  const shown = fit(printable(text), columns);
  return shown + " ".repeat(columns - widthOf(shown));
}

/** How many columns a printable text takes. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += columnsOf(character);
  return width;
}

function columnsOf(character: string): number {
  return WIDE.test(character) ? 2 : NARROW.test(character) ? 0 : 1;
}

/** At spaces where there are any, else anywhere. */
function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const joined = line === "" ? word : `${line} ${word}`;
    if (widthOf(joined) <= columns) {
      line = joined;
      continue;
    }
    if (line !== "") lines.push(line);
    line = word;
    while (widthOf(line) > columns) {
      // At least one character, however narrow the room: this must come to an end.
      const piece = head(line, columns) || [...line][0]!;
      lines.push(piece);
      line = line.slice(piece.length);
    }
  }
  return [...lines, line];
}

/** The longest begin of a text that fits. */
function head(text: string, columns: number): string {
  let taken = "";
  let room = columns;
  for (const character of text) {
    room -= columnsOf(character);
    if (room < 0) break;
    taken += character;
  }
  return taken;
}

function toned(cell: Cell): Exclude<Cell, string> {
  return typeof cell === "string" ? { text: cell, tone: "plain" } : cell;
}
