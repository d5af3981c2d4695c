import type { Deadline } from "../deadlines.ts";
import type { MessageBody } from "../http/body_reader.ts";
import type { OctetWriter } from "../http/octet_writer.ts";
import { ReceiveWindow } from "./flow_window.ts";
import {
  writeDataHeader,
  writeHeaders,
  writeWindowUpdate,
} from "./frame_writer.ts";
import type { HpackEncoder } from "./hpack_encoder.ts";
import { H2Error } from "./http2_error.ts";
import type { Sender } from "./send_queue.ts";
import {
  NO_CONTENT,
  StreamBody,
  type StreamBodyFaults,
} from "./stream_body.ts";
import type { StreamConnection } from "./stream_connection.ts";

/** The window that each stream begins with: what a peer takes it for that was told nothing else. */
export const STREAM_WINDOW = 65_535;

/** The window of a stream whose content is taken as quickly as it comes. */
export const LARGE_STREAM_WINDOW = 256 * 1024;

/** A request that is taken back sooner than this was not meant, in milliseconds. */
const PREMATURE_MS = 1_000;

const NOTHING: Uint8Array = new Uint8Array(0);

/**
 * One stream (RFC 9113 §5) as either side of a connection needs it: content both
 * ways under flow control, and its end, be it in order or by a reset.
 */
export class Http2Stream implements Sender {
  readonly id: number;
  protected readonly connection: StreamConnection;
  #incoming: StreamBody | undefined;
  #window: ReceiveWindow | undefined;
  #remoteEnded = false;
  #localEnded = false;
  #over = false;
  #onGone: (() => void) | undefined;

  /** Octets of the peer's content that nobody has taken yet. */
  #held = 0;
  /** Content that is being sent, and how much of it has been appended. */
  #content = NOTHING;
  #sent = 0;
  /** Whether any content was sent. */
  #answering = false;
  readonly #openedAt: number;
  #isLast = false;
  #waiter: PromiseWithResolvers<void> | undefined;
  sendWindow: number;
  queued = false;

  /** For the peer to take what is sent; made when first needed. */
  #sendDeadline: Deadline | undefined;

  constructor(id: number, connection: StreamConnection) {
    this.id = id;
    this.connection = connection;
    this.#openedAt = connection.deadlines.now;
    this.sendWindow = connection.peer.initialWindowSize;
  }

  /** The content that the peer sends. */
  get body(): MessageBody {
    return this.#incoming ?? NO_CONTENT;
  }

  /** The same, where the peer may send any. */
  protected get incoming(): StreamBody | undefined {
    return this.#incoming;
  }

  /** Whether the peer has ended its side in order. */
  get remoteEnded(): boolean {
    return this.#remoteEnded;
  }

  /** Whether our side was ended in order. */
  get localEnded(): boolean {
    return this.#localEnded;
  }

  /** Whether it was reset, by either side, or went down with its connection. */
  get over(): boolean {
    return this.#over;
  }

  /**
   * Whether its end by a reset would make it work for nothing: it is young, and
   * nothing was sent yet of what it asked for.
   */
  get premature(): boolean {
    return !this.#over && !this.#answering &&
      this.connection.deadlines.now - this.#openedAt < PREMATURE_MS;
  }

  /** Called once when the stream is over before it has ended. */
  set onGone(listener: (() => void) | undefined) {
    this.#onGone = listener;
  }

  // What comes

