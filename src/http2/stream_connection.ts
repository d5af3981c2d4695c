import type { Deadlines } from "../deadlines.ts";
import type { ConnectionWindow } from "./connection_window.ts";
import type { Http2Buffers } from "./buffers.ts";
import type { FrameOutput } from "./frame_output.ts";
import type { HpackEncoder } from "./hpack_encoder.ts";
import type { SendQueue } from "./send_queue.ts";
import type { Settings } from "./settings.ts";
import type { Limit } from "../tally.ts";

/** What a stream needs of its connection. */
export interface StreamConnection {
  readonly deadlines: Deadlines;
  readonly buffers: Http2Buffers;
  readonly output: FrameOutput;
  readonly queue: SendQueue;
  readonly window: ConnectionWindow;
  readonly encoder: HpackEncoder;
  /** What the peer said of itself. */
  readonly peer: Settings;
  /** For content to move on, in either direction, in milliseconds. */
  readonly bodyMs: number;
  /** Sends RST_STREAM with a code out of `H2Error`, and tells the stream that it is lost. */
  resetStream(streamId: number, errorCode: number): void;
  onLimit(limit: Limit): void;
}
