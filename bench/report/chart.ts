import type { DigestLine } from "./table.ts";

const WIDTH = 760;
const NAME_WIDTH = 190;
const BAR_HEIGHT = 14;
const BAR_STEP = 18;
const TITLE_HEIGHT = 26;
const LINE_GAP = 14;
/** Room for the figure beside the longest bar. */
const FIGURE_WIDTH = 70;

/** Readable on white and, where the reader prefers that, on black. */
const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328; }
  .title { font-weight: 600; }
  .other { fill: #8c959f; }
  .own { fill: #0969da; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .other { fill: #6e7681; }
    .own { fill: #58a6ff; }
  }`;

/**
 * The digest as bars, one group for each figure with a scale of its own.
 *
 * @param own The contender that stands out.
 */
export function chart(lines: readonly DigestLine[], own: string): string {
  let y = 0;
  const parts: string[] = [];
  for (const { title, values, cells } of lines) {
    const highest = Math.max(...values.values());
    parts.push(
      `<text class="title" x="0" y="${y + 16}">${escape(title)}</text>`,
    );
    y += TITLE_HEIGHT;
    for (const [name, value] of values) {
      const room = WIDTH - NAME_WIDTH - FIGURE_WIDTH;
      const width = Math.max(1, Math.round(room * value / highest));
      const text = y + BAR_HEIGHT - 3;
      parts.push(
        `<text x="12" y="${text}">${escape(name)}</text>`,
        `<rect class="${
          name === own ? "own" : "other"
        }" x="${NAME_WIDTH}" y="${y}" width="${width}" height="${BAR_HEIGHT}" rx="2"/>`,
        `<text x="${NAME_WIDTH + width + 6}" y="${text}">${
          cells.get(name) ?? ""
        }</text>`,
      );
      y += BAR_STEP;
    }
    y += LINE_GAP;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img" aria-label="Medians of deno task bench">
<style>${STYLE}
</style>
${parts.join("\n")}
</svg>
`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
