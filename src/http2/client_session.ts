import type { Deadline, Deadlines } from "../deadlines.ts";
import { SidecarError } from "../errors.ts";
import { MAX_SECTION_OCTETS } from "../http/field_section.ts";
import type { Transport } from "../http/server_connection.ts";
import type { ClientBuffers } from "./client_buffers.ts";
import { ClientStream, type ClientStreamConnection } from "./client_stream.ts";
import { Http2Connection } from "./connection.ts";
import { FrameType, MAX_WINDOW } from "./frame.ts";
import { protocolError } from "./frame_rules.ts";
import { writeGoaway } from "./frame_writer.ts";
import { H2Error } from "./http2_error.ts";
import { PREFACE } from "./preface.ts";
import { Setting } from "./settings.ts";

/**
 * Requests under way on a connection at a time, if the server takes as many. It
 * bounds what the server can make a connection hold, and how many requests are
 * lost with one.
 */
export const MAX_STREAMS = 100;

/**
 * After so many requests that were given up a connection takes no more: servers
 * take cancelled requests for an attack at some number, and end the connection
 * with all that is on it.
 */
const MAX_RESETS = 100;

/** For the last frames to leave, in milliseconds. */
const ENDING_MS = 5_000;

const ANNOUNCED = [
  [Setting.ENABLE_PUSH, 0],
  [Setting.MAX_HEADER_LIST_SIZE, MAX_SECTION_OCTETS],
] as const;

export interface ClientSessionOptions {
  readonly deadlines: Deadlines;
  readonly buffers: ClientBuffers;
  /** For the server to say its settings, and to acknowledge ours, in milliseconds. */
  readonly openingMs: number;
  /** For a body to move on towards the server, in milliseconds. */
  readonly bodyMs: number;
  /** How long it is kept without requests, in milliseconds. */
  readonly idleMs: number;
  /** Of which generation of the pool's TLS it is. */
  readonly generation: number;
  /** Called when there may be room for a request more. */
  onRoom(session: ClientSession): void;
  /** Called once, when it takes no more requests, whether or not some are in hand. */
  onRetired(session: ClientSession): void;
}

/**
 * The client's side of an HTTP/2 connection (RFC 9113), as many requests at a
 * time as the server takes, until either side has had enough.
 *
 * A place is reserved for a request before it is opened, so that nobody takes it
 * in between; the stream is opened when its head is ready, for their numbers must
 * rise in the order in which they are sent.
 */
