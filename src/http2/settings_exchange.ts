import type { Deadline, Deadlines } from "../deadlines.ts";
import type { FrameOutput } from "./frame_output.ts";
import type { FrameReader } from "./frame_reader.ts";
import { writeSettings, writeSettingsAck } from "./frame_writer.ts";
import type { HpackEncoder } from "./hpack_encoder.ts";
import type { Settings } from "./settings.ts";

export interface SettingsExchangeOptions {
  readonly output: FrameOutput;
  readonly encoder: HpackEncoder;
  readonly peer: Settings;
  readonly deadlines: Deadlines;
  /** What is announced, out of `Setting`. */
  readonly announced: readonly (readonly [setting: number, value: number])[];
  /** For the peer to acknowledge it, in milliseconds. */
  readonly timeoutMs: number;
  /** Called when it does not. */
  onOverdue(): void;
}

/** What both sides of a connection say of themselves, and acknowledge (RFC 9113 §6.5). */
export class SettingsExchange {
  readonly #options: SettingsExchangeOptions;
  /** For the acknowledgement. */
  #deadline: Deadline | undefined;

  /** Announces ours: a side's first frame. */
  constructor(options: SettingsExchangeOptions) {
    this.#options = options;
    this.#deadline = options.deadlines.add(options.onOverdue);
    this.#deadline.arm(options.timeoutMs);
    writeSettings(options.output.open(), options.announced);
  }

  /**
   * Takes a SETTINGS frame, and acknowledges the peer's. Returns by how much the
   * windows of all streams grow with it (RFC 9113 §6.9.2), which can be below 0.
   * Throws `Http2Error` where a value is out of bounds.
   */
  take({ ack, bytes, start, end }: FrameReader): number {
    if (ack) {
      this.close();
      return 0;
    }
    const { output, encoder, peer } = this.#options;
    const before = peer.initialWindowSize;
    peer.apply(bytes, start, end);
    encoder.limitTable(peer.lowestTableSize);
    encoder.limitTable(peer.headerTableSize);
    writeSettingsAck(output.open());
    return peer.initialWindowSize - before;
  }

  /** Waits for no acknowledgement any more. */
  close(): void {
    if (this.#deadline === undefined) return;
    this.#options.deadlines.remove(this.#deadline);
    this.#deadline = undefined;
  }
}
