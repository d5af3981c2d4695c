import { SidecarError } from "../errors.ts";
import { ascii } from "../http/octets.ts";
import type {
  Ending,
  RequestHandler,
  ServerConnection,
} from "../http/server_connection.ts";
import { AccessLog, type ConnectionFields } from "./access_log.ts";
import type { ResponseSink } from "./client_request.ts";
import { Exchange, type ExchangeDependencies } from "./exchange.ts";
import { Http1Response, type ResponseDependencies } from "./http1_response.ts";
import { statusOf } from "./status.ts";

/** What all sessions share. */
export interface SessionDependencies
  extends ExchangeDependencies, ResponseDependencies {
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
  /** Why none of its requests comes near the application, where it may not enter. */
  readonly refusal: SidecarError | undefined;
}

/**
 * Serves the requests of one connection. What is the same for all of them, the
 * lines about the client before all, is made here, once.
 */
export class Session implements RequestHandler {
  readonly #dependencies: SessionDependencies;
  readonly #clientLines: Uint8Array;
  readonly #logPart: string;
  readonly #refusal: SidecarError | undefined;
  #response: ResponseSink | undefined;

  constructor(dependencies: SessionDependencies, client: SessionClient) {
    this.#dependencies = dependencies;
    this.#clientLines = new Uint8Array([
      ...ascii(`X-Forwarded-For: ${client.address}\r\n`),
      ...ascii("X-Forwarded-Proto: https\r\n"),
      ...client.identityLines,
    ]);
    this.#logPart = AccessLog.connectionPart(client);
    this.#refusal = client.refusal;
  }

  async handle(connection: ServerConnection): Promise<Ending> {
    const { accessLog, now } = this.#dependencies;
    const started = now();
    const requestPart = accessLog.requestPart(connection.head);
    const response = this.#responseOf(connection);
    const exchange = new Exchange(this.#dependencies, {
      request: connection,
      response,
      clientLines: this.#clientLines,
    });
    let fault = this.#refusal;
    let ending: Ending = "cut";
    let status = 0;
    try {
      if (fault !== undefined) throw fault;
      ending = await exchange.run();
    } catch (error) {
      fault = this.#faultOf(error);
      // Once a response has begun, only a cut tells that it is not whole.
      if (exchange.status === 0 && fault.code !== "CLIENT_GONE") {
        status = statusOf(fault.code);
        // A client that is let in later must not be kept out by its connection.
        const last = this.#refusal !== undefined;
        ending = await response.answer(fault.code, { last });
      }
    }
    response.release();
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
    this.#responseOf(connection).refuse(fault.code);
    this.#dependencies.accessLog.write(this.#logPart, undefined, {
      status: statusOf(fault.code),
      fault,
      durationMs: 0,
      received: 0,
      sent: 0,
    });
  }

  #responseOf(connection: ServerConnection): ResponseSink {
    return this.#response ??= new Http1Response(connection, this.#dependencies);
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
