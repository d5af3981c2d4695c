import { type ErrorCode, SidecarError } from "../errors.ts";
import { ascii } from "../http/octets.ts";
import type {
  Ending,
  RequestHandler,
  ServerConnection,
} from "../http/server_connection.ts";
import { AccessLog, type ConnectionFields } from "./access_log.ts";
import { writeErrorResponse } from "./error_response.ts";
import { Exchange, type ExchangeDependencies } from "./exchange.ts";
import { statusOf } from "./status.ts";

/** What all sessions share. */
export interface SessionDependencies extends ExchangeDependencies {
  readonly accessLog: AccessLog;
  /** Milliseconds, never going back. */
  readonly now: () => number;
  /** Told of what should never happen. */
  onUnexpected(error: unknown): void;
}

/** What is known of a connection's client. */
export interface SessionClient extends ConnectionFields {
  /** Lines that tell the application who the client is, each ended by CRLF. */
  readonly identityLines: Uint8Array;
}

/**
 * Serves the requests of one connection. What is the same for all of them, the
 * lines about the client before all, is made here, once.
 */
export class Session implements RequestHandler {
  readonly #dependencies: SessionDependencies;
  readonly #clientLines: Uint8Array;
  readonly #logPart: string;

  constructor(dependencies: SessionDependencies, client: SessionClient) {
    this.#dependencies = dependencies;
    this.#clientLines = new Uint8Array([
      ...ascii(`X-Forwarded-For: ${client.address}\r\n`),
      ...ascii("X-Forwarded-Proto: https\r\n"),
      ...client.identityLines,
    ]);
    this.#logPart = AccessLog.connectionPart(client);
  }

  async handle(connection: ServerConnection): Promise<Ending> {
    const { writers, requestHeads, accessLog, now } = this.#dependencies;
    const started = now();
    const requestPart = accessLog.requestPart(connection.head);
    const out = writers.take();
    const exchange = new Exchange(this.#dependencies, connection, out);
    let fault: SidecarError | undefined;
    let ending: Ending = "cut";
    let status = 0;
    try {
      requestHeads.write(out, connection.head, this.#clientLines);
      ending = await exchange.run();
    } catch (error) {
      fault = this.#faultOf(error);
      // Once a response has begun, only a cut tells that it is not whole.
      if (exchange.status === 0 && fault.code !== "CLIENT_GONE") {
        status = statusOf(fault.code);
        ending = await this.#answer(connection, fault.code);
      }
    }
    writers.give(out);
    accessLog.write(this.#logPart, requestPart, {
      status: exchange.status || status,
      fault,
      durationMs: now() - started,
      received: connection.body.taken,
      sent: exchange.sent,
    });
    return ending;
  }

  refuse(connection: ServerConnection, fault: SidecarError): void {
    this.#send(connection, fault.code, { close: true, withContent: true });
    this.#dependencies.accessLog.write(this.#logPart, undefined, {
      status: statusOf(fault.code),
      fault,
      durationMs: 0,
      received: 0,
      sent: 0,
    });
  }

  /** Waited for as any answer is, or a client that reads none could have us hold many. */
  async #answer(
    connection: ServerConnection,
    code: ErrorCode,
  ): Promise<Ending> {
    const { head, body, retiring } = connection;
    const close = !head.persistent || retiring || !body.done;
    await this.#send(connection, code, {
      close,
      withContent: head.method !== "HEAD",
    });
    return close ? "close" : "keep";
  }

  #send(
    connection: ServerConnection,
    code: ErrorCode,
    { close, withContent }: { close: boolean; withContent: boolean },
  ): Promise<void> | undefined {
    const { writers, responseHeads } = this.#dependencies;
    const out = writers.take();
    writeErrorResponse(out, {
      status: statusOf(code),
      code,
      close,
      withContent,
      dateLine: responseHeads.dateLine(),
    });
    const sending = connection.send(out.octets);
    writers.give(out);
    return sending;
  }

  #faultOf(error: unknown): SidecarError {
    if (error instanceof SidecarError) return error;
    this.onUnexpected(error);
    return new SidecarError("INTERNAL", "Cannot go on: an unexpected error");
  }

  onUnexpected(error: unknown): void {
    this.#dependencies.onUnexpected(error);
  }
}
