import type { MessageBody } from "../http/body_reader.ts";
import { NO_OCTETS } from "../http/octets.ts";
import { H2Error } from "../http2/http2_error.ts";
import type { ServerStream } from "../http2/server_stream.ts";
import type { TunnelEnd } from "./tunnel.ts";

/** A client's end of a tunnel that is a stream of HTTP/2 (RFC 8441 §5). */
export class Http2Tunnel implements TunnelEnd {
  readonly #stream: ServerStream;

  constructor(stream: ServerStream) {
    this.#stream = stream;
  }

  get body(): MessageBody {
    return this.#stream.body;
  }

  send(octets: Uint8Array): Promise<void> | undefined {
    return this.#stream.send(octets, false);
  }

  endSending(): Promise<void> | undefined {
    return this.#stream.send(NO_OCTETS, true);
  }

  /** What a reset is to TCP, CANCEL is to the stream. */
  destroy(): void {
    this.#stream.reset(H2Error.CANCEL);
  }
}
