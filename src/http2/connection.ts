import type { Input } from "../http/input.ts";
import { FloodCost } from "./flood_guard.ts";
import { FrameType } from "./frame.ts";
import { FrameIntake } from "./frame_intake.ts";
import { writeGoaway } from "./frame_writer.ts";
import { Http2Error } from "./http2_error.ts";
import { linger } from "./linger.ts";
import type { Http2Stream } from "./stream.ts";

/**
 * An HTTP/2 connection (RFC 9113) as either side of it needs it. What a header
 * block means is the subclass's.
 *
 * Whatever the peer does wrong ends a stream or this connection, and nothing
 * else; whatever it makes us hold, or do, is bounded.
 */
export abstract class Http2Connection<S extends Http2Stream>
  extends FrameIntake<S> {
  #closing = false;

  /** Takes what stands before the first frame; false while more of it must come. */
  protected abstract takeOpening(input: Input): boolean;
  /** Told that all that had arrived has been taken. */
  protected abstract takenAll(): void;

  /** Whether the connection takes no more frames. */
  protected get closing(): boolean {
    return this.#closing;
  }

  /** Takes what the peer sends, until either side ends. May throw what should never happen. */
  protected async receive(): Promise<void> {
    this.transport.onGone = () => this.loseAll();
    const input = this.input;
    let open = false;
    while (!this.#closing && !this.transport.gone) {
      open ||= this.#contained(() => this.takeOpening(input));
      if (open) {
        while (this.#contained(this.takeFrame));
        if (!this.#closing) this.takenAll();
      }
      if (this.#closing) return;
      const backlog = this.output.backlog();
      if (backlog !== undefined) await backlog;
      // It may have ended meanwhile, when there was no read to interrupt.
      if (this.#closing || !await input.more()) return;
    }
  }

  /** Runs `step`. What the peer did wrong ends a stream, or the connection. */
  #contained(step: () => boolean): boolean {
    if (this.#closing) return false;
    try {
      return step();
    } catch (error) {
      if (!(error instanceof Http2Error)) throw error;
      return this.#refuse(error);
    }
  }

  /** Returns whether frames can be taken all the same. */
  #refuse(error: Http2Error): boolean {
    const { streamId } = error;
    if (error.code === "HTTP2_FLOOD") this.onLimit("flood");
    if (streamId === 0 || this.isIdle(streamId)) {
      this.close(error.wireCode);
      return false;
    }
    return this.#contained(() => {
      this.guard.spend(FrameType.RST_STREAM, FloodCost.RESET);
      this.resetStream(streamId, error.wireCode);
      return true;
    });
  }

  /** Ends the connection with GOAWAY: takes nothing more, and gives up all streams. */
  protected override close(errorCode: number): void {
    if (this.#closing) return;
    writeGoaway(this.output.open(), this.lastStreamId, errorCode);
    this.#closing = true;
    this.loseAll();
    this.transport.interrupt();
  }

  /** Ends the connection in order. No stream must be left. */
  protected end(): void {
    this.#closing = true;
    this.transport.interrupt();
  }

  /** Gives up all streams: the peer is gone. */
  protected loseAll(): void {
    for (const stream of this.streams.values()) stream.lose();
  }

  /** Cuts the connection. */
  destroy(): void {
    this.transport.destroy();
  }

  /** Ends our side in order, and gives the peer time to read what was sent. */
  protected async linger(): Promise<void> {
    await this.output.emptied();
    await linger(this.transport, {
      deadlines: this.deadlines,
      sendMs: this.bodyMs,
    });
  }

  /** Lets go of all: the connection is over. */
  protected dispose(): void {
    this.#closing = true;
    this.settings.close();
    this.output.close();
    this.transport.onGone = undefined;
    this.transport.destroy();
  }
}
