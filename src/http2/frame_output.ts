import type { Deadline, Deadlines } from "../deadlines.ts";
import type { OctetWriter } from "../http/octet_writer.ts";
import type { OctetWriters } from "../http/octet_writers.ts";
import type { Transport } from "../http/server_connection.ts";

/** With this much put together it is time to send. */
const ENOUGH_OCTETS = 32 * 1024;

/** With this much unsent behind what the peer does not take, nothing more is read from it. */
const MAX_BACKLOG_OCTETS = 64 * 1024;

export interface FrameOutputOptions {
  readonly deadlines: Deadlines;
  readonly writers: OctetWriters;
  /** How long the peer may take nothing at all, in milliseconds. */
  readonly timeoutMs: number;
  /** Called when more can be sent after it could not. */
  onWritable(): void;
  /** Called when the peer took nothing for too long. */
  onStuck(): void;
}

/**
 * The frames that a connection sends. What is appended within one turn of the
 * event loop leaves in one write, because each is a TLS record and a system
 * call. While there is nothing to send it holds no memory.
 *
 * While `blocked`, the peer does not take what was written last: then no content
 * is appended, and other frames wait here.
 */
export class FrameOutput {
  readonly #transport: Transport;
  readonly #options: FrameOutputOptions;
  readonly #deadline: Deadline;
  #out: OctetWriter | undefined;
  #scheduled = false;
  #blocked = false;
  #relief: PromiseWithResolvers<void> | undefined;

  constructor(transport: Transport, options: FrameOutputOptions) {
    this.#transport = transport;
    this.#options = options;
    this.#deadline = options.deadlines.add(options.onStuck);
  }

  get blocked(): boolean {
    return this.#blocked;
  }

  /** Where to append frames, whole ones and at once: they leave by themselves. */
  open(): OctetWriter {
    if (this.#out !== undefined && this.#out.length >= ENOUGH_OCTETS) {
      this.flush();
    }
    if (!this.#scheduled) {
      this.#scheduled = true;
      queueMicrotask(this.#onTurnEnd);
    }
    return this.#out ??= this.#options.writers.take();
  }

  readonly #onTurnEnd = (): void => {
    this.#scheduled = false;
    this.flush();
  };

  /** Sends what was appended, unless blocked. */
  flush(): void {
    const out = this.#out;
    if (out === undefined || this.#blocked) return;
    this.#out = undefined;
    const more = this.#transport.write(out.octets);
    this.#options.writers.give(out);
    if (more) return;
    this.#blocked = true;
    this.#deadline.arm(this.#options.timeoutMs);
    this.#transport.drained().then(this.#onDrained);
  }

  readonly #onDrained = (): void => {
    this.#deadline.disarm();
    this.#blocked = false;
    this.flush();
    if (this.#blocked) return;
    this.#relief?.resolve();
    this.#relief = undefined;
    this.#options.onWritable();
  };

  /**
   * Waits until the peer takes what is sent, where too much lies here; else
   * undefined. Whoever makes us answer must take the answers.
   */
  backlog(): Promise<void> | undefined {
    if ((this.#out?.length ?? 0) < MAX_BACKLOG_OCTETS) return undefined;
    return this.emptied();
  }

  /** Sends what was appended; where that must wait, resolves when all was written. */
  emptied(): Promise<void> | undefined {
    this.flush();
    if (!this.#blocked) return undefined;
    this.#relief ??= Promise.withResolvers();
    return this.#relief.promise;
  }

  /** Lets go of what was not sent, for the connection is gone. */
  close(): void {
    this.#options.deadlines.remove(this.#deadline);
    this.#out = undefined;
    this.#relief?.resolve();
  }
}
