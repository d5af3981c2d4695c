import type { Deadline, Deadlines } from "../deadlines.ts";
import { type ErrorCode, SidecarError } from "../errors.ts";
import { BodyReader, REQUEST_BODY_FAULTS } from "./body_reader.ts";
import { Input, type OctetSource } from "./input.ts";
import { RequestHead } from "./request_head.ts";

/** How long, and for how much, input is drained after our side was ended. */
const LINGER = { ms: 5_000, octets: 8 * 1024 * 1024 } as const;

/** How long a connection that never asked for anything is kept while shutting down, in milliseconds. */
const LAST_CHANCE_MS = 1_000;

/** The decrypted side of a connection. */
export interface Transport extends OctetSource {
  /** Makes a read that is under way answer null, once. */
  interrupt(): void;
  /** Sends octets, which may be used again at once. False when `drained` should be waited for. */
  write(octets: Uint8Array): boolean;
  drained(): Promise<void>;
  /** Ends our side in order. */
  end(): void;
  /** Cuts the connection: what was under way is visibly not whole. */
  destroy(): void;
  /** Whether the client has ended its side, or the connection is gone. */
  readonly gone: boolean;
  onGone: (() => void) | undefined;
}

/** Limits in milliseconds. */
export interface ConnectionTimeouts {
  /** For a whole head, from its first octet on; for the first octet of all. */
  readonly headerMs: number;
  /** Between requests. */
  readonly keepAliveMs: number;
  /** For a body to move on, in either direction. */
  readonly bodyMs: number;
}

/**
 * What becomes of the connection after a request: it serves another one, is
 * ended in order, or is cut because the answer is not whole.
 */
export type Ending = "keep" | "close" | "cut";

/** What is done with the requests of one connection. */
export interface RequestHandler {
  /** Answers the request at `connection.head`. Must not reject. */
  handle(connection: ServerConnection): Promise<Ending>;
  /** Answers what could not be taken for a request. The connection is then closed. */
  refuse(connection: ServerConnection, fault: SidecarError): void;
}

/**
 * The server's side of an HTTP/1.1 connection (RFC 9112 §9): one request after
 * the other, in order, until either side has had enough.
 */
export class ServerConnection {
  readonly head = new RequestHead();
  readonly body: BodyReader;
  readonly #transport: Transport;
  readonly #input: Input;
  readonly #timeouts: ConnectionTimeouts;
  readonly #deadlines: Deadlines;
  readonly #deadline: Deadline;
  /** Why a read was interrupted, where it was for want of time. */
  #overdue: ErrorCode | undefined;
  #state: "waiting" | "head" | "request" | "lingering" | "closed" = "waiting";
  #served = 0;
  #retiring = false;

