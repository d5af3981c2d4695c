import type { Exchanged } from "../observations/traffic.ts";
import type { RequestHead } from "../http/request_head.ts";
import type { TraceParent } from "./trace_context.ts";

/** Makes a span of each exchange, for whoever follows traces. */
export interface Spans {
  /** Begins the span of a request, as a child of `parent` where there is one. */
  begin(head: RequestHead, parent: TraceParent | undefined): Span;
}

/** The span of one exchange. */
export interface Span {
  /** What the application is to go on from, in place of what the client sent. */
  readonly context: TraceParent;
  end(exchanged: Exchanged): void;
}

/** The value of `traceparent` (W3C Trace Context §3.2.2), of version 00. */
export function formatTraceParent(
  { traceId, spanId, flags }: TraceParent,
): string {
  return `00-${traceId}-${spanId}-${flags.toString(16).padStart(2, "0")}`;
}

/** OpenTelemetry's numbers for a span of a server, and for a status that is an error. */
const SPAN_KIND_SERVER = 1, STATUS_ERROR = 2;

/** Under this key OpenTelemetry keeps the span of a context. */
const SPAN_KEY = Symbol.for("OpenTelemetry Context Key SPAN");

/** The little that is used of OpenTelemetry's API, which the runtime implements. */
interface RuntimeTracer {
  startSpan(
    name: string,
    options: { kind: number; attributes: Record<string, string | number> },
    context?: unknown,
  ): RuntimeSpan;
}

interface RuntimeSpan {
  spanContext(): { traceId: string; spanId: string; traceFlags: number };
  setAttribute(name: string, value: string | number): void;
  setStatus(status: { code: number }): void;
  end(): void;
}

/**
 * The runtime's own tracer, which exports what `OTEL_DENO=true` asks it to;
 * undefined where it exports nothing, since it then begins no span.
 */
export function runtimeTracer(): RuntimeTracer | undefined {
  const { tracerProvider } = Deno.telemetry;
  const tracer: RuntimeTracer = tracerProvider.getTracer("mtls-sidecar");
  try {
    // Never ended, and so never exported.
    tracer.startSpan("probe", { kind: SPAN_KIND_SERVER, attributes: {} });
    return tracer;
  } catch {
    return undefined;
  }
}

/**
 * Spans of the runtime, with the attributes of OpenTelemetry's conventions for
 * HTTP servers. Paths stand without their query, and clients are not named.
 */
export class RuntimeSpans implements Spans {
  readonly #tracer: RuntimeTracer;

  constructor(tracer: RuntimeTracer) {
    this.#tracer = tracer;
  }

  begin(head: RequestHead, parent: TraceParent | undefined): Span {
    const span = this.#tracer.startSpan(
      head.method,
      {
        kind: SPAN_KIND_SERVER,
        attributes: {
          "http.request.method": head.method,
          "url.path": head.path(),
          "url.scheme": "https",
        },
      },
      parent && contextOf(parent),
    );
    const { traceId, spanId, traceFlags } = span.spanContext();
    return {
      context: { traceId, spanId, flags: traceFlags },
      end({ status, fault, received, sent }) {
        span.setAttribute("http.response.status_code", status);
        span.setAttribute("http.request.body.size", received);
        span.setAttribute("http.response.body.size", sent);
        if (fault !== undefined) span.setAttribute("error.type", fault.code);
        // A client's own mistake is no error of a server's span.
        if (status === 0 || status >= 500) {
          span.setStatus({ code: STATUS_ERROR });
        }
        span.end();
      },
    };
  }
}

/** A context that holds one span of somebody else's, and nothing besides. */
function contextOf({ traceId, spanId, flags }: TraceParent): unknown {
  const spanContext = { traceId, spanId, traceFlags: flags, isRemote: true };
  const span = { spanContext: () => spanContext };
  return {
    getValue: (key: symbol) => key === SPAN_KEY ? span : undefined,
  };
}
