import type { ErrorCode } from "../errors.ts";
import type { MessageBody } from "../http/body_reader.ts";
import { gather } from "../http/gather.ts";
import { ascii } from "../http/octets.ts";
import type { OctetWriter } from "../http/octet_writer.ts";
import type { OctetWriters } from "../http/octet_writers.ts";
import type { ResponseHead } from "../http/response_head.ts";
import type { Ending, ServerConnection } from "../http/server_connection.ts";
import { writeLastChunk } from "../http/trailers.ts";
import { writeErrorResponse } from "./error_response.ts";
import { grpcMediaType } from "./grpc_call.ts";
import type { ResponseSink } from "./client_request.ts";
import {
  type ResponseHeadWriter,
  writeInterimHead,
  writeSwitchingHead,
} from "./response_head_writer.ts";
import { statusOf } from "./status.ts";
import type { TunnelEnd } from "./tunnel.ts";

const CONTINUE = ascii("HTTP/1.1 100 Continue\r\n\r\n");

/** What all responses of a sidecar share. */
export interface ResponseDependencies {
  readonly writers: OctetWriters;
  readonly responseHeads: ResponseHeadWriter;
}

/**
 * The responses of an HTTP/1.1 connection, one after the other (RFC 9112 §6).
 * While there is none it holds no memory.
 */
export class Http1Response implements ResponseSink {
  readonly #connection: ServerConnection;
  readonly #dependencies: ResponseDependencies;
  #out: OctetWriter | undefined;
  /** A piece of the body that is not to be copied, as `gather` gave it. */
  #large: Uint8Array | undefined;
  #chunked = false;
  #sawContinue = false;

  constructor(
    connection: ServerConnection,
    dependencies: ResponseDependencies,
  ) {
    this.#connection = connection;
    this.#dependencies = dependencies;
  }

  get pending(): boolean {
    return this.#large !== undefined || (this.#out?.length ?? 0) > 0;
  }

  goOn(): Promise<void> | undefined {
    this.#sawContinue = true;
    this.#open().add(CONTINUE);
    return this.#send();
  }

  interim(head: ResponseHead): void {
    if (head.status === 100) this.#sawContinue = true;
    // RFC 9110 §15.2: HTTP/1.0 knows no interim responses.
    if (this.#connection.head.minor === 0) return;
    writeInterimHead(this.#open(), head);
  }

  begin(head: ResponseHead): Ending {
    const { kind } = head.framing;
    const delimited = kind === "none" || kind === "length";
    const isHttp10 = this.#connection.head.minor === 0;
    const persists = this.#mayPersist(delimited);
    this.#chunked = !delimited && !isHttp10;
    this.#dependencies.responseHeads.write(this.#open(), head, {
      chunked: this.#chunked,
      connection: !persists ? "close" : isHttp10 ? "keep-alive" : "unsaid",
    });
    return persists ? "keep" : "close";
  }

  beginTunnel(head: ResponseHead, protocol: string): TunnelEnd {
    writeSwitchingHead(this.#open(), head, protocol);
    this.#connection.beginTunnel();
    return this.#connection;
  }

  /** Whether the client may send another request after this response (RFC 9112 §9.3). */
  #mayPersist(delimited: boolean): boolean {
    const { head, body, retiring } = this.#connection;
    if (!head.persistent || retiring) return false;
    if (head.minor === 0 && !delimited) return false;
    // Told neither to go on nor to stop, the client may send its body or the
    // next request: nobody could tell which (RFC 9110 §10.1.1).
    return !head.expectsContinue || this.#sawContinue || body.done;
  }

  fill(body: MessageBody, hopByHop: ReadonlySet<string>): boolean {
    const out = this.#open();
    const piece = gather(body, out, this.#chunked);
    if (piece !== null) {
      this.#large = piece;
      return false;
    }
    if (this.#chunked) writeLastChunk(out, body.trailers, hopByHop);
    return true;
  }

  flush(): Promise<void> | undefined {
    const large = this.#large;
    this.#large = undefined;
    const sending = this.#send();
    if (large === undefined) return sending;
    if (sending === undefined) return this.#connection.send(large);
    return sending.then(() => this.#connection.send(large));
  }

  /** gRPC's trailers are HTTP/2's alone. */
  endByTrailers(): boolean {
    return false;
  }

  /** Waited for as any answer is, or a client that reads none could have us hold many. */
  async answer(code: ErrorCode, { last }: { last: boolean }): Promise<Ending> {
    const { head, body, retiring } = this.#connection;
    const close = last || !head.persistent || retiring || !body.done;
    this.#writeAnswer(code, {
      close,
      withContent: head.method !== "HEAD",
      grpc: grpcMediaType(head),
    });
    await this.#send();
    return close ? "close" : "keep";
  }

  /** Not waited for: what follows is the end of the connection, which has limits of its own. */
  refuse(code: ErrorCode): undefined {
    this.#writeAnswer(code, { close: true, withContent: true });
    this.#send();
    this.release();
  }

  #writeAnswer(
    code: ErrorCode,
    { close, withContent, grpc }: {
      close: boolean;
      withContent: boolean;
      grpc?: string | undefined;
    },
  ): void {
    const out = this.#open();
    out.clear();
    writeErrorResponse(out, {
      status: statusOf(code),
      code,
      close,
      withContent,
      grpc,
      dateLine: this.#dependencies.responseHeads.dateLine(),
    });
  }

  #send(): Promise<void> | undefined {
    const out = this.#out;
    if (out === undefined || out.length === 0) return undefined;
    const sending = this.#connection.send(out.octets);
    out.clear();
    return sending;
  }

  #open(): OctetWriter {
    return this.#out ??= this.#dependencies.writers.take();
  }

  release(): void {
    this.#large = undefined;
    this.#sawContinue = false;
    if (this.#out === undefined) return;
    this.#dependencies.writers.give(this.#out);
    this.#out = undefined;
  }
}
