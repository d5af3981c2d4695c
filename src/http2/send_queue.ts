import type { FloodGuard } from "./flood_guard.ts";
import { overflows } from "./flow_window.ts";
import { DEFAULT_MAX_FRAME_SIZE } from "./frame.ts";
import type { FrameOutput } from "./frame_output.ts";
import { DEFAULT_WINDOW } from "./settings.ts";

/** A stream with content to send. */
export interface Sender {
  /** How much the peer lets it send, in octets; below 0 when that was lessened. */
  readonly sendWindow: number;
  /** Whether content of it has not been appended yet. */
  readonly sending: boolean;
  /** Whether it stands in the queue. For the queue alone. */
  queued: boolean;
  /** Appends one DATA frame of at most `limit` octets of content. Returns how many those are. */
  advance(limit: number): number;
}

/**
 * In which order streams send their content: one frame each in turn, as far as
 * the connection's window (RFC 9113 §6.9.1) and the transport let them. A stream
 * whose own window is used up does not stand here until that is opened.
 */
export class SendQueue {
  readonly #output: FrameOutput;
  readonly #guard: FloodGuard;
  readonly #queue: Sender[] = [];
  /** How much the peer lets the connection send, in octets. */
  #window = DEFAULT_WINDOW;

  constructor(output: FrameOutput, guard: FloodGuard) {
    this.#output = output;
    this.#guard = guard;
  }

  /** Lets a stream send what it can now; the rest of it waits for its turn. */
  offer(sender: Sender): void {
    if (sender.queued) return;
    if (this.#queue.length === 0) {
      while (this.#mayGo(sender) && this.#isOpen) this.#turn(sender);
    }
    this.#line(sender);
  }

  /** Lets those that wait send, after one of the things that they wait for. */
  readonly pump = (): void => {
    while (this.#isOpen) {
      const sender = this.#queue.shift();
      if (sender === undefined) return;
      sender.queued = false;
      if (this.#mayGo(sender)) this.#turn(sender);
      this.#line(sender);
    }
  };

  /** Takes a WINDOW_UPDATE of the connection. False where the window would be too large. */
  widen(increment: number): boolean {
    if (overflows(this.#window, increment)) return false;
    this.#window += increment;
    this.pump();
    return true;
  }

  get #isOpen(): boolean {
    return this.#window > 0 && !this.#output.blocked;
  }

  #mayGo(sender: Sender): boolean {
    return sender.sending && sender.sendWindow > 0;
  }

  #turn(sender: Sender): void {
    // No more at a time, whatever the peer takes: others wait for their turn.
    const limit = Math.min(
      DEFAULT_MAX_FRAME_SIZE,
      this.#window,
      sender.sendWindow,
    );
    const sent = sender.advance(limit);
    this.#window -= sent;
    this.#guard.earnContent(sent);
  }

  #line(sender: Sender): void {
    if (!this.#mayGo(sender)) return;
    sender.queued = true;
    this.#queue.push(sender);
  }
}
