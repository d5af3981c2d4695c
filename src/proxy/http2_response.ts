import type { ErrorCode } from "../errors.ts";
import type { MessageBody } from "../http/body_reader.ts";
import { NO_OPTIONS } from "../http/connection_options.ts";
import { FieldKind } from "../http/field_name.ts";
import { FieldSection } from "../http/field_section.ts";
import { gather } from "../http/gather.ts";
import { ascii } from "../http/octets.ts";
import type { OctetWriter } from "../http/octet_writer.ts";
import { ResponseHead } from "../http/response_head.ts";
import type { Ending } from "../http/server_connection.ts";
import { allKindsBut } from "../http/splice.ts";
import { isForwardedTrailer } from "../http/trailers.ts";
import type { ServerStream } from "../http2/server_stream.ts";
import type { ResponseSink } from "./client_request.ts";
import { writeErrorResponse } from "./error_response.ts";
import { grpcMediaType } from "./grpc_call.ts";
import type { ResponseDependencies } from "./http1_response.ts";
import { Http2Tunnel } from "./http2_tunnel.ts";
import { statusOf } from "./status.ts";
import type { TunnelEnd } from "./tunnel.ts";
import { dropAccept } from "./upgrade.ts";

/** Of the connection (RFC 9113 §8.2.2), which nothing of may come to the client. */
const OF_HOP = [
  FieldKind.CONNECTION,
  FieldKind.HOP_BY_HOP,
  FieldKind.TRANSFER_ENCODING,
  FieldKind.TE,
];
const FORWARDED = allKindsBut(...OF_HOP);
const WITHOUT_LENGTH = allKindsBut(...OF_HOP, FieldKind.CONTENT_LENGTH);

/** What stands before and after the value in `Date: …` and CRLF. */
const DATE = { nameEnd: 4, valueStart: 6, after: 2 } as const;

/** Of trailers that are ours. */
const TRAILER_FAULTS = { invalid: "INTERNAL", tooLarge: "INTERNAL" } as const;

/** Pieces up to this size are put together, where there are more. */
const SMALL_OCTETS = 8 * 1024;

/** The response to one request over HTTP/2 (RFC 9113 §8.1). */
export class Http2Response implements ResponseSink {
  readonly #stream: ServerStream;
  readonly #dependencies: ResponseDependencies;
  /**
   * The head that `begin` was given. It is encoded when it is sent, not before:
   * what was encoded must be sent, or the client's table falls behind ours.
   */
  #head: ResponseHead | undefined;
  #out: OctetWriter | undefined;
  /** A piece of the body that is not to be copied, to be sent after `#out`. */
  #large: Uint8Array | undefined;
  #trailers: FieldSection | undefined;
  #hopByHop: ReadonlySet<string> | undefined;
  /** Whether the body has been taken to its end. */
  #whole = false;

  constructor(stream: ServerStream, dependencies: ResponseDependencies) {
    this.#stream = stream;
    this.#dependencies = dependencies;
  }

