import { type Markup, markup } from "./markup.ts";

/** One of the things that a plot shows, a value a slot; null where there is none. */
export interface Series {
  /** Its class in the style sheet, which gives it its colour. */
  readonly className: string;
  readonly values: readonly (number | null)[];
}

/** A small plot without text of its own: the page writes that around it. */
export interface Plot {
  /** Unique on the page. */
  readonly id: string;
  readonly title: string;
  /** What it shows, for those who don't see it. */
  readonly description: string;
  readonly series: readonly Series[];
  /** The value at the upper edge, above 0. */
  readonly top: number;
  /** What a pointer on each slot is told; as many as each series has values. */
  readonly tips: readonly string[];
  /** For how many values there is room; fewer stand at the right end. */
  readonly slots: number;
}

const SLOT = 10;
const GAP = 2;
const HEIGHT = 100;

/** A round number that is not below `value`, and not far above it; 1 for 0. */
export function roundTop(value: number): number {
  if (!(value > 0)) return 1;
  const decade = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 3, 4, 5, 6, 8].map((step) => step * decade)
    .find((top) => top >= value) ?? 10 * decade;
}

/** Bars, the series stacked on each other from the first at the bottom. */
export function barPlot(plot: Plot): Markup {
  const floors: number[] = [];
  const bars = plot.series.map(({ className, values }) => {
    let path = "";
    values.forEach((value, at) => {
      if (value === null || value === 0) return;
      const floor = floors[at] ?? 0;
      floors[at] = floor + value;
      const x = left(plot, at) + GAP / 2;
      const y = height(plot, floor);
      path += `M${x} ${y}V${height(plot, floor + value)}h${SLOT - GAP}V${y}z`;
    });
    return markup`<path class="${className}" d="${path}"/>`;
  });
  return frame(plot, bars);
}

/** Lines through the middles of the slots, broken where there is no value. */
export function linePlot(plot: Plot): Markup {
  const lines = plot.series.map(({ className, values }) => {
    let path = "";
    let broken = true;
    values.forEach((value, at) => {
      if (value !== null) {
        const x = left(plot, at) + SLOT / 2;
        // A point by itself shows because its line has length and round ends.
        path += `${broken ? "M" : "L"}${x} ${height(plot, value)}h.01`;
      }
      broken = value === null;
    });
    return markup`<path class="line ${className}" d="${path}"/>`;
  });
  return frame(plot, lines);
}

function frame(plot: Plot, shapes: readonly Markup[]): Markup {
  const { id, title, description, slots, tips } = plot;
  const width = slots * SLOT;
  return markup`<svg class="plot" viewBox="0 0 ${width} ${HEIGHT}"
 preserveAspectRatio="none" role="img" aria-labelledby="${id}-title ${id}-desc">
<title id="${id}-title">${title}</title>
<desc id="${id}-desc">${description}</desc>
<path class="grid" d="M0 .5H${width}M0 50H${width}M0 99.5H${width}"/>
${shapes}
${
    tips.map((tip, at) =>
      markup`<rect class="slot" x="${
        left(plot, at)
      }" width="${SLOT}" height="${HEIGHT}"><title>${tip}</title></rect>`
    )
  }
</svg>`;
}

function left({ slots, tips }: Plot, at: number): number {
  return (slots - tips.length + at) * SLOT;
}

/** Of a value in the plot's own coordinates, where 0 is up. */
function height({ top }: Plot, value: number): number {
  const y = HEIGHT * (1 - Math.min(1, value / top));
  return Math.round(10 * y) / 10;
}
