import { once } from "node:events";
import http from "node:http";

type Value = { stringValue?: string; doubleValue?: number };

/** One span, as OTLP tells it (OTLP/JSON). */
export interface CollectedSpan {
  readonly scope: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes: Readonly<Record<string, string | number | undefined>>;
  readonly status: number;
}

interface TracesRequest {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly {
      readonly scope: { readonly name: string };
      readonly spans: readonly {
        readonly traceId: string;
        readonly spanId: string;
        readonly parentSpanId: string;
        readonly name: string;
        readonly kind: number;
        readonly attributes: readonly { key: string; value: Value }[];
        readonly status: { readonly code: number };
      }[];
    }[];
  }[];
}

/** Takes spans over OTLP/HTTP with JSON, as an OpenTelemetry collector does. */
export class Collector implements AsyncDisposable {
  /** In the order of their coming. */
  readonly spans: CollectedSpan[] = [];
  readonly #server: http.Server;

  private constructor() {
    this.#server = http.createServer(async (request, response) => {
      let text = "";
      for await (const piece of request) text += piece;
      if (request.url === "/v1/traces") this.#take(JSON.parse(text));
      response.setHeader("content-type", "application/json");
      response.end("{}");
    });
  }

  static async start(): Promise<Collector> {
    const collector = new Collector();
    collector.#server.listen(0, "127.0.0.1");
    await once(collector.#server, "listening");
    return collector;
  }

  /** What makes a program send its spans here. */
  get env(): Record<string, string> {
    const address = this.#server.address();
    if (address === null || typeof address === "string") {
      throw new Error("the collector does not listen");
    }
    return {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${address.port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    };
  }

  #take({ resourceSpans }: TracesRequest): void {
    for (const { scope, spans } of resourceSpans.flatMap((r) => r.scopeSpans)) {
      for (const { attributes, status, ...span } of spans) {
        this.spans.push({
          ...span,
          scope: scope.name,
          status: status.code,
          attributes: Object.fromEntries(
            attributes.map((
              { key, value },
            ) => [key, value.stringValue ?? value.doubleValue]),
          ),
        });
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
