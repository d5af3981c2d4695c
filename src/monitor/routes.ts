import type { IncomingMessage } from "node:http";
import type { Samples } from "../observations/samples.ts";
import { preferred } from "./accept.ts";
import { isLoopbackCaller } from "./caller.ts";
import type { Exporter } from "./exporter.ts";
import type { Readiness } from "./readiness.ts";
import { type Answer, plain } from "./server.ts";
import { statusReport } from "./status_model.ts";
import type { Condition, StatusReport } from "./status_report.ts";
import type { Watched } from "./watched.ts";

export interface RoutesOptions {
  readonly watched: Watched;
  readonly readiness: Readiness;
  /** Undefined where `/metrics` is off. */
  readonly exporter: Exporter | undefined;
  /** Undefined where `/status` is off. */
  readonly samples: Samples | undefined;
  /** Who may see which clients were refused. */
  readonly statusDetail: "loopback" | "all";
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const JSON_HEADERS = {
  "content-type": "application/json",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
};

/** How often metrics and status are written in a second, by whoever asked. */
const COSTLY_PER_SECOND = 20;

/** Answers what the monitor port is asked for, by path. */
export class Routes {
  readonly #options: RoutesOptions;
  #costlyLeft = COSTLY_PER_SECOND;
  #costlySince = 0;
  readonly #byPath = new Map<
    string,
    (request: IncomingMessage, url: URL) => Promise<Answer> | Answer
  >();

  constructor(options: RoutesOptions) {
    this.#options = options;
    const { exporter, samples } = options;
    for (const path of ["/live", "/livez"]) {
      this.#byPath.set(path, (request) => this.#live(request));
    }
    for (const path of ["/ready", "/readyz"]) {
      this.#byPath.set(path, (request, url) => this.#ready(request, url));
    }
    if (exporter !== undefined) {
      this.#byPath.set(
        "/metrics",
        (request) =>
          this.#isTooOften() ? tooOften() : metrics(request, exporter),
      );
    }
    if (samples === undefined) return;
    this.#byPath.set("/status.json", async (request) => {
      if (this.#isTooOften()) return tooOften();
      return {
        status: 200,
        headers: JSON_HEADERS,
        body: `${JSON.stringify(await this.#report(request, samples))}\n`,
      };
    });
    this.#byPath.set("/status", async (request) => {
      if (this.#isTooOften()) return tooOften();
      const { renderPage } = await import("./page/page.ts");
      return {
        status: 200,
        ...renderPage(await this.#report(request, samples)),
      };
    });
  }

  async answer(request: IncomingMessage): Promise<Answer> {
    const url = URL.parse(request.url ?? "", "http://monitor");
    if (url === null) return plain(400, "no such path");
    const route = this.#byPath.get(url.pathname);
    if (route !== undefined) return await route(request, url);
    if (
      this.#options.samples !== undefined && url.pathname.startsWith("/status/")
    ) {
      const { PAGE_RESOURCES } = await import("./page/page.ts");
      const resource = PAGE_RESOURCES.get(url.pathname);
      if (resource !== undefined) return { status: 200, ...resource };
    }
    return plain(404, "no such path");
  }

  /** Requests go before: whoever asks without end must not take the time of theirs. */
  #isTooOften(): boolean {
    const now = this.#options.now();
    if (Math.abs(now - this.#costlySince) >= 1000) {
      this.#costlySince = now;
      this.#costlyLeft = COSTLY_PER_SECOND;
    }
    return this.#costlyLeft-- <= 0;
  }

  /**
   * Whoever is asked this and answers lives; a sidecar that drains must not be
   * ended for it. A thread that is stuck cannot be ended but with the process.
   */
  #live(request: IncomingMessage): Answer {
    const { phase, workers } = this.#options.watched;
    if (workers.silent.length > 0) {
      return plain(503, `no word from worker ${workers.silent.join(", ")}`);
    }
    return wantsJson(request)
      ? { status: 200, headers: JSON_HEADERS, body: `{"live":true}\n` }
      : plain(200, `live: ${phase}`);
  }

  async #ready(request: IncomingMessage, url: URL): Promise<Answer> {
    const conditions = await this.#options.readiness.conditions(
      request.rawHeaders,
    );
    const ready = conditions.every(({ ok }) => ok);
    const status = ready ? 200 : 503;
    if (wantsJson(request)) {
      const body = `${JSON.stringify({ ready, conditions })}\n`;
      return { status, headers: JSON_HEADERS, body };
    }
    const shown = url.searchParams.has("verbose")
      ? conditions
      : conditions.filter(({ ok }) => !ok);
    return plain(
      status,
      [...shown.map(conditionLine), ready ? "ready" : "not ready"].join("\n"),
    );
  }

  async #report(
    request: IncomingMessage,
    samples: Samples,
  ): Promise<StatusReport> {
    const { watched, readiness, statusDetail, now } = this.#options;
    const [conditions] = await Promise.all([
      readiness.conditions([]),
      watched.refresh(),
    ]);
    return statusReport(watched, {
      samples,
      conditions,
      detailed: statusDetail === "all" || isLoopbackCaller(request),
      now: now(),
    });
  }
}

function tooOften(): Answer {
  return plain(429, "asked too often", { "retry-after": "1" });
}

async function metrics(
  { headers }: IncomingMessage,
  exporter: Exporter,
): Promise<Answer> {
  const { contentType, text } = await exporter.scrape(headers.accept);
  return { status: 200, headers: { "content-type": contentType }, body: text };
}

function wantsJson({ headers }: IncomingMessage): boolean {
  return preferred(headers.accept, ["text/plain", "application/json"]) ===
    "application/json";
}

function conditionLine({ name, ok, detail }: Condition): string {
  return `[${ok ? "+" : "-"}] ${name}: ${detail}`;
}
