import type { Deadline } from "../deadlines.ts";
import { SidecarError } from "../errors.ts";
import type { ResponseHead } from "../http/response_head.ts";
import type { ClientBuffers, ResponseHeadBuffer } from "./client_buffers.ts";
import { takeResponseHead } from "./client_response_head.ts";
import { FrameType } from "./frame.ts";
import { protocolError } from "./frame_rules.ts";
import { H2Error } from "./http2_error.ts";
import { Http2Stream } from "./stream.ts";
import type { StreamBodyFaults } from "./stream_body.ts";
import type { StreamConnection } from "./stream_connection.ts";

/** Heads that may lie unread; an application that sends more is not about to answer. */
const MAX_UNREAD_HEADS = 32;

const BODY_FAULTS: StreamBodyFaults = {
  length: "UPSTREAM_RESPONSE_INVALID",
  trailers: {
    invalid: "UPSTREAM_RESPONSE_INVALID",
    tooLarge: "UPSTREAM_RESPONSE_INVALID",
  },
  incomplete: "UPSTREAM_CLOSED",
};

/** What a stream of a client needs of its connection. */
export interface ClientStreamConnection extends StreamConnection {
  readonly buffers: ClientBuffers;
  /** How often something came from the server. */
  readonly heard: number;
  /** Lets the requests in hand be the last ones. */
  retire(): void;
  /** Takes back the place of a stream that nobody uses any more. */
  finished(stream: ClientStream): void;
}

/** A request to a server, and its response's way back (RFC 9113 §8.1). */
export class ClientStream extends Http2Stream {
  declare protected readonly connection: ClientStreamConnection;
  readonly #method: string;
  /** The head that was read last. */
  #current: ResponseHeadBuffer | undefined;
  /** Heads that came and were not read: interim ones, and the final one. */
  readonly #unread: ResponseHeadBuffer[] = [];
  #waiter: PromiseWithResolvers<void> | undefined;
  #hasFinal = false;
  #heard = false;
  #fault: SidecarError | undefined;
  #unprocessed = false;
  #finished = false;
  /** For the server to send; made when first needed. */
  #deadline: Deadline | undefined;
  /** How often something had come on the connection when the stream was opened. */
  readonly #heardBefore: number;

  constructor(id: number, connection: ClientStreamConnection, method: string) {
    super(id, connection);
    this.#method = method;
    this.#heardBefore = connection.heard;
  }

  /** Whether anything came on it. */
  get heard(): boolean {
    return this.#heard;
  }

  /** Whether the server has said that it did not process the request (RFC 9113 §8.7). */
  get unprocessed(): boolean {
    return this.#unprocessed;
  }

  // What comes

  /** Takes the header block that has just been decoded: a head, or trailers. */
  takeHeaders(endStream: boolean): void {
    this.#heard = true;
    if (!this.#hasFinal) return this.#takeHead(endStream);
    // RFC 9113 §8.1: only trailers may follow, and with them the end.
    if (!endStream) {
      throw protocolError(FrameType.HEADERS, "END_STREAM with it", this.id);
    }
    this.takeTrailers();
  }

  #takeHead(endStream: boolean): void {
    const { buffers } = this.connection;
    const buffer = buffers.takeResponse();
    this.#unread.push(buffer);
    try {
      const declared = takeResponseHead(buffer, buffers.fields, {
        method: this.#method,
        endStream,
      });
      if (this.#unread.length > MAX_UNREAD_HEADS) {
        throw new SidecarError(
          "UPSTREAM_RESPONSE_INVALID",
          `Cannot take the application's response: expected at most ${MAX_UNREAD_HEADS} interim ones before it`,
        );
      }
      if (!buffer.head.interim) {
        this.#hasFinal = true;
        if (endStream) this.takeEnd();
        else this.beginBody(declared, BODY_FAULTS);
      }
    } catch (error) {
      if (!(error instanceof SidecarError)) throw error;
      return this.fail(error, H2Error.PROTOCOL_ERROR);
    }
    this.#waiter?.resolve();
    this.#waiter = undefined;
  }

