import type { Deadline, Deadlines } from "../deadlines.ts";
import type { SidecarError } from "../errors.ts";
import { MAX_SECTION_OCTETS } from "../http/field_section.ts";
import type { Input } from "../http/input.ts";
import type {
  ConnectionTimeouts,
  Transport,
} from "../http/server_connection.ts";
import type { Http2Buffers } from "./buffers.ts";
import { Http2Connection } from "./connection.ts";
import { FloodCost } from "./flood_guard.ts";
import { FrameType, MAX_WINDOW } from "./frame.ts";
import { protocolError } from "./frame_rules.ts";
import { writeGoaway, writePing } from "./frame_writer.ts";
import { H2Error } from "./http2_error.ts";
import { takePreface } from "./preface.ts";
import { ServerStream } from "./server_stream.ts";
import { Setting } from "./settings.ts";
import type { Limit } from "../tally.ts";

/** How many requests a client may have under way on a connection at a time. */
export const MAX_CONCURRENT_STREAMS = 100;

/** How long requests that were on their way are taken after the first GOAWAY, in milliseconds. */
const LAST_CHANCE_MS = 1_000;

const ANNOUNCED = [
  [Setting.MAX_CONCURRENT_STREAMS, MAX_CONCURRENT_STREAMS],
  [Setting.MAX_HEADER_LIST_SIZE, MAX_SECTION_OCTETS],
  [Setting.NO_RFC7540_PRIORITIES, 1],
] as const;
const ANNOUNCED_WITH_TUNNELS = [
  ...ANNOUNCED,
  [Setting.ENABLE_CONNECT_PROTOCOL, 1],
] as const;

/** By its answer we know that the client has seen the first GOAWAY. */
const RETIRE_PING = new TextEncoder().encode("retiring");

/** What is done with the requests of one connection. */
export interface StreamHandler {
  /**
   * Answers the request at `stream.head`. Must not reject. A stream that has not
   * ended by then is reset.
   */
  handle(stream: ServerStream): Promise<unknown>;
  /** Answers what is no request, for `fault`. Must not reject. */
  refuse(stream: ServerStream, fault: SidecarError): Promise<unknown>;
  /** Told of what should never happen. What it happened to is then cut. */
  onUnexpected(error: unknown): void;
}

export interface ServerSessionOptions {
  readonly timeouts: ConnectionTimeouts;
  readonly deadlines: Deadlines;
  readonly buffers: Http2Buffers;
  /** Asked before each request is handled; where not, it is refused, and no other is taken. */
  readonly mayServe: () => boolean;
  readonly onLimit?: (limit: Limit) => void;
  /** Whether streams may be tunnels (RFC 8441); not if left out. */
  readonly tunnels?: boolean;
}

/**
 * - `open`: takes requests
 * - `retiring`: has said that it will take no more, but takes those that a client
 *   sent before it knew (RFC 9113 §6.8)
 * - `last`: takes none, and ends with the last one in hand
 */
type Phase = "open" | "retiring" | "last";

/**
 * The server's side of an HTTP/2 connection (RFC 9113): many requests at a time,
 * each on a stream of its own, until either side has had enough.
 */
export class ServerSession extends Http2Connection<ServerStream> {
  readonly #timeouts: ConnectionTimeouts;
  readonly #mayServe: () => boolean;
  /** For a first request, for another one, or for the last chance. */
  readonly #deadline: Deadline;
  /** Whether streams may be tunnels. */
  readonly tunnels: boolean;
  #handler: StreamHandler | undefined;
  /** Requests that have come and were not handed on yet. */
  readonly #ready: ServerStream[] = [];
  #phase: Phase = "open";
  #served = false;
  #quiet: (() => void) | undefined;
  protected lastStreamId = 0;

  constructor(transport: Transport, options: ServerSessionOptions) {
    const { timeouts, deadlines, buffers, onLimit } = options;
    super(transport, {
      deadlines,
      buffers,
      bodyMs: timeouts.bodyMs,
      settingsMs: timeouts.headerMs,
      peer: "client",
      announced: options.tunnels ? ANNOUNCED_WITH_TUNNELS : ANNOUNCED,
      ...(onLimit && { onLimit }),
    });
    this.#timeouts = timeouts;
    this.tunnels = options.tunnels ?? false;
    this.#mayServe = options.mayServe;
    this.#deadline = deadlines.add(() => this.#expire());
    this.#deadline.arm(timeouts.headerMs);
  }