  get pending(): boolean {
    return this.#head !== undefined || this.#large !== undefined ||
      (this.#out?.length ?? 0) > 0;
  }

  goOn(): undefined {
    if (this.#stream.over) return;
    const { encoder, block } = this.#stream.beginHeaders();
    encoder.addStatus(block, 100);
    this.#stream.sendHeaders(false);
  }

  interim(head: ResponseHead): void {
    if (!this.#stream.over) this.#sendHead(head, false);
  }

  begin(head: ResponseHead): Ending {
    this.#head = head;
    this.#whole = head.framing.kind === "none";
    return "keep";
  }

  /** RFC 8441 §5: what a 101 is to HTTP/1.1, a 200 is here. */
  beginTunnel(head: ResponseHead): TunnelEnd {
    const stream = this.#stream;
    dropAccept(head.fields);
    if (!stream.over) this.#sendHead(head, false);
    stream.beginTunnel();
    return new Http2Tunnel(stream);
  }

  fill(body: MessageBody, hopByHop: ReadonlySet<string>): boolean {
    const isWhole = this.#gather(body) || body.done;
    if (!isWhole) return false;
    this.#whole = true;
    if (body.trailers !== undefined) {
      this.#trailers = body.trailers;
      this.#hopByHop = hopByHop;
    }
    return true;
  }

  /**
   * Takes what has arrived. Most bodies are one piece, which is sent from where
   * it is; small ones that come together are put together. True at the body's end.
   */
  #gather(body: MessageBody): boolean {
    const first = body.take();
    this.#large = first ?? undefined;
    if (first === null || first === undefined) return first === null;
    if (body.done || first.length > SMALL_OCTETS) return false;
    const second = body.take();
    if (second === null || second === undefined) return second === null;
    const out = this.#out ??= this.#dependencies.writers.take();
    out.add(first);
    this.#large = second;
    if (second.length > SMALL_OCTETS) return false;
    out.add(second);
    const rest = gather(body, out, false);
    this.#large = rest ?? undefined;
    return rest === null;
  }

  flush(): Promise<void> | undefined {
    const stream = this.#stream;
    if (stream.over) {
      // Nobody takes it; the exchange is being told so.
      this.#discard();
      return undefined;
    }
    const content = this.#out?.length ?? 0;
    const isLast = this.#whole && this.#trailers === undefined;
    if (this.#head !== undefined) {
      const empty = content === 0 && this.#large === undefined;
      this.#sendHead(this.#head, isLast && empty);
      this.#head = undefined;
    }
    if (content === 0) return this.#flushLarge();
    const sending = stream.send(
      this.#out!.octets,
      isLast && this.#large === undefined,
    );
    return sending === undefined
      ? this.#flushLarge()
      : sending.then(this.#flushLarge);
  }

  /** Sends what is not copied, after what is, and then what ends the stream. */
  readonly #flushLarge = (): Promise<void> | undefined => {
    this.#out?.clear();
    const large = this.#large;
    if (large === undefined) return this.#sendEnd();
    this.#large = undefined;
    const sending = this.#stream.send(
      large,
      this.#whole && this.#trailers === undefined,
    );
    return sending === undefined
      ? this.#sendEnd()
      : sending.then(this.#sendEnd);
  };

  readonly #sendEnd = (): undefined => {
    const stream = this.#stream;
    if (!this.#whole || stream.localEnded || stream.over) return;
    if (this.#trailers === undefined) stream.send(NOTHING, true);
    else this.#sendTrailers(this.#trailers, this.#hopByHop);
  };

  #sendHead(head: ResponseHead, last: boolean): void {
    const { encoder, block } = this.#stream.beginHeaders();
    encoder.addStatus(block, head.switching ? 200 : head.status);
    // RFC 9110 §8.6: a 204 or an interim response must not speak of a length,
    // nor must the beginning of a tunnel (§9.3.6).
    const isWithoutLength = head.interim || head.switching ||
      head.status === 204;
    encoder.addFields(
      block,
      head.fields,
      isWithoutLength ? WITHOUT_LENGTH : FORWARDED,
    );
    // RFC 9110 §6.6.1: whoever has a clock and forwards a response dates it.
    if (!head.interim && head.fields.find(FieldKind.DATE) < 0) {
      const line = this.#dependencies.responseHeads.dateLine();
      const end = line.length - DATE.after;
      encoder.addField(block, line, 0, DATE.nameEnd, DATE.valueStart, end);
    }
    this.#stream.sendHeaders(last);
  }

  #sendTrailers(
    trailers: FieldSection,
    hopByHop: ReadonlySet<string> = NO_OPTIONS.named,
  ): void {
    const { encoder, block } = this.#stream.beginHeaders();
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
    this.#stream.sendHeaders(true);
  }

  endByTrailers(lines: string): boolean {
    const stream = this.#stream;
    // What was to come before them must not be left out without a word.
    if (stream.over || stream.localEnded || stream.sending) return false;
    const octets = ascii(`${lines}\r\n`);
    const trailers = new FieldSection(TRAILER_FAULTS);
    trailers.rebase(octets, 0);
    trailers.parse(0, octets.length);
    this.#discard();
    this.#sendTrailers(trailers);
    return true;
  }

  async answer(code: ErrorCode, { last }: { last: boolean }): Promise<Ending> {
    if (last) this.#stream.retireConnection();
    await this.#answer(code);
    return this.#stream.body.done ? "keep" : "close";
  }

  refuse(code: ErrorCode): Promise<void> | undefined {
    return this.#answer(code)?.then(() => this.release());
  }

  /** Sends a response of ours, written and read as HTTP/1.1 has it: the same for both protocols. */
  #answer(code: ErrorCode): Promise<void> | undefined {
    this.#discard();
    const { head: request } = this.#stream;
    const { method } = request;
    const out = this.#out ??= this.#dependencies.writers.take();
    writeErrorResponse(out, {
      status: statusOf(code),
      code,
      close: true,
      withContent: method !== "HEAD",
      grpc: grpcMediaType(request),
      dateLine: this.#dependencies.responseHeads.dateLine(),
    });
    // A copy: the content goes where the head stood.
    const octets = out.octets.slice();
    const arrived = { bytes: octets, start: 0, end: octets.length };
    const head = new ResponseHead();
    head.parse(arrived, method);
    out.clear();
    out.addRange(octets, arrived.start, arrived.end);
    this.#head = head;
    this.#whole = true;
    return this.flush();
  }

  /** Forgets what was not flushed. */
  #discard(): void {
    this.#head = this.#large = this.#trailers = undefined;
    this.#out?.clear();
  }

  release(): void {
    this.#discard();
    if (this.#out === undefined) return;
    this.#dependencies.writers.give(this.#out);
    this.#out = undefined;
  }
}

const NOTHING: Uint8Array = new Uint8Array(0);