  /** Begins the peer's content. `declared` is its Content-Length, or -1. */
  protected beginBody(declared: number, faults: StreamBodyFaults): void {
    this.#window = new ReceiveWindow(STREAM_WINDOW);
    this.#incoming = new StreamBody({
      declared,
      faults,
      onTaken: (octets) => {
        this.#letGoOf(octets);
        this.#release(octets);
      },
    });
  }

  /**
   * Takes a piece of a DATA frame, `bytes[start..end)`, which counts for
   * `flowOctets`; `more` octets of content follow in the same frame. False where
   * it is more than the stream's window allows.
   */
  takeData(
    bytes: Uint8Array,
    { start, end, more, flowOctets }: {
      start: number;
      end: number;
      more: number;
      flowOctets: number;
    },
  ): boolean {
    const window = this.#window;
    if (window === undefined) return true;
    if (!window.receive(flowOctets)) return false;
    const { buffers } = this.connection;
    if (!buffers.hold(end - start)) {
      this.connection.onLimit("held_content");
      this.reset(H2Error.ENHANCE_YOUR_CALM);
      return true;
    }
    this.#held += end - start;
    this.#incoming!.arrive(bytes, { start, end, more });
    // Padding is nobody's to take.
    const padding = flowOctets - (end - start);
    if (padding > 0) this.#release(padding);
    return true;
  }

  /** Takes END_STREAM, after which nothing of this stream may come but resets and window updates. */
  takeEnd(): void {
    this.#remoteEnded = true;
    this.#incoming?.end();
  }

  /** Takes the trailer section that has just been decoded, and END_STREAM with it. */
  takeTrailers(): void {
    this.#remoteEnded = true;
    this.#incoming?.endWith(this.connection.buffers.fields);
  }

  #letGoOf(octets: number): void {
    this.#held -= octets;
    this.connection.buffers.letGo(octets);
  }

  /** Content is held no longer: lets the peer send as much again. */
  #release(octets: number): void {
    const window = this.#window!;
    if (this.#remoteEnded || this.#over) return;
    // The first window was taken while it was coming: this one is worth more.
    if (
      window.size < LARGE_STREAM_WINDOW &&
      this.#incoming!.taken >= STREAM_WINDOW &&
      this.connection.window.takeLarge()
    ) window.grow(LARGE_STREAM_WINDOW);
    const increment = window.release(octets);
    if (increment === 0) return;
    writeWindowUpdate(this.connection.output.open(), this.id, increment);
  }

  // What is sent

  /**
   * Begins a header block, to be filled with what `encode` is given, and sent by
   * `sendHeaders` at once. Not where the stream is `over` or has `localEnded`: a
   * block that is not sent would leave the peer's table behind ours.
   */
  beginHeaders(): { encoder: HpackEncoder; block: OctetWriter } {
    const { encoder, buffers } = this.connection;
    buffers.block.clear();
    encoder.begin(buffers.block);
    return { encoder, block: buffers.block };
  }

  /** Sends the header block, and END_STREAM with it where it is the `last`. */
  sendHeaders(last: boolean): void {
    const { output, buffers, peer } = this.connection;
    if (last) this.#localEnded = true;
    writeHeaders(
      output.open(),
      this.id,
      buffers.block,
      last,
      peer.maxFrameSize,
    );
  }

  /**
   * Sends content, and END_STREAM with it where it is the `last`. Undefined when
   * all of it was taken; else it must stay as it is until the promise resolves.
   * What a stream is to send that is over is lost.
   */
  send(octets: Uint8Array, last: boolean): Promise<void> | undefined {
    if (this.#over || this.#localEnded) return undefined;
    this.#content = octets;
    this.#sent = 0;
    this.#isLast = last;
    if (octets.length === 0) this.advance(0);
    else this.connection.queue.offer(this);
    if (!this.sending) return undefined;
    this.#awaitPeer();
    this.#waiter = Promise.withResolvers();
    return this.#waiter.promise;
  }

  get sending(): boolean {
    return this.#sent < this.#content.length;
  }

  advance(limit: number): number {
    const { output, peer } = this.connection;
    const content = this.#content;
    const start = this.#sent;
    const end = Math.min(
      start + Math.min(limit, peer.maxFrameSize),
      content.length,
    );
    const last = this.#isLast && end === content.length;
    if (end > start || last) {
      const out = output.open();
      writeDataHeader(out, this.id, end - start, last);
      out.addRange(content, start, end);
    }
    this.#sent = end;
    this.#answering = true;
    this.sendWindow -= end - start;
    if (last) this.#localEnded = true;
    if (end < content.length) {
      if (this.#waiter !== undefined) this.#awaitPeer();
    } else this.#letGo();
    return end - start;
  }

  /** All content was appended, or is lost. */
  #letGo(): void {
    this.#content = NOTHING;
    this.#sent = 0;
    this.#sendDeadline?.disarm();
    this.#waiter?.resolve();
    this.#waiter = undefined;
  }

  #awaitPeer(): void {
    const { deadlines, bodyMs } = this.connection;
    this.#sendDeadline ??= deadlines.add(() => this.#onStuck());
    this.#sendDeadline.arm(bodyMs);
  }

  #onStuck(): void {
    this.connection.onLimit("send_time");
    this.reset(H2Error.CANCEL);
  }

  // How it ends

  /** Ends the stream with RST_STREAM, and all that goes on with it. */
  reset(errorCode: number): void {
    if (!this.#over) this.connection.resetStream(this.id, errorCode);
  }

  /**
   * The stream is no more: the peer has reset it, with this error code, or the
   * connection is gone.
   */
  lose(_errorCode?: number): void {
    if (this.#over) return;
    this.#over = true;
    this.breakOff();
    this.#letGo();
    this.#onGone?.();
  }

  /** Makes the peer's content one that cannot be taken. */
  protected breakOff(): void {
    this.#incoming?.breakOff();
  }

  /** Gives back what the connection lent. Nobody uses the stream after that. */
  close(): void {
    const { deadlines } = this.connection;
    this.#letGoOf(this.#held);
    if (this.#sendDeadline) deadlines.remove(this.#sendDeadline);
    if (this.#window?.size === LARGE_STREAM_WINDOW) {
      this.connection.window.giveLarge();
    }
    this.#onGone = undefined;
  }
}