  /** Serves requests until the connection ends. Never rejects. */
  async run(handler: StreamHandler): Promise<void> {
    this.#handler = handler;
    try {
      await this.receive();
      // Where the client has left, or broken the rules, there are some still.
      this.#giveUp();
      await this.linger();
    } catch (error) {
      handler.onUnexpected(error);
      this.#giveUp();
    }
    this.deadlines.remove(this.#deadline);
    this.dispose();
    if (this.streams.size === 0) return;
    // Whoever works on them must be done: the end of a connection is its last line.
    await new Promise<void>((resolve) => this.#quiet = resolve);
  }

  /** Whether the client may be served now: trust can be withdrawn within a request. */
  get trusted(): boolean {
    return this.#mayServe();
  }

  #giveUp(): void {
    this.loseAll();
    for (const stream of this.#ready.splice(0)) this.#forget(stream);
  }

  /**
   * Lets the requests in hand be the last ones, together with those that are on
   * their way: the client is told twice (RFC 9113 §6.8).
   */
  retire(): void {
    if (this.#phase !== "open" || this.closing) return;
    this.#phase = "retiring";
    const out = this.output.open();
    writeGoaway(out, MAX_WINDOW, H2Error.NO_ERROR);
    writePing(out, RETIRE_PING);
    this.#deadline.arm(LAST_CHANCE_MS);
  }

  /** As `retire`, for a client that may not come in any more: no other request is taken. */
  revoke(): void {
    this.#takeNoMore();
  }

  #takeNoMore(): void {
    if (this.#phase === "last" || this.closing) return;
    this.#phase = "last";
    this.#deadline.disarm();
    writeGoaway(this.output.open(), this.lastStreamId, H2Error.NO_ERROR);
    if (this.streams.size === 0) this.end();
  }

  #expire(): void {
    if (this.#phase === "retiring") return this.#takeNoMore();
    if (!this.#served) this.onLimit("header_time");
    this.retire();
  }

  protected override takePingAck(): void {
    if (this.#phase === "retiring") this.#takeNoMore();
  }

  /** The client is to open no more streams; it ends the connection when it wants to. */
  protected override takeGoaway(): void {}

  protected override takeOpening(input: Input): boolean {
    return takePreface(input);
  }

  /** Nobody here opens streams of an even number. */
  protected override isIdle(streamId: number): boolean {
    return streamId % 2 === 0 || streamId > this.lastStreamId;
  }

  protected override takeHeaders(streamId: number, endStream: boolean): void {
    if (streamId % 2 === 0) {
      throw protocolError(FrameType.HEADERS, "a stream of an odd number");
    }
    if (streamId > this.lastStreamId) {
      this.lastStreamId = streamId;
      return this.#open(streamId, endStream);
    }
    const stream = this.streams.get(streamId);
    if (stream === undefined || stream.over || stream.remoteEnded) {
      return this.takeStray(FrameType.HEADERS, streamId);
    }
    // RFC 9113 §8.1: only trailers may follow, and with them the end.
    if (!endStream) {
      throw protocolError(FrameType.HEADERS, "END_STREAM with it", streamId);
    }
    stream.takeTrailers();
  }

  #open(streamId: number, endStream: boolean): void {
    const isOneTooMany = this.streams.size >= MAX_CONCURRENT_STREAMS;
    if (isOneTooMany) this.onLimit("concurrent_streams");
    if (isOneTooMany || this.#phase === "last") {
      this.guard.spend(FrameType.HEADERS, FloodCost.FRAME);
      this.resetStream(streamId, H2Error.REFUSED_STREAM);
      return;
    }
    const stream = new ServerStream(streamId, this);
    this.streams.set(streamId, stream);
    this.#ready.push(stream);
    stream.takeHead(endStream);
    if (stream.fault !== undefined) {
      this.guard.spend(FrameType.HEADERS, FloodCost.RESET);
    }
  }

  /**
   * Hands on what has come: after the rest of what came with it, so that a small
   * body leaves with its head, and what was reset at once is nobody's work.
   */
  protected override takenAll(): void {
    if (this.#ready.length === 0) return;
    for (const stream of this.#ready.splice(0)) {
      if (stream.over) this.#forget(stream);
      else if (this.#mayServe()) this.#serve(stream);
      else this.#turnAway(stream);
    }
  }

  /**
   * Refuses a request that came when trust was gone already, and all after it.
   * Those in hand, which came while there was trust, are finished.
   */
  #turnAway(stream: ServerStream): void {
    stream.reset(H2Error.REFUSED_STREAM);
    this.#takeNoMore();
    this.#forget(stream);
  }

  #serve(stream: ServerStream): void {
    const handler = this.#handler!;
    this.#served = true;
    if (this.#phase === "open") this.#deadline.disarm();
    const answered = stream.fault === undefined
      ? handler.handle(stream)
      : handler.refuse(stream, stream.fault);
    answered.then(
      () => this.#finish(stream),
      (error) => {
        handler.onUnexpected(error);
        this.#finish(stream);
      },
    );
  }

  #finish(stream: ServerStream): void {
    if (stream.localEnded && stream.fault === undefined && !stream.over) {
      this.guard.earnRequest();
    }
    stream.finish();
    this.#forget(stream);
  }

  #forget(stream: ServerStream): void {
    stream.close();
    this.streams.delete(stream.id);
    if (this.streams.size > 0) return;
    this.#quiet?.();
    if (this.#phase === "last") this.end();
    else if (this.#phase === "open") {
      this.#deadline.arm(this.#timeouts.keepAliveMs);
    }
  }
}
