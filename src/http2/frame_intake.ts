import type { Deadlines } from "../deadlines.ts";
import { Input } from "../http/input.ts";
import type { Transport } from "../http/server_connection.ts";
import type { Http2Buffers } from "./buffers.ts";
import { ConnectionWindow } from "./connection_window.ts";
import { FloodCost, FloodGuard } from "./flood_guard.ts";
import { overflows } from "./flow_window.ts";
import { FrameType } from "./frame.ts";
import { FrameOutput } from "./frame_output.ts";
import { FrameReader, IGNORED, MORE } from "./frame_reader.ts";
import { frameName, protocolError } from "./frame_rules.ts";
import { writePingAck, writeReset } from "./frame_writer.ts";
import { HpackDecoder } from "./hpack_decoder.ts";
import { HpackEncoder } from "./hpack_encoder.ts";
import { H2Error, Http2Error } from "./http2_error.ts";
import { RecentResets } from "./recent_resets.ts";
import { SendQueue } from "./send_queue.ts";
import { Settings } from "./settings.ts";
import { SettingsExchange } from "./settings_exchange.ts";
import type { Http2Stream } from "./stream.ts";
import type { Limit } from "../tally.ts";
import type { StreamConnection } from "./stream_connection.ts";

export interface Http2ConnectionOptions {
  readonly deadlines: Deadlines;
  readonly buffers: Http2Buffers;
  /** For content to move on, in either direction, in milliseconds. */
  readonly bodyMs: number;
  /** For the peer to acknowledge our settings, in milliseconds. */
  readonly settingsMs: number;
  /** Whose the other side is. */
  readonly peer: "client" | "server";
  /** What is announced, out of `Setting`. */
  readonly announced: readonly (readonly [setting: number, value: number])[];
  onLimit?(limit: Limit): void;
}

/**
 * What the frames of a connection do to it (RFC 9113 §6), to its streams (§5.1)
 * and to all their windows, whichever side of it we are.
 */
