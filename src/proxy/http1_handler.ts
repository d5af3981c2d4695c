import type { SidecarError } from "../errors.ts";
import type {
  Ending,
  RequestHandler,
  ServerConnection,
} from "../http/server_connection.ts";
import type { ResponseSink } from "./client_request.ts";
import { Http1Response } from "./http1_response.ts";
import type { Session } from "./session.ts";

/** Serves an HTTP/1.1 connection: one response after the other goes through the same sink. */
export class Http1Handler implements RequestHandler {
  readonly #session: Session;
  #response: ResponseSink | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  handle(connection: ServerConnection): Promise<Ending> {
    return this.#session.handle(connection, this.#responseOf(connection));
  }

  refuse(connection: ServerConnection, fault: SidecarError): void {
    this.#session.refuse(fault, this.#responseOf(connection));
  }

  onUnexpected(error: unknown): void {
    this.#session.onUnexpected(error);
  }

  #responseOf(connection: ServerConnection): ResponseSink {
    return this.#response ??= new Http1Response(
      connection,
      this.#session.dependencies,
    );
  }
}
