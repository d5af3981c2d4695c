import type { MessageBody } from "../http/body_reader.ts";
import type { FieldSection } from "../http/field_section.ts";
import { gather } from "../http/gather.ts";
import type { OctetWriter } from "../http/octet_writer.ts";
import type { OctetWriters } from "../http/octet_writers.ts";
import type { RequestHead } from "../http/request_head.ts";
import type { ResponseHead } from "../http/response_head.ts";
import { isForwardedTrailer } from "../http/trailers.ts";
import type { ClientSession } from "../http2/client_session.ts";
import type { ClientStream } from "../http2/client_stream.ts";
import { SidecarError } from "../errors.ts";
import type { Http2Pool } from "../upstream/http2_pool.ts";
import type { Http2RequestHeads } from "./http2_request_head.ts";
import type { RequestAdditions } from "./request_head_writer.ts";
import type { Upstream, UpstreamRequest } from "./upstream_request.ts";

const NOTHING: Uint8Array = new Uint8Array(0);

export interface Http2UpstreamOptions {
  readonly pool: Http2Pool;
  readonly writers: OctetWriters;
  readonly requestHeads: Http2RequestHeads;
}

/** An application that is spoken to in HTTP/2. */
export class Http2Upstream implements Upstream {
  readonly #options: Http2UpstreamOptions;

  constructor(options: Http2UpstreamOptions) {
    this.#options = options;
  }

