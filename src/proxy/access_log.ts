import type { ErrorCode } from "../errors.ts";
import type { RequestHead } from "../http/request_head.ts";
import type { Exchanged } from "../observations/traffic.ts";

/** What of a connection stands in each of its lines. */
export interface ConnectionFields {
  readonly address: string;
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly tlsVersion: string;
  /** Whether its session was resumed. */
  readonly resumed: boolean;
  /** Of the client's certificate, lower-case hex; undefined where the client is unverified. */
  readonly fingerprint: string | undefined;
  /** Names the client without showing who it is; undefined where nobody knows. */
  readonly subjectHash: string | undefined;
}

/** By which names others know a request. */
export interface RequestNames {
  readonly requestId: string;
  /** Of the trace that it is part of, where there is one. */
  readonly traceId: string | undefined;
  /** Of our own span, where there is one. */
  readonly spanId: string | undefined;
}

/** What came of a request. */
export interface Outcome extends Exchanged {
  /** What went wrong, where something did. Its message is for operators. */
  readonly fault:
    | { readonly code: ErrorCode; readonly message: string }
    | undefined;
}

/** Takes whole lines. Never throws, never waits. */
export interface Lines {
  line(text: string): void;
}

export interface AccessLogOptions {
  readonly lines: Lines;
  /** `errors`: only what was refused, failed, or answered with a status from 400 on. */
  readonly which: "all" | "errors" | "off";
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/**
 * One JSON line a request, put together by hand: this runs with every request.
 * Fields have the names of OpenTelemetry's conventions where it has some. Paths
 * are logged without their query, clients by hashes.
 */
export class AccessLog {
  readonly #lines: Lines;
  readonly #which: "all" | "errors" | "off";
  readonly #now: () => number;

  constructor({ lines, which, now = Date.now }: AccessLogOptions) {
    this.#lines = lines;
    this.#which = which;
    this.#now = now;
  }

  /** What stands in each line of a connection, made once. */
  static connectionPart(
    { address, tlsVersion, resumed, fingerprint, subjectHash }:
      ConnectionFields,
  ): string {
    return JSON.stringify({
      "client.address": address,
      "tls.protocol.name": "tls",
      "tls.protocol.version": tlsVersion.replace(/^TLSv/, ""),
      "tls.resumed": resumed,
      "tls.client.hash.sha256": fingerprint?.toUpperCase(),
      "subject_hash": subjectHash,
    }).slice(1, -1);
  }

  /** What stands in a line of the request, undefined where no line will be written. */
  requestPart(
    head: RequestHead,
    { requestId, traceId, spanId }: RequestNames,
  ): string | undefined {
    if (this.#which === "off") return undefined;
    return `"http.request.method":"${head.method}","url.path":${
      JSON.stringify(head.path())
    },"network.protocol.name":"http","network.protocol.version":"${
      head.major === 2 ? "2" : `1.${head.minor}`
    }","request_id":${JSON.stringify(requestId)},${
      traceId === undefined ? "" : `"trace_id":"${traceId}",`
    }${spanId === undefined ? "" : `"span_id":"${spanId}",`}`;
  }

  /** Writes the line of a request. `requestPart` is what the function of that name gave. */
  write(
    connectionPart: string,
    requestPart: string | undefined,
    outcome: Outcome,
  ): void {
    const { status, fault, durationMs, upstreamMs, received, sent } = outcome;
    const failed = fault !== undefined || status >= 400;
    if (this.#which === "off" || this.#which === "errors" && !failed) return;
    const time = new Date(this.#now()).toISOString();
    this.#lines.line(
      `{"time":"${time}","level":"info","message":"request",${
        requestPart ?? ""
      }"http.response.status_code":${status},${
        fault === undefined
          ? ""
          : `"error.type":"${fault.code}","error.message":${
            JSON.stringify(fault.message)
          },`
      }"duration_ms":${durationMs.toFixed(3)},${
        upstreamMs < 0 ? "" : `"upstream_duration_ms":${upstreamMs.toFixed(3)},`
      }"http.request.body.size":${received},"http.response.body.size":${sent},${connectionPart}}`,
    );
  }
}
