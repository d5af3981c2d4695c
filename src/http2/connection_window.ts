import type { Http2Buffers } from "./buffers.ts";
import { ReceiveWindow } from "./flow_window.ts";
import type { FrameOutput } from "./frame_output.ts";
import { writeWindowUpdate } from "./frame_writer.ts";
import { DEFAULT_WINDOW } from "./settings.ts";

/** What the peer may send ahead of what we have read. */
const WINDOW = 1024 * 1024;

/**
 * How many streams of a connection may have large windows at a time. With 100
 * streams a peer can make a connection hold 100 × 64 KiB + 8 × 192 KiB, that is
 * 8 MB, at most.
 */
const MAX_LARGE_WINDOWS = 8;

/**
 * The connection's own window. It is opened again as soon as content comes, for
 * the windows of the streams bound what is held: so a stream whose content
 * nobody takes never stops its neighbours.
 */
export class ConnectionWindow {
  readonly #output: FrameOutput;
  readonly #buffers: Http2Buffers;
  readonly #window = new ReceiveWindow(WINDOW, DEFAULT_WINDOW);
  #largeWindows = 0;

  constructor(output: FrameOutput, buffers: Http2Buffers) {
    this.#output = output;
    this.#buffers = buffers;
    this.#release(0);
  }

  /** Counts what has come. False where that is more than the peer may send. */
  receive(octets: number): boolean {
    if (!this.#window.receive(octets)) return false;
    this.#release(octets);
    return true;
  }

  #release(octets: number): void {
    const increment = this.#window.release(octets);
    if (increment > 0) writeWindowUpdate(this.#output.open(), 0, increment);
  }

  /** Whether one stream more may have a large window, which it then gives back. */
  takeLarge(): boolean {
    if (
      this.#largeWindows === MAX_LARGE_WINDOWS ||
      !this.#buffers.takeLargeWindow()
    ) return false;
    this.#largeWindows++;
    return true;
  }

  giveLarge(): void {
    this.#largeWindows--;
    this.#buffers.giveLargeWindow();
  }
}