  override takeData(
    bytes: Uint8Array,
    piece: { start: number; end: number; more: number; flowOctets: number },
  ): boolean {
    if (!this.#hasFinal) throw this.#headMissing();
    return super.takeData(bytes, piece);
  }

  override takeEnd(): void {
    if (!this.#hasFinal) throw this.#headMissing();
    super.takeEnd();
  }

  #headMissing(): SidecarError {
    return protocolError(FrameType.DATA, "a response's head first", this.id);
  }

  /**
   * Waits for the head of a response, interim or final. Rejects with
   * `SidecarError`; undefined where it is there.
   */
  readHead(): Promise<void> | undefined {
    if (this.#unread.length > 0) return this.#takeNextHead();
    if (this.#fault !== undefined) return Promise.reject(this.#fault);
    this.#waiter = Promise.withResolvers();
    return this.#waiter.promise.then(this.#takeNextHead);
  }

  readonly #takeNextHead = (): undefined => {
    if (this.#current) this.connection.buffers.giveResponse(this.#current);
    this.#current = this.#unread.shift();
  };

  /** The head that was read last, until the stream is finished. */
  get head(): ResponseHead {
    return this.#current!.head;
  }

  // How long is waited

  /** Limits how long is waited for the server from now on, until `disarm`. */
  arm(ms: number): void {
    this.#deadline ??= this.connection.deadlines.add(() => this.#expire());
    this.#deadline.arm(ms);
  }

  disarm(): void {
    this.#deadline?.disarm();
  }

  #expire(): void {
    // Where nothing comes at all, other requests would fare no better.
    if (this.connection.heard === this.#heardBefore) this.connection.retire();
    this.fail(overdue(), H2Error.CANCEL);
  }

  // How it ends

  /** Gives up, for a reason, and resets the stream. */
  fail(fault: SidecarError, errorCode: number): void {
    this.#blame(fault);
    this.reset(errorCode);
  }

  #blame(fault: SidecarError): void {
    this.#fault ??= fault;
    // A response that has come whole stays so.
    if (!this.remoteEnded) this.incoming?.fail(fault);
  }

  /** The server will not process the request, nor has it begun to (RFC 9113 §6.8). */
  leaveUnprocessed(): void {
    this.#unprocessed = true;
    this.#fault ??= closed("it ended the connection before the request");
    this.lose();
  }

  override lose(errorCode?: number): void {
    if (this.over) return;
    this.#unprocessed ||= errorCode === H2Error.REFUSED_STREAM;
    this.#fault ??= closed(
      errorCode === undefined
        ? "it closed the connection"
        : `it reset the stream with error ${errorCode}`,
    );
    super.lose(errorCode);
    if (this.#hasFinal) return;
    this.#waiter?.reject(this.#fault);
    this.#waiter = undefined;
  }

  /** Notes why the stream is about to be reset, where nobody has said so. */
  blame(errorCode: number): void {
    this.#blame(errorCode === H2Error.CANCEL ? overdue() : broken(errorCode));
  }

  /** A response that has come whole stays so, whatever follows it (RFC 9113 §8.1). */
  protected override breakOff(): void {
    if (!this.remoteEnded) super.breakOff();
  }

  /** Gives the stream back. What has not ended by then is reset; the head is nobody's any more. */
  finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    if (!this.localEnded || !this.remoteEnded) {
      this.fail(closed("nobody wants its answer any more"), H2Error.CANCEL);
    }
    this.close();
    const { deadlines, buffers } = this.connection;
    if (this.#deadline) deadlines.remove(this.#deadline);
    if (this.#current) buffers.giveResponse(this.#current);
    for (const buffer of this.#unread.splice(0)) buffers.giveResponse(buffer);
    this.connection.finished(this);
  }
}

function overdue(): SidecarError {
  return new SidecarError(
    "UPSTREAM_TIMEOUT",
    "Cannot wait any longer for the application",
  );
}

function broken(errorCode: number): SidecarError {
  return new SidecarError(
    "UPSTREAM_RESPONSE_INVALID",
    `Cannot take the application's response: expected frames as HTTP/2 has them, which they are not by error ${errorCode}`,
  );
}

function closed(reason: string): SidecarError {
  return new SidecarError(
    "UPSTREAM_CLOSED",
    `Cannot get the application's whole response: ${reason}`,
  );
}