  take(): UpstreamRequest | undefined {
    const session = this.#options.pool.take();
    return session && new Http2Request(session, this.#options);
  }

  async connect(): Promise<UpstreamRequest> {
    const session = await this.#options.pool.connect();
    return new Http2Request(session, this.#options);
  }
}

/** A request to the application that has a stream to itself (RFC 9113 §8.1). */
class Http2Request implements UpstreamRequest {
  readonly #session: ClientSession;
  readonly #options: Http2UpstreamOptions;
  /** Opened with the first flush: until then the place is reserved. */
  #stream: ClientStream | undefined;
  #request: RequestHead | undefined;
  #additions: RequestAdditions | undefined;
  #out: OctetWriter | undefined;
  /** A piece of the body that is not to be copied, to be sent after `#out`. */
  #large: Uint8Array | undefined;
  #trailers: FieldSection | undefined;
  /** Whether the body has been taken to its end. */
  #whole = false;
  #sentContent: Uint8Array | undefined;
  #reused = false;
  /** The limit that the stream is to begin with, 0 for none. */
  #armedMs = 0;
  /** Whether the connection took no more requests when the first flush came. */
  #isTooLate = false;
  #finished = false;

  constructor(session: ClientSession, options: Http2UpstreamOptions) {
    this.#session = session;
    this.#options = options;
  }

  get reused(): boolean {
    return this.#reused;
  }

  get heard(): boolean {
    return this.#stream?.heard ?? false;
  }

  get unprocessed(): boolean {
    return this.#isTooLate || (this.#stream?.unprocessed ?? false);
  }

  get sentContent(): Uint8Array | undefined {
    return this.#sentContent;
  }

  get destroyed(): boolean {
    return this.#finished || this.#isTooLate || (this.#stream?.over ?? false);
  }

  get head(): ResponseHead {
    return this.#stream!.head;
  }

  get body(): MessageBody {
    return this.#stream!.body;
  }

  begin(head: RequestHead, additions: RequestAdditions): void {
    this.#request = head;
    this.#additions = additions;
  }

  fill(body: MessageBody): boolean {
    if (!this.#gather(body) && !body.done) return false;
    this.#whole = true;
    this.#trailers = body.trailers;
    return true;
  }

  /** Takes what has arrived; small pieces are put together. True at the body's end. */
  #gather(body: MessageBody): boolean {
    const out = this.#out ??= this.#options.writers.take();
    const piece = gather(body, out, false);
    this.#large = piece ?? undefined;
    return piece === null;
  }

  get pending(): boolean {
    if (this.destroyed) return false;
    if (this.#stream === undefined) return true;
    // All of it has been sent that there is.
    if (this.#sentContent !== undefined) return false;
    return this.#large !== undefined || (this.#out?.length ?? 0) > 0 ||
      this.#whole && !this.#stream.localEnded;
  }

  flush(): Promise<void> | undefined {
    const content = this.#out?.length ?? 0;
    const isLast = this.#whole && this.#trailers === undefined;
    if (this.#stream === undefined) {
      if (isLast) this.#keepContent(content);
      if (!this.#open(isLast && content === 0 && this.#large === undefined)) {
        return undefined;
      }
    }
    if (content === 0) return this.#flushLarge();
    const sending = this.#stream!.send(
      this.#out!.octets,
      isLast && this.#large === undefined,
    );
    return sending === undefined
      ? this.#flushLarge()
      : sending.then(this.#flushLarge);
  }

  /** Notes the content where all of it leaves at once, to be sent again if need be. */
  #keepContent(gathered: number): void {
    if (gathered === 0) this.#sentContent = this.#large ?? NOTHING;
    else if (this.#large === undefined) this.#sentContent = this.#out!.octets;
  }

  /** Opens the stream, and sends the head. False where the connection takes none any more. */
  #open(last: boolean): boolean {
    const request = this.#request!;
    const stream = this.#session.open(request.method);
    if (stream === undefined) {
      this.#isTooLate = true;
      return false;
    }
    this.#stream = stream;
    if (this.#armedMs > 0) stream.arm(this.#armedMs);
    this.#reused = this.#session.reused;
    const block = stream.beginHeaders();
    this.#options.requestHeads.encode(block, request, this.#additions!);
    stream.sendHeaders(last);
    return true;
  }

  /** Sends what is not copied, after what is, and then what ends the stream. */
  readonly #flushLarge = (): Promise<void> | undefined => {
    // Not emptied where its octets may be needed again.
    if (this.#sentContent === undefined) this.#out?.clear();
    const large = this.#large;
    if (large === undefined) return this.#sendEnd();
    this.#large = undefined;
    const sending = this.#stream!.send(
      large,
      this.#whole && this.#trailers === undefined,
    );
    return sending === undefined
      ? this.#sendEnd()
      : sending.then(this.#sendEnd);
  };

  readonly #sendEnd = (): undefined => {
    const stream = this.#stream!;
    if (!this.#whole || stream.localEnded || stream.over) return;
    if (this.#trailers === undefined) stream.send(NOTHING, true);
    else this.#sendTrailers(stream, this.#trailers);
  };

  #sendTrailers(stream: ClientStream, trailers: FieldSection): void {
    const { hopByHop } = this.#request!;
    const { encoder, block } = stream.beginHeaders();
    for (let line = 0; line < trailers.count; line++) {
      if (!isForwardedTrailer(trailers, line, hopByHop)) continue;
      encoder.addField(
        block,
        trailers.bytes,
        trailers.lineStart(line),
        trailers.nameEnd(line),
        trailers.valueStart(line),
        trailers.valueEnd(line),
      );
    }
    stream.sendHeaders(true);
  }

  readHead(): Promise<void> | undefined {
    return this.#stream?.readHead() ??
      (this.#isTooLate ? Promise.reject(tooLate()) : undefined);
  }

  /** The stream knows since its head came. */
  beginBody(): void {}

  arm(ms: number): void {
    if (this.#stream === undefined) this.#armedMs = ms;
    else this.#stream.arm(ms);
  }

  disarm(): void {
    this.#armedMs = 0;
    this.#stream?.disarm();
  }

  done(): void {
    this.#finish();
  }

  destroy(): void {
    this.#finish();
  }

  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    if (this.#stream !== undefined) this.#stream.finish();
    else if (!this.#isTooLate) this.#session.release();
    // What may be sent again stands there.
    if (this.#out === undefined || this.unprocessed) return;
    this.#options.writers.give(this.#out);
    this.#out = undefined;
  }
}

function tooLate(): SidecarError {
  return new SidecarError(
    "UPSTREAM_CLOSED",
    "Cannot send the request: the application ended the connection before it",
  );
}
