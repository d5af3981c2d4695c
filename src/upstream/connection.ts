import type { Deadline, Deadlines } from "../deadlines.ts";
import { SidecarError } from "../errors.ts";
import { BodyReader, RESPONSE_BODY_FAULTS } from "../http/body_reader.ts";
import { Input, type OctetSource } from "../http/input.ts";
import { ResponseHead } from "../http/response_head.ts";

/** The part of `Deno.TcpConn` that an upstream connection needs. */
export interface TcpConnection {
  read(buffer: Uint8Array): Promise<number | null>;
  write(octets: Uint8Array): Promise<number>;
  close(): void;
}

/** The sizes of a read: what most responses fit in, and what a body that flows gets. */
const READ_OCTETS = { small: 16 * 1024, large: 64 * 1024 } as const;

/**
 * A connection to the application, used for one request after the other
 * (RFC 9112 §9.3), by one exchange at a time.
 *
 * While it is idle a read is under way all the same, so that it is known at once
 * when the application closes it: otherwise the next request would find out.
 */
export class UpstreamConnection implements OctetSource {
  readonly head = new ResponseHead();
  readonly body: BodyReader;
  readonly #tcp: TcpConnection;
  readonly #deadlines: Deadlines;
  readonly #deadline: Deadline;
  readonly #input: Input;
  #buffer = new Uint8Array(READ_OCTETS.small);
  /** The read that was begun when the connection became idle. */
  #watch: Promise<number | null> | undefined;
  #destroyed: "no" | "closed" | "overdue" = "no";
  #onDestroyed: (() => void) | undefined;
  #exchanges = 0;
  #heard = false;

  constructor(tcp: TcpConnection, deadlines: Deadlines) {
    this.#tcp = tcp;
    this.#deadlines = deadlines;
    this.#deadline = deadlines.add(() => this.destroy("overdue"));
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
    return this.#destroyed !== "no";
  }

  /**
   * Whether another request may follow: the response is whole and allows it, and
   * nothing came that nobody asked for.
   */
  get reusable(): boolean {
    return !this.destroyed && this.head.persistent && this.body.done &&
      this.#input.available === 0;
  }

  /** Makes ready for a request. */
  begin(): void {
    this.#onDestroyed = undefined;
    this.#deadline.disarm();
    this.#exchanges++;
    this.#heard = false;
    this.head.reset();
  }

  /** Limits how long is waited for the application from now on, until `disarm`. */
  arm(ms: number): void {
    this.#deadline.arm(ms);
  }

  disarm(): void {
    this.#deadline.disarm();
  }

  /**
   * Says that no request is under way, and none will be for `idleMs` at most.
   * `onEnd` is called when the connection ends meanwhile.
   */
  rest(idleMs: number, onEnd: () => void): void {
    this.#onDestroyed = onEnd;
    this.#deadline.arm(idleMs);
    // A small buffer: most connections of a pool are idle most of the time.
    if (this.#buffer.length > READ_OCTETS.small) {
      this.#buffer = new Uint8Array(READ_OCTETS.small);
    }
    const watch = this.#watch = this.#tcp.read(this.#buffer);
    const ended = () => {
      // Octets that nobody asked for are an end too: whose answer would they be?
      if (this.#watch === watch && this.#onDestroyed !== undefined) {
        this.destroy();
      }
    };
    watch.then(ended, ended);
  }

  async read(): Promise<Uint8Array | null> {
    let count: number | null;
    try {
      const reading = this.#watch ?? this.#tcp.read(this.#buffer);
      this.#watch = undefined;
      count = await reading;
    } catch (error) {
      throw this.#broken(error);
    }
    if (this.#destroyed === "overdue") throw this.#broken(undefined);
    if (count === null) return null;
    this.#heard = true;
    const octets = this.#buffer.subarray(0, count);
    if (
      count === this.#buffer.length && count < READ_OCTETS.large
    ) this.#buffer = new Uint8Array(READ_OCTETS.large);
    return octets;
  }

  /** Sends octets, which must stay as they are until the promise resolves. */
  async send(octets: Uint8Array): Promise<void> {
    try {
      let sent = await this.#tcp.write(octets);
      while (sent < octets.length) {
        sent += await this.#tcp.write(octets.subarray(sent));
      }
    } catch (error) {
      throw this.#broken(error);
    }
  }

  /** Reads the head of a response, interim or final, to `method`. */
  async readHead(method: string): Promise<void> {
    this.head.reset();
    const input = this.#input;
    if (input.available > 0 && this.head.parse(input, method)) return;
    do {
      if (!await input.more()) throw this.#broken(undefined);
    } while (!this.head.parse(input, method));
  }

  /** Closes the connection, once; what is under way on it fails. */
  destroy(why: "closed" | "overdue" = "closed"): void {
    if (this.destroyed) return;
    this.#destroyed = why;
    this.#deadlines.remove(this.#deadline);
    this.#tcp.close();
    this.#onDestroyed?.();
    this.#onDestroyed = undefined;
  }

  #broken(cause: unknown): SidecarError {
    return this.#destroyed === "overdue"
      ? new SidecarError(
        "UPSTREAM_TIMEOUT",
        "Cannot wait any longer for the application",
        { cause },
      )
      : new SidecarError(
        "UPSTREAM_CLOSED",
        "Cannot get the application's whole response: it closed the connection",
        { cause },
      );
  }
}
