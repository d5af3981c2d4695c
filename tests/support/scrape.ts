import parsePrometheusTextFormat from "parse-prometheus-text-format";
import { soon } from "./waiting.ts";

/** One sample, as the parser gives it. */
export interface ScrapedMetric {
  readonly labels?: Readonly<Record<string, string>>;
  /** Of a counter or gauge. */
  readonly value?: string;
  /** Of a histogram, by upper bound. */
  readonly buckets?: Readonly<Record<string, string>>;
  readonly count?: string;
  readonly sum?: string;
}

export interface ScrapedFamily {
  readonly name: string;
  readonly help: string;
  readonly type: "COUNTER" | "GAUGE" | "HISTOGRAM";
  readonly metrics: readonly ScrapedMetric[];
}

/** All that one scrape told. */
export class Scrape {
  readonly families: readonly ScrapedFamily[];

  constructor(text: string) {
    this.families = parsePrometheusTextFormat(text);
  }

  /** Asks a monitor port, in Prometheus's text format. */
  static async of(monitorUrl: string): Promise<Scrape> {
    const response = await soon(fetch(`${monitorUrl}/metrics`), "the scrape");
    const text = await response.text();
    if (response.status !== 200) throw new Error(text);
    return new Scrape(text);
  }

  family(name: string): ScrapedFamily {
    const found = this.families.find((family) => family.name === name);
    if (found === undefined) throw new Error(`there is no ${name}`);
    return found;
  }

  /** The value of the one sample with exactly these labels; undefined without it. */
  value(
    name: string,
    labels: Readonly<Record<string, string>> = {},
  ): number | undefined {
    const wanted = Object.entries(labels);
    const found = this.family(name).metrics.find((metric) =>
      Object.keys(metric.labels ?? {}).length === wanted.length &&
      wanted.every(([label, text]) => metric.labels?.[label] === text)
    );
    return found && Number(found.value);
  }
}
