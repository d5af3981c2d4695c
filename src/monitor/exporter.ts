import { preferred } from "./accept.ts";
import { expose, type Exposition } from "./exposition.ts";
import { sidecarMetrics } from "./metrics.ts";
import { ProcessMetrics } from "./process_metrics.ts";
import type { Watched } from "./watched.ts";

/** Tells scrapers all that is counted, in the format that they ask for. */
export class Exporter {
  readonly #watched: Watched;
  readonly #process: ProcessMetrics;

  constructor(watched: Watched) {
    this.#watched = watched;
    this.#process = new ProcessMetrics(watched.observations.startedAt);
  }

  /** `accept` is the scraper's field of that name. */
  scrape(accept: string | undefined): Exposition {
    return expose(
      [...sidecarMetrics(this.#watched), ...this.#process.families()],
      preferred(accept, ["text/plain", "application/openmetrics-text"]),
    );
  }

  /** Leaves no timer. */
  end(): void {
    this.#process.end();
  }
}
