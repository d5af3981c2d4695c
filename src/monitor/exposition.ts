import type { MetricFamily, MetricSample } from "./metric_family.ts";

/** The formats that scrapers ask for, by media type. */
export type ExpositionFormat = "text/plain" | "application/openmetrics-text";

/** What a scraper is answered. */
export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

const CONTENT_TYPES: Readonly<Record<ExpositionFormat, string>> = {
  "text/plain": "text/plain; version=0.0.4; charset=utf-8",
  "application/openmetrics-text":
    "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/**
 * Writes families in Prometheus's text format 0.0.4, or in OpenMetrics 1.0. The
 * counts are kept elsewhere, and nothing is kept here.
 *
 * Ours, because both formats are a few lines and the client library for them
 * can't be compiled in: `deno compile` 2.9 aborts on a file that comes with one of
 * its dependencies. It would also take 9 MB.
 */
export function expose(
  families: readonly MetricFamily[],
  format: ExpositionFormat,
): Exposition {
  const isOpen = format === "application/openmetrics-text";
  let text = "";
  for (const family of families) {
    const { name, help, type } = family;
    // OpenMetrics names a counter's samples after it, with a suffix of their own.
    const named = isOpen && type === "counter"
      ? name.replace(/_total$/, "")
      : name;
    text += `# HELP ${named} ${escapeHelp(help, isOpen)}\n` +
      `# TYPE ${named} ${type}\n`;
    const samples = type === "histogram"
      ? histogramSamples(family)
      : family.samples.map((sample) => ({ name, ...sample }));
    for (const sample of samples) text += sampleLine(sample);
  }
  if (isOpen) text += "# EOF\n";
  return { contentType: CONTENT_TYPES[format], text };
}

interface NamedSample extends MetricSample {
  readonly name: string;
}

function sampleLine({ name, labels = {}, value }: NamedSample): string {
  const pairs = Object.entries(labels)
    .map(([label, text]) => `${label}="${escapeLabel(text)}"`);
  const braced = pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
  return `${name}${braced} ${float(value)}\n`;
}

/** Each bucket counts what is in those before it too. */
function histogramSamples(
  { name, histogram: { bounds, counts, sum } }: Extract<
    MetricFamily,
    { type: "histogram" }
  >,
): NamedSample[] {
  let count = 0;
  const buckets = Array.from(counts, (more, bucket) => ({
    name: `${name}_bucket`,
    labels: { le: bound(bounds[bucket] ?? Infinity) },
    value: count += more,
  }));
  return [
    ...buckets,
    { name: `${name}_sum`, value: sum },
    { name: `${name}_count`, value: count },
  ];
}

/** As OpenMetrics wants bounds to be written, which the older format takes too. */
function bound(value: number): string {
  return Number.isInteger(value) ? value.toFixed(1) : float(value);
}

function float(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}

function escapeLabel(text: string): string {
  return text.replace(
    /[\\"\n]/g,
    (mark) => mark === "\n" ? "\\n" : `\\${mark}`,
  );
}

/** The older format knows no escaped quote in a help text. */
function escapeHelp(text: string, isOpen: boolean): string {
  return isOpen
    ? escapeLabel(text)
    : text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
