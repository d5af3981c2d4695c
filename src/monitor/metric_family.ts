import type { Histogram } from "../observations/histogram.ts";

/** One number of a family. */
export interface MetricSample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What is told of one thing that is measured. */
export type MetricFamily =
  & {
    /** In base units; a counter's ends in `_total`. */
    readonly name: string;
    /** One sentence without a full stop. */
    readonly help: string;
  }
  & (
    | {
      readonly type: "counter" | "gauge";
      readonly samples: readonly MetricSample[];
    }
    | {
      readonly type: "histogram";
      readonly histogram: Pick<Histogram, "bounds" | "counts" | "sum">;
    }
  );