export class ClientSession extends Http2Connection<ClientStream>
  implements ClientStreamConnection {
  declare readonly buffers: ClientBuffers;
  readonly generation: number;
  readonly #options: ClientSessionOptions;
  /** For the server's settings, for another request, or for the last frames to leave. */
  readonly #deadline: Deadline;
  readonly #opened = Promise.withResolvers<void>();
  #nextStreamId = 1;
  #reserved = 0;
  #resetsSent = 0;
  /** Whether nothing more is received. */
  #ended = false;
  #retired = false;
  #requests = 0;
  #fault: SidecarError | undefined;
  heard = 0;
  /** The server opens none. */
  protected lastStreamId = 0;

  constructor(transport: Transport, options: ClientSessionOptions) {
    // Before our settings, which the core sends (RFC 9113 §3.4).
    transport.write(PREFACE);
    const { deadlines, buffers, bodyMs, openingMs } = options;
    super(transport, {
      deadlines,
      buffers,
      bodyMs,
      settingsMs: openingMs,
      peer: "server",
      announced: ANNOUNCED,
    });
    this.#options = options;
    this.generation = options.generation;
    this.#deadline = deadlines.add(() => this.#expire());
    this.#deadline.arm(openingMs);
    // Whoever opens it may have stopped waiting.
    this.#opened.promise.catch(() => {});
  }

  /**
   * Resolves when the server has said its settings, from which it is known how
   * many requests it takes. Rejects with `UPSTREAM_CONNECT_FAILED`.
   */
  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  /** How many requests there is room for. */
  get room(): number {
    if (this.#retired || this.closing || !this.heardSettings) return 0;
    return this.capacity - this.streams.size - this.#reserved;
  }

  /** How many requests it takes at a time. */
  get capacity(): number {
    return Math.min(this.peer.maxConcurrentStreams, MAX_STREAMS);
  }

  /** Whether it had a request before the one opened last. */
  get reused(): boolean {
    return this.#requests > 1;
  }

  /** Whether it takes no more requests. */
  get retired(): boolean {
    return this.#retired;
  }

  /** Takes a place, which `open` fills or `release` gives back. There must be room. */
  reserve(): void {
    this.#reserved++;
    this.#deadline.disarm();
  }

  release(): void {
    this.#reserved--;
    this.#offerRoom();
  }

  /**
   * Opens a stream in a reserved place, for a request whose head must be sent at
   * once. Undefined where the connection takes none any more; the place is gone
   * either way.
   */
  open(method: string): ClientStream | undefined {
    this.#reserved--;
    if (this.closing || this.#retired || this.transport.gone) {
      this.#endIfLast();
      return undefined;
    }
    const stream = new ClientStream(this.#nextStreamId, this, method);
    this.#nextStreamId += 2;
    this.streams.set(stream.id, stream);
    this.#requests++;
    // What it brings upon us in frames, a reset before all, is no flood.
    this.guard.earnRequest();
    if (this.#nextStreamId > MAX_WINDOW) this.retire();
    return stream;
  }

  /** Serves until the connection has ended, and is closed. Never rejects. */
  async run(): Promise<void> {
    try {
      await this.receive();
    } catch (cause) {
      this.#fault = new SidecarError("INTERNAL", "Cannot go on", { cause });
    }
    this.#stop();
    this.loseAll();
    this.#opened.reject(
      this.#fault ??
        failed("it does not speak HTTP/2, or closed the connection"),
    );
    this.#ended = true;
    this.#deadline.arm(ENDING_MS);
    await this.output.emptied();
    await this.transport.end();
    this.deadlines.remove(this.#deadline);
    this.dispose();
  }

  /** Lets the requests in hand be the last ones. */
  retire(): void {
    this.#stop();
    this.#endIfLast();
  }

  #stop(): void {
    if (this.#retired) return;
    this.#retired = true;
    this.#options.onRetired(this);
  }

  #endIfLast(): void {
    if (!this.#retired || this.closing) return;
    if (this.streams.size > 0 || this.#reserved > 0) return;
    writeGoaway(this.output.open(), 0, H2Error.NO_ERROR);
    this.end();
  }

  #expire(): void {
    if (this.closing || this.#ended) return this.destroy();
    if (!this.heardSettings) {
      this.#fault = failed("it did not begin to speak HTTP/2 in time");
    }
    this.retire();
  }

  finished(stream: ClientStream): void {
    this.streams.delete(stream.id);
    this.#offerRoom();
  }

  #offerRoom(): void {
    if (this.#retired) return this.#endIfLast();
    if (this.room > 0) this.#options.onRoom(this);
    if (this.streams.size === 0 && this.#reserved === 0) {
      this.#deadline.arm(this.#options.idleMs);
    }
  }

  /** Nothing stands before the server's settings. */
  protected override takeOpening(): boolean {
    return true;
  }

  protected override takenAll(): void {
    this.heard++;
    if (!this.heardSettings) return;
    this.#opened.resolve();
    // The server may take more than it did.
    if (this.room > 0) this.#options.onRoom(this);
  }

  /** Whether nobody has opened it; those of an even number the server does not open (RFC 9113 §8.4). */
  protected override isIdle(streamId: number): boolean {
    return streamId % 2 === 0 || streamId >= this.#nextStreamId;
  }

  protected override takeHeaders(streamId: number, endStream: boolean): void {
    if (this.isIdle(streamId)) {
      throw protocolError(FrameType.HEADERS, "a stream that was opened");
    }
    const stream = this.streams.get(streamId);
    if (stream === undefined || stream.over || stream.remoteEnded) {
      return this.takeStray(FrameType.HEADERS, streamId);
    }
    stream.takeHeaders(endStream);
  }

  /** What comes on a stream that we have given up is no flood: the server could not know. */
  protected override takeStray(type: number, streamId: number): void {
    if (type === FrameType.DATA) this.guard.earnContent(0);
    super.takeStray(type, streamId);
  }

  protected override takeGoaway(lastStreamId: number): void {
    this.#stop();
    for (const stream of this.streams.values()) {
      if (stream.id > lastStreamId) stream.leaveUnprocessed();
    }
    this.#endIfLast();
  }

  /** We ask for none. */
  protected override takePingAck(): void {}

  /** The server broke the rules: whatever is under way fails for that. */
  protected override close(errorCode: number): void {
    if (this.closing) return;
    for (const stream of this.streams.values()) stream.blame(errorCode);
    super.close(errorCode);
  }

  override resetStream(streamId: number, errorCode: number): void {
    this.streams.get(streamId)?.blame(errorCode);
    super.resetStream(streamId, errorCode);
    if (++this.#resetsSent === MAX_RESETS) this.retire();
  }
}

function failed(reason: string): SidecarError {
  return new SidecarError(
    "UPSTREAM_CONNECT_FAILED",
    `Cannot connect to the application: ${reason}`,
  );
}
