import { SIDECAR } from "../contenders/sidecar.ts";
import { REFERENCE } from "../contenders/nginx.ts";
import type { Outcome, Row } from "../run.ts";
import type { Column } from "../scenario.ts";
import { median, pairedRatio } from "../statistics.ts";

/** A table as Markdown, its columns aligned for reading as it is. */
export function table(head: string[], rows: string[][]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0))
  );
  const line = (cells: string[]) =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" | ")} |`;
  return [
    line(head),
    line(widths.map((width) => "-".repeat(width))),
    ...rows.map(line),
  ].join("\n");
}

/** All figures of a scenario: a row for each contender, medians with their spread. */
export function scenarioTable({ scenario, rows }: Outcome): string {
  const { columns, reference: name = REFERENCE } = scenario;
  const reference = rows.find(({ contender }) => contender === name);
  const head = columns.flatMap(({ title, ratio }) =>
    ratio ? [title, `to ${name}`] : [title]
  );
  return table(
    ["", ...head],
    rows.map((row) => [
      row.contender,
      ...columns.flatMap((column) => {
        const cell = spread(valuesOf(row, column), column.digits);
        return column.ratio
          ? [cell, ratioCell(row, reference, column)]
          : [cell];
      }),
    ]),
  );
}

/** A figure of a scenario that stands for it, of all contenders. */
export interface DigestLine {
  readonly title: string;
  /** Medians by contender, as they are shown. */
  readonly cells: ReadonlyMap<string, string>;
  /** The same as numbers. */
  readonly values: ReadonlyMap<string, number>;
  /** This program's to nginx. */
  readonly ratio: string;
}

/** The lines of the digest, in the order of the scenarios. */
export function digestLines(outcomes: readonly Outcome[]): DigestLine[] {
  return outcomes.flatMap(({ scenario, rows }) =>
    scenario.columns.flatMap((column) => {
      if (column.digest === undefined || rows.length === 0) return [];
      const values = new Map(
        rows.map((row) => [row.contender, median(valuesOf(row, column))]),
      );
      const cells = new Map(
        [...values].map((
          [name, value],
        ) => [name, value.toFixed(column.digits)]),
      );
      const find = (name: string) =>
        rows.find(({ contender }) => contender === name);
      const own = find(SIDECAR);
      const ratio = own ? ratioCell(own, find(REFERENCE), column) : "";
      return [{ title: column.digest, cells, values, ratio }];
    })
  );
}

/** The digest as a table: a line for each figure, a column for each contender. */
export function digestTable(lines: readonly DigestLine[]): string {
  const names = new Set(lines.flatMap(({ cells }) => [...cells.keys()]));
  const others = [...names].filter((name) => name !== SIDECAR);
  return table(
    ["median", SIDECAR, "to nginx", ...others],
    lines.map(({ title, cells, ratio }) => [
      title,
      cells.get(SIDECAR) ?? "",
      ratio,
      ...others.map((name) => cells.get(name) ?? ""),
    ]),
  );
}

function valuesOf(row: Row, { key }: Column): number[] {
  return row.samples.map((sample) => sample[key] ?? NaN);
}

function ratioCell(
  row: Row,
  reference: Row | undefined,
  column: Column,
): string {
  if (!reference) return "";
  const own = valuesOf(row, column);
  return pairedRatio(own, valuesOf(reference, column)).toFixed(2);
}

/** The median, and in brackets the lowest and the highest value. */
function spread(values: readonly number[], digits: number): string {
  const low = Math.min(...values).toFixed(digits);
  const high = Math.max(...values).toFixed(digits);
  return `${median(values).toFixed(digits)} (${low}–${high})`;
}
