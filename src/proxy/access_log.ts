import type { ErrorCode } from "../errors.ts";
import type { RequestHead } from "../http/request_head.ts";

/** What of a connection stands in each of its lines. */
export interface ConnectionFields {
  readonly address: string;
  readonly tlsVersion: string;
  /** Names the client without showing who it is; undefined where nobody knows. */
  readonly subjectHash: string | undefined;
}

/** What came of a request. */
export interface Outcome {
  /** The status that was sent; 0 where none was. */
  readonly status: number;
  /** What went wrong, where something did. Its message is for operators. */
  readonly fault:
    | { readonly code: ErrorCode; readonly message: string }
    | undefined;
  readonly durationMs: number;
  /** Octets of content that the client sent. */
  readonly received: number;
  /** Octets of content that it was sent. */
  readonly sent: number;
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
 * Paths are logged without their query, clients by a hash of their subject.
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
    { address, tlsVersion, subjectHash }: ConnectionFields,
  ): string {
    return `"client":${JSON.stringify(address)},"tls":${
      JSON.stringify(tlsVersion)
    }${
      subjectHash === undefined
        ? ""
        : `,"subject_hash":${JSON.stringify(subjectHash)}`
    }`;
  }

  /** What stands in a line of the request, undefined where no line will be written. */
  requestPart(head: RequestHead): string | undefined {
    if (this.#which === "off") return undefined;
    return `"method":"${head.method}","path":${
      JSON.stringify(head.path())
    },"protocol":"HTTP/1.${head.minor}"`;
  }

  /** Writes the line of a request. `requestPart` is what the function of that name gave. */
  write(
    connectionPart: string,
    requestPart: string | undefined,
    outcome: Outcome,
  ): void {
    const { status, fault, durationMs, received, sent } = outcome;
    const failed = fault !== undefined || status >= 400;
    if (this.#which === "off" || this.#which === "errors" && !failed) return;
    const time = new Date(this.#now()).toISOString();
    this.#lines.line(
      `{"time":"${time}","level":"info","message":"request",${
        requestPart === undefined ? "" : requestPart + ","
      }"status":${status},${
        fault === undefined
          ? ""
          : `"code":"${fault.code}","detail":${JSON.stringify(fault.message)},`
      }"duration_ms":${
        durationMs.toFixed(3)
      },"received":${received},"sent":${sent},${connectionPart}}`,
    );
  }
}
