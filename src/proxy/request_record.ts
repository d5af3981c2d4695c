import { FieldKind } from "../http/field_name.ts";
import type { RequestHead } from "../http/request_head.ts";
import type { RequestProtocol, Traffic } from "../observations/traffic.ts";
import type { AccessLog, Outcome } from "./access_log.ts";
import { dropFields, givenRequestId, type RequestIds } from "./request_id.ts";
import { formatTraceParent, type Span, type Spans } from "./spans.ts";
import { statusOf } from "./status.ts";
import { traceParent } from "./trace_context.ts";

/** Where records of requests are kept. */
export interface RecordDependencies {
  readonly accessLog: AccessLog;
  readonly traffic: Traffic;
  readonly requestIds: RequestIds;
  /** Undefined where nobody follows traces. */
  readonly spans: Spans | undefined;
  /** Milliseconds, never going back. */
  readonly now: () => number;
}

/** What came of a request, as far as its record does not know that itself. */
export type Result = Omit<Outcome, "protocol" | "durationMs">;

/**
 * What is kept of one request for those who run the sidecar: its counts, its
 * line of the access log, its span, and the names by which others know it.
 */
export class RequestRecord {
  readonly #dependencies: RecordDependencies;
  readonly #started: number;
  readonly #protocol: RequestProtocol;
  readonly #span: Span | undefined;
  readonly #logPart: string | undefined;
  /** Lines by which the application knows the request, each ended by CRLF. */
  readonly lines: string;

  /** Begins with the request. Fields of `head` that are replaced are no longer forwarded. */
  constructor(dependencies: RecordDependencies, head: RequestHead) {
    const { accessLog, traffic, requestIds, spans, now } = dependencies;
    this.#dependencies = dependencies;
    this.#started = now();
    this.#protocol = protocolOf(head);
    traffic.begin();
    let lines = "";
    let requestId = givenRequestId(head.fields);
    if (requestId === undefined) {
      requestId = requestIds.next();
      lines = `X-Request-Id: ${requestId}\r\n`;
    }
    const parent = traceParent(head.fields);
    const span = this.#span = spans?.begin(head, parent);
    if (span !== undefined) {
      dropFields(head.fields, FieldKind.TRACEPARENT);
      lines += `traceparent: ${formatTraceParent(span.context)}\r\n`;
    }
    this.lines = lines;
    this.#logPart = accessLog.requestPart(head, {
      requestId,
      traceId: span?.context.traceId ?? parent?.traceId,
      spanId: span?.context.spanId,
    });
  }

  /** Once, when the request is over. `connectionPart` is for its line of the log. */
  end(
    connectionPart: string,
    { status, fault, upstreamMs, received, sent }: Result,
  ): void {
    const { accessLog, traffic, now } = this.#dependencies;
    const outcome: Outcome = {
      protocol: this.#protocol,
      status,
      fault,
      durationMs: now() - this.#started,
      upstreamMs,
      received,
      sent,
    };
    traffic.end(outcome);
    this.#span?.end(outcome);
    accessLog.write(connectionPart, this.#logPart, outcome);
  }
}

/** Keeps a record of what could not be taken for a request. */
export function recordRefusal(
  { accessLog, traffic }: RecordDependencies,
  { connectionPart, protocol, fault }: {
    connectionPart: string;
    protocol: RequestProtocol;
    fault: NonNullable<Outcome["fault"]>;
  },
): void {
  const outcome: Outcome = {
    protocol,
    status: statusOf(fault.code),
    fault,
    durationMs: 0,
    upstreamMs: -1,
    received: 0,
    sent: 0,
  };
  traffic.refused(outcome);
  accessLog.write(connectionPart, undefined, outcome);
}

function protocolOf({ major, minor }: RequestHead): RequestProtocol {
  if (major === 2) return "h2";
  return minor === 0 ? "http/1.0" : "http/1.1";
}
