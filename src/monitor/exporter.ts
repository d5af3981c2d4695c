import { preferred } from "./accept.ts";
import { expose, type Exposition } from "./exposition.ts";
import { sidecarMetrics } from "./metrics.ts";
import { observeEventLoop } from "../observations/event_loop_delay.ts";
import { processMetrics } from "./process_metrics.ts";
import type { Watched } from "./watched.ts";

/** Tells scrapers all that is counted, in the format that they ask for. */
export class Exporter {
  readonly #watched: Watched;
  readonly #end: () => void;

  constructor(watched: Watched) {
    this.#watched = watched;
    this.#end = observeEventLoop(watched.observations.eventLoopDelay);
  }

  /** `accept` is the scraper's field of that name. */
  async scrape(accept: string | undefined): Promise<Exposition> {
    await this.#watched.refresh();
    return expose(
      [...sidecarMetrics(this.#watched), ...processMetrics(this.#watched)],
      preferred(accept, ["text/plain", "application/openmetrics-text"]),
    );
  }

  /** Leaves no timer. */
  end(): void {
    this.#end();
  }
}