export abstract class FrameIntake<S extends Http2Stream>
  implements StreamConnection {
  readonly deadlines: Deadlines;
  readonly buffers: Http2Buffers;
  readonly output: FrameOutput;
  readonly queue: SendQueue;
  readonly window: ConnectionWindow;
  readonly encoder = new HpackEncoder();
  readonly peer: Settings;
  readonly bodyMs: number;
  readonly onLimit: (limit: Limit) => void;
  /** Those that are not wholly done with, by what either side knows. */
  protected readonly streams = new Map<number, S>();
  protected readonly guard: FloodGuard;
  protected readonly transport: Transport;
  protected readonly input: Input;
  readonly #reader = new FrameReader();
  readonly #decoder: HpackDecoder;
  readonly #resets = new RecentResets();
  protected readonly settings: SettingsExchange;
  #heardSettings = false;
  /** Whether a DATA frame goes on, and how much of its content has not come yet. */
  #inData = false;
  #contentLeft = 0;

  constructor(transport: Transport, options: Http2ConnectionOptions) {
    const { deadlines, buffers, bodyMs } = options;
    this.transport = transport;
    this.input = new Input(transport);
    this.deadlines = deadlines;
    this.buffers = buffers;
    this.bodyMs = bodyMs;
    this.onLimit = (limit) => options.onLimit?.(limit);
    this.peer = new Settings(options.peer);
    this.guard = new FloodGuard(deadlines);
    this.output = new FrameOutput(transport, {
      deadlines,
      writers: buffers.writers,
      timeoutMs: bodyMs,
      onWritable: () => this.queue.pump(),
      onStuck: () => {
        this.onLimit("send_time");
        transport.destroy();
      },
    });
    this.queue = new SendQueue(this.output, this.guard);
    this.#decoder = new HpackDecoder(buffers.fields);
    this.settings = new SettingsExchange({
      output: this.output,
      encoder: this.encoder,
      peer: this.peer,
      deadlines,
      announced: options.announced,
      timeoutMs: options.settingsMs,
      onOverdue: () => {
        this.onLimit("settings_time");
        this.close(H2Error.SETTINGS_TIMEOUT);
      },
    });
    this.window = new ConnectionWindow(this.output, buffers);
  }

  /** Whether the peer has said of itself what it has to (RFC 9113 §3.4). */
  protected get heardSettings(): boolean {
    return this.#heardSettings;
  }

  /** The last stream of the peer's that was acted on. */
  protected abstract readonly lastStreamId: number;
  /** Whether a stream was never opened, so that nothing but its opening may come on it. */
  protected abstract isIdle(streamId: number): boolean;
  /** Takes a header block, which is in `buffers.fields` until the next one comes. */
  protected abstract takeHeaders(streamId: number, endStream: boolean): void;
  /** Ends the connection with GOAWAY and a code out of `H2Error`. */
  protected abstract close(errorCode: number): void;
  protected abstract takeGoaway(lastStreamId: number, errorCode: number): void;
  protected abstract takePingAck(): void;

  /** Takes a frame. False when more must arrive. */
  protected readonly takeFrame = (): boolean => {
    const reader = this.#reader;
    const type = reader.take(this.input);
    if (type === MORE) return false;
    if (!this.#heardSettings) {
      // RFC 9113 §3.4.
      if (type !== FrameType.SETTINGS || reader.ack) {
        throw protocolError(Math.max(type, 0), "SETTINGS first");
      }
      this.#heardSettings = true;
    }
    switch (type) {
      case FrameType.DATA:
        this.#takeData();
        break;
      case FrameType.HEADERS:
        this.#decoder.decode(reader.bytes, reader.start, reader.end);
        this.takeHeaders(reader.streamId, reader.endStream);
        break;
      case FrameType.RST_STREAM:
        this.#takeReset();
        break;
      case FrameType.SETTINGS:
        this.#takeSettings();
        break;
      case FrameType.PING:
        this.#takePing();
        break;
      case FrameType.GOAWAY:
        this.guard.spend(type, FloodCost.FRAME);
        this.takeGoaway(reader.lastStreamId, reader.errorCode);
        break;
      case FrameType.WINDOW_UPDATE:
        this.#takeWindowUpdate();
        break;
      case IGNORED:
        this.guard.spend(FrameType.PRIORITY, FloodCost.FRAME);
        break;
    }
    return true;
  };

  #takeData(): void {
    const reader = this.#reader;
    const { streamId, bytes, start, end, flowOctets } = reader;
    if (!this.#inData) this.#contentLeft = reader.contentOctets;
    this.#contentLeft -= end - start;
    this.#inData = reader.inData;
    if (!this.window.receive(flowOctets)) throw flowControl("connection");
    if (reader.contentOctets === 0 && !reader.endStream && !reader.inData) {
      this.guard.spend(FrameType.DATA, FloodCost.FRAME);
    }
    const stream = this.streams.get(streamId);
    if (stream === undefined || stream.over) {
      return this.takeStray(FrameType.DATA, streamId);
    }
    if (stream.remoteEnded) throw streamClosed(FrameType.DATA, streamId);
    const more = this.#contentLeft;
    if (!stream.takeData(bytes, { start, end, more, flowOctets })) {
      throw flowControl("stream", streamId);
    }
    if (reader.endStream) stream.takeEnd();
  }

  #takeReset(): void {
    const { streamId } = this.#reader;
    const stream = this.streams.get(streamId);
    const cost = stream?.premature ? FloodCost.RESET : FloodCost.FRAME;
    this.guard.spend(FrameType.RST_STREAM, cost);
    if (stream !== undefined) stream.lose(this.#reader.errorCode);
    else this.#mustNotBeIdle(FrameType.RST_STREAM, streamId);
  }

  #takeSettings(): void {
    this.guard.spend(FrameType.SETTINGS, FloodCost.FRAME);
    const growth = this.settings.take(this.#reader);
    if (growth === 0) return;
    for (const stream of this.streams.values()) {
      // Of the connection, for it is its settings that do it (RFC 9113 §6.9.2).
      if (!this.#widen(stream, growth)) throw flowControl("stream");
    }
  }

  #takePing(): void {
    const { ack, bytes, start } = this.#reader;
    this.guard.spend(FrameType.PING, FloodCost.FRAME);
    if (ack) this.takePingAck();
    else writePingAck(this.output.open(), bytes, start);
  }

  #takeWindowUpdate(): void {
    const { streamId, increment } = this.#reader;
    this.guard.spend(FrameType.WINDOW_UPDATE, FloodCost.FRAME);
    if (streamId === 0) {
      if (!this.queue.widen(increment)) throw flowControl("connection");
      return;
    }
    const stream = this.streams.get(streamId);
    if (stream === undefined) {
      this.#mustNotBeIdle(FrameType.WINDOW_UPDATE, streamId);
    } else if (!stream.over && !this.#widen(stream, increment)) {
      throw flowControl("stream", streamId);
    }
  }

  #widen(stream: S, increment: number): boolean {
    if (overflows(stream.sendWindow, increment)) return false;
    stream.sendWindow += increment;
    this.queue.offer(stream);
    return true;
  }

  #mustNotBeIdle(type: number, streamId: number): void {
    if (this.isIdle(streamId)) {
      throw protocolError(type, "a stream that was opened");
    }
  }

  /**
   * Takes DATA or HEADERS of a stream that is done with (RFC 9113 §5.1): what was
   * on its way when we reset it is let pass, anything else an error. HEADERS on one
   * that is forgotten are the connection's: they may be meant to open it (§5.1.1).
   */
  protected takeStray(type: number, streamId: number): void {
    this.#mustNotBeIdle(type, streamId);
    if (!this.#resets.has(streamId)) {
      const opens = type === FrameType.HEADERS && !this.streams.has(streamId);
      throw streamClosed(type, opens ? 0 : streamId);
    }
    // In how many pieces a frame comes is not for the peer to say.
    if (!this.#inData) this.guard.spend(type, FloodCost.FRAME);
  }

  /** Resets a stream, and lets pass what is still on its way. */
  resetStream(streamId: number, errorCode: number): void {
    this.#resets.add(streamId);
    writeReset(this.output.open(), streamId, errorCode);
    this.streams.get(streamId)?.lose();
  }
}

function flowControl(of: "connection" | "stream", streamId = 0): Http2Error {
  return new Http2Error(
    "HTTP2_FLOW_CONTROL",
    `Cannot take content or an update: expected them within the ${of}'s window`,
    streamId,
  );
}

function streamClosed(type: number, streamId: number): Http2Error {
  return new Http2Error(
    "HTTP2_STREAM_CLOSED",
    `Cannot take a frame of type ${
      frameName(type)
    }: expected none on a closed stream`,
    streamId,
  );
}
