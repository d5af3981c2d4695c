import type { Deadline, Deadlines } from "../deadlines.ts";
import { SidecarError } from "../errors.ts";
import { BodyReader, RESPONSE_BODY_FAULTS } from "../http/body_reader.ts";
import { Input, type OctetSource } from "../http/input.ts";
import { ResponseHead } from "../http/response_head.ts";
import { LARGE_OCTETS, type LargeBuffers } from "./large_buffers.ts";

/**
 * What the octets go over: TCP, TLS on top of it, or a Unix socket. The part of
 * `Deno.Conn` that an upstream connection needs.
 */
export interface Transport {
  read(buffer: Uint8Array): Promise<number | null>;
  write(octets: Uint8Array): Promise<number>;
  /** Ends our side in order, after what was written. */
  closeWrite(): Promise<void>;
  close(): void;
}

/** What most responses fit in. A body that flows is read with more: `LargeBuffers`. */
const SMALL_OCTETS = 16 * 1024;

/**
 * A connection to the application, used for one request after the other
 * (RFC 9112 §9.3), by one exchange at a time.
 *
 * While it is idle a read is under way all the same, so that it is known at once
 * when the application closes it: otherwise the next request would find out.
 *
 * What runs with every request is made of plain functions bound once: an async
 * function would leave a kilobyte of garbage each time.
 */
export class UpstreamConnection implements OctetSource {
  readonly head = new ResponseHead();
  readonly body: BodyReader;
  /** Of which generation of the pool's TLS it is. */
  readonly generation: number;
  readonly #transport: Transport;
  readonly #deadlines: Deadlines;
  readonly #deadline: Deadline;
  readonly #input: Input;
  readonly #onDestroyed: (connection: UpstreamConnection) => void;
  readonly #largeBuffers: LargeBuffers;
  readonly #small = new Uint8Array(SMALL_OCTETS);
  #buffer = this.#small;
  /** The read that was begun when the connection became idle. */
  #watch: Promise<Uint8Array | null> | undefined;
  #resting = false;
  #fault: SidecarError | undefined;
  #destroyed = false;
  #exchanges = 0;
  #heard = false;
  #method = "";
  #sending: Uint8Array | undefined;

  /** `onDestroyed` is called once, when the connection is closed. */
  constructor(
    transport: Transport,
    { deadlines, largeBuffers, generation = 0, onDestroyed }: {
      deadlines: Deadlines;
      largeBuffers: LargeBuffers;
      generation?: number;
      onDestroyed(connection: UpstreamConnection): void;
    },
  ) {
    this.#transport = transport;
    this.#deadlines = deadlines;
    this.#largeBuffers = largeBuffers;
    this.generation = generation;
    this.#deadline = deadlines.add(() => this.#expire());
    this.#onDestroyed = onDestroyed;
    this.#input = new Input(this);
    this.body = new BodyReader(this.#input, RESPONSE_BODY_FAULTS);
  }

  /** Whether a request was answered on it before the one in hand. */
  get reused(): boolean {
    return this.#exchanges > 1;
  }

  /** Whether anything came from the application since the request in hand began. */
  get heard(): boolean {
    return this.#heard;
  }

  get destroyed(): boolean {
    return this.#destroyed;
  }

  /** Why the application's octets ended, where they broke off. */
  get fault(): SidecarError | undefined {
    return this.#fault;
  }

  /**
   * Whether another request may follow: the response is whole and allows it, and
   * nothing came that nobody asked for.
   */
  get reusable(): boolean {
    return !this.#destroyed && this.head.persistent && this.body.done &&
      this.#input.available === 0;
  }

  /** Limits how long is waited for the application from now on, until `disarm`. */
  arm(ms: number): void {
    this.#deadline.arm(ms);
  }

  disarm(): void {
    this.#deadline.disarm();
  }

  /** Makes ready for a request. */
  begin(): void {
    this.#resting = false;
    this.#deadline.disarm();
    this.#exchanges++;
    this.#heard = false;
    this.head.reset();
    this.head.upgrade = undefined;
  }

  /** Makes `body` all that comes after the head that was read, until the application ends its side. */
  beginTunnel(): void {
    this.body.begin({ kind: "until-close" });
  }

  /** Ends our side of a tunnel. Never rejects: an application that is gone shows where it is read. */
  endSending(): Promise<void> {
    return this.#transport.closeWrite().catch(() => {});
  }

  /** Says that no request is under way, and none will be for `idleMs` at most. */
  rest(idleMs: number): void {
    this.#resting = true;
    this.#deadline.arm(idleMs);
    // A small buffer: most connections of a pool are idle most of the time.
    if (this.#buffer !== this.#small) {
      this.#largeBuffers.give(this.#buffer);
      this.#buffer = this.#small;
    }
    this.#watch = this.read();
  }

  read(): Promise<Uint8Array | null> {
    const watch = this.#watch;
    if (watch !== undefined) {
      this.#watch = undefined;
      return watch;
    }
    return this.#transport.read(this.#buffer).then(
      this.#onRead,
      this.#onBroken,
    );
  }

  readonly #onRead = (count: number | null): Uint8Array | null => {
    if (this.#resting) {
      // Octets that nobody asked for are an end too: whose answer would they be?
      this.destroy();
      return null;
    }
    if (count === null) return null;
    this.#heard = true;
    const octets = this.#buffer.subarray(0, count);
    if (count === this.#buffer.length && count < LARGE_OCTETS) {
      this.#buffer = this.#largeBuffers.take();
    }
    return octets;
  };

  readonly #onBroken = (cause: unknown): null => {
    this.#fault ??= cause instanceof SidecarError ? cause : closed(cause);
    if (this.#resting) this.destroy();
    return null;
  };

  /**
   * Sends octets, which must stay as they are until the promise resolves. Rejects
   * with `SidecarError`, `UPSTREAM_CLOSED` or `UPSTREAM_TIMEOUT`.
   */
  send(octets: Uint8Array): Promise<void> {
    this.#sending = octets;
    return this.#transport.write(octets).then(this.#onSent, this.#onUnsent);
  }

  readonly #onSent = (count: number): void | Promise<void> => {
    const octets = this.#sending!;
    this.#sending = undefined;
    if (count < octets.length) return this.send(octets.subarray(count));
  };

  readonly #onUnsent = (cause: unknown): never => {
    this.#sending = undefined;
    throw this.#fault ?? closed(cause);
  };

  /**
   * Reads the head of a response, interim or final, to `method`. Rejects with
   * `SidecarError`.
   */
  readHead(method: string): Promise<void> | undefined {
    this.#method = method;
    this.head.reset();
    if (this.#input.available > 0 && this.head.parse(this.#input, method)) {
      return undefined;
    }
    return this.#input.more().then(this.#onHeadOctets);
  }

  readonly #onHeadOctets = (more: boolean): void | Promise<void> => {
    if (!more) throw this.#fault ?? closed(undefined);
    if (!this.head.parse(this.#input, this.#method)) {
      return this.#input.more().then(this.#onHeadOctets);
    }
  };

  #expire(): void {
    if (!this.#resting) {
      this.#fault ??= new SidecarError(
        "UPSTREAM_TIMEOUT",
        "Cannot wait any longer for the application",
      );
    }
    this.destroy();
  }

  /** Closes the connection, once; what is under way on it fails. */
  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#deadlines.remove(this.#deadline);
    this.#transport.close();
    this.#onDestroyed(this);
  }
}

function closed(cause: unknown): SidecarError {
  return new SidecarError(
    "UPSTREAM_CLOSED",
    "Cannot get the application's whole response: it closed the connection",
    { cause },
  );
}
