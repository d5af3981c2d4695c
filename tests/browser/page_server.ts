import {
  type Page,
  PAGE_RESOURCES,
  renderPage,
} from "../../src/monitor/page/page.ts";
import type { StatusReport } from "../../src/monitor/status_report.ts";

/** Serves the status page of a report that a test may change, on a port of its own. */
export class PageServer implements AsyncDisposable {
  report: StatusReport;
  /** While true, there is no page. */
  failing = false;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(report: StatusReport) {
    this.report = report;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      (request) => this.#answer(new URL(request.url).pathname),
    );
  }

  /** Of the page. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/status`;
  }

  #answer(path: string): Response {
    if (this.failing) return new Response(null, { status: 503 });
    const page: Page | undefined = path === "/status"
      ? renderPage(this.report)
      : PAGE_RESOURCES.get(path);
    if (page === undefined) return new Response(null, { status: 404 });
    return new Response(page.body, { headers: page.headers });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}