  constructor(
    transport: Transport,
    { timeouts, deadlines }: {
      timeouts: ConnectionTimeouts;
      deadlines: Deadlines;
    },
  ) {
    this.#transport = transport;
    this.#timeouts = timeouts;
    this.#deadlines = deadlines;
    this.#deadline = deadlines.add(() => this.#expire());
    this.#input = new Input(transport);
    this.body = new BodyReader(this.#input, REQUEST_BODY_FAULTS);
  }

  /** Whether this request is the last one that will be served. */
  get retiring(): boolean {
    return this.#retiring;
  }

  /** Whether the client has ended its side, or the connection is gone. */
  get clientGone(): boolean {
    return this.#transport.gone;
  }

  /** Called once when the client goes away while its request is being handled. */
  set onClientGone(listener: (() => void) | undefined) {
    this.#transport.onGone = listener;
  }

  /** Serves requests until the connection ends. Never rejects. */
  async run(handler: RequestHandler): Promise<void> {
    try {
      let ending: Ending;
      do {
        ending = await this.#serveOne(handler);
      } while (ending === "keep" && !this.#retiring);
      if (ending !== "cut") await this.#linger();
    } catch {
      // The transport broke; there is nobody left to answer.
    } finally {
      this.#state = "closed";
      this.#deadlines.remove(this.#deadline);
      this.#transport.destroy();
    }
  }

  /** Lets the request in hand be the last one. Without one, the connection ends now. */
  retire(): void {
    this.#retiring = true;
    if (this.#state !== "waiting") return;
    if (this.#served > 0) this.#transport.interrupt();
    else this.#deadline.arm(LAST_CHANCE_MS);
  }

  /** Cuts the connection. */
  destroy(): void {
    this.#transport.destroy();
  }

  /** Sends octets, which may be used again at once; undefined when more may follow at once. */
  send(octets: Uint8Array): Promise<void> | undefined {
    return this.#transport.write(octets) ? undefined : this.#drained();
  }

  /** Waits until the client has taken what was sent. Cut when it takes nothing for too long. */
  async #drained(): Promise<void> {
    this.#deadline.arm(this.#timeouts.bodyMs);
    await this.#transport.drained();
    this.#deadline.disarm();
  }

  /** Waits for more of the request's body. Throws `SidecarError`. */
  async moreBody(): Promise<void> {
    this.#overdue = undefined;
    this.#deadline.arm(this.#timeouts.bodyMs);
    try {
      await this.body.more();
    } catch (error) {
      if (this.#overdue === undefined) throw error;
      throw new SidecarError(
        "BODY_TIMEOUT",
        "Cannot wait any longer for the request's body",
      );
    } finally {
      this.#deadline.disarm();
    }
  }

  /** Makes a `moreBody` that is under way fail: nobody needs the rest. */
  abandonBody(): void {
    this.#transport.interrupt();
  }

  async #serveOne(handler: RequestHandler): Promise<Ending> {
    try {
      if (!await this.#readHead()) return "close";
    } catch (error) {
      if (!(error instanceof SidecarError)) throw error;
      handler.refuse(this, error);
      return "close";
    }
    this.#state = "request";
    this.#served++;
    this.body.begin(this.head.framing);
    const ending = await handler.handle(this);
    this.#transport.onGone = undefined;
    return ending;
  }

  /** False when the client wants nothing more. Throws `SidecarError` for what is no request. */
  async #readHead(): Promise<boolean> {
    const { head } = this;
    const input = this.#input;
    head.reset();
    this.#overdue = undefined;
    this.#state = "waiting";
    if (input.available === 0) {
      this.#deadline.arm(
        this.#served === 0
          ? this.#timeouts.headerMs
          : this.#timeouts.keepAliveMs,
      );
      if (!await input.more()) {
        this.#deadline.disarm();
        return false;
      }
    }
    this.#state = "head";
    for (let armed = false; !head.parse(input); armed = true) {
      if (!armed) this.#deadline.arm(this.#timeouts.headerMs);
      if (await input.more()) continue;
      this.#deadline.disarm();
      if (this.#overdue === undefined) return false;
      throw new SidecarError(
        "HEADER_TIMEOUT",
        "Cannot wait any longer for the request's head",
      );
    }
    this.#deadline.disarm();
    return true;
  }

  #expire(): void {
    switch (this.#state) {
      case "waiting":
        this.#transport.interrupt();
        break;
      case "head":
        this.#overdue = "HEADER_TIMEOUT";
        this.#transport.interrupt();
        break;
      case "request":
        if (this.body.done) this.#transport.destroy();
        this.#overdue = "BODY_TIMEOUT";
        this.#transport.interrupt();
        break;
      default:
        this.#transport.destroy();
    }
  }

  /**
   * Ends our side, then drains input for a while: closed at once with input
   * unread, the connection would be reset, and the answer lost with it.
   */
  async #linger(): Promise<void> {
    this.#state = "lingering";
    this.#transport.end();
    this.#deadline.arm(LINGER.ms);
    for (let drained = 0; drained <= LINGER.octets;) {
      const octets = await this.#transport.read();
      if (octets === null) return;
      drained += octets.length;
    }
  }
}
