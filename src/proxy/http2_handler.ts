import type { SidecarError } from "../errors.ts";
import type { StreamHandler } from "../http2/server_session.ts";
import type { ServerStream } from "../http2/server_stream.ts";
import { Http2Response } from "./http2_response.ts";
import type { Session } from "./session.ts";

/** Serves an HTTP/2 connection: each of its streams is a request and a response. */
export class Http2Handler implements StreamHandler {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  handle(stream: ServerStream): Promise<unknown> {
    const response = new Http2Response(stream, this.#session.dependencies);
    return this.#session.handle(stream, response);
  }

  async refuse(stream: ServerStream, fault: SidecarError): Promise<void> {
    const response = new Http2Response(stream, this.#session.dependencies);
    await this.#session.refuse(fault, response);
  }

  onUnexpected(error: unknown): void {
    this.#session.onUnexpected(error);
  }
}
