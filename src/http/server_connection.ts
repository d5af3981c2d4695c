import type { Deadline, Deadlines } from "../deadlines.ts";
import { type ErrorCode, SidecarError } from "../errors.ts";
import type { Limit } from "../tally.ts";
import { BodyReader, REQUEST_BODY_FAULTS } from "./body_reader.ts";
import { Input, type OctetSource } from "./input.ts";
import { RequestHead } from "./request_head.ts";

/** How long, and for how much, input is drained after our side was ended. */
const LINGER = { ms: 5_000, octets: 8 * 1024 * 1024 } as const;

/** How long a connection that never asked for anything is kept while shutting down, in milliseconds. */
const LAST_CHANCE_MS = 1_000;

/** The decrypted side of a connection. */
export interface Transport extends OctetSource {
  /** As of any source; what it gives is the reader's to keep. */
  read(): Promise<Uint8Array | null>;
  /** Makes a read that is under way answer null, once. */
  interrupt(): void;
  /** Sends octets, which may be used again at once. False when `drained` should be waited for. */
  write(octets: Uint8Array): boolean;
  drained(): Promise<void>;
  /** Ends our side in order. Resolves when all that was written has left. */
  end(): Promise<void>;
  /** Cuts the connection: what was under way is visibly not whole. */
  destroy(): void;
  /** Whether the client has ended its side, or the connection is gone. */
  readonly gone: boolean;
  onGone: (() => void) | undefined;
  /** Called once, when nothing of the connection is left; not by a mere end of the client's side. */
  onClosed?: (() => void) | undefined;
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
  /** Told of what should never happen. The connection is then cut. */
  onUnexpected(error: unknown): void;
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
  readonly #mayServe: () => boolean;
  readonly #onLimit: (limit: Limit) => void;
  readonly #deadlines: Deadlines;
  /** For what the client is to send. */
  readonly #deadline: Deadline;
  /** For what the client is to take; both ways can be waited for at a time. */
  readonly #sendDeadline: Deadline;
  /** Why a read was interrupted, where it was for want of time. */
  #overdue: ErrorCode | undefined;
  /** How long the body may still be waited for until some content comes, in milliseconds. */
  #bodyPatienceMs = 0;
  /** How much content had come when that was set. */
  #bodyTaken = -1;
  #state: "waiting" | "head" | "request" | "lingering" | "closed" = "waiting";
  #served = 0;
  #retiring = false;
  #revoked = false;
  #tunnelling = false;

  constructor(
    transport: Transport,
    { timeouts, deadlines, mayServe, onLimit }: {
      timeouts: ConnectionTimeouts;
      deadlines: Deadlines;
      /** Asked before each request is handled; where not, the connection is cut. */
      mayServe: () => boolean;
      /** Told of each time limit that the client meets. */
      onLimit: (limit: Limit) => void;
    },
  ) {
    this.#mayServe = mayServe;
    this.#onLimit = onLimit;
    this.#transport = transport;
    this.#timeouts = timeouts;
    this.#deadlines = deadlines;
    this.#deadline = deadlines.add(() => this.#expire());
    this.#sendDeadline = deadlines.add(() => {
      onLimit("send_time");
      transport.destroy();
    });
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

  /** Whether the client may be served now: trust can be withdrawn within a request. */
  get trusted(): boolean {
    return !this.#revoked && this.#mayServe();
  }

  /** Called once when the client goes away while its request is being handled. */
  set onClientGone(listener: (() => void) | undefined) {
    if (this.#tunnelling) this.#transport.onClosed = listener;
    else this.#transport.onGone = listener;
  }

  /**
   * Makes the request in hand the last one, and `body` all that the client sends
   * after its head, until it ends its side. That it does is no more a client gone.
   */
  beginTunnel(): void {
    this.#tunnelling = true;
    this.#transport.onClosed = this.#transport.onGone;
    this.#transport.onGone = undefined;
    this.body.begin({ kind: "until-close" });
    // A tunnel can be idle for long, and then holds no octets.
    this.head.reset();
  }

  /** Ends our side of a tunnel. Resolves when both sides have ended, and all has left. */
  endSending(): Promise<void> {
    return this.#transport.end();
  }

  /** Serves requests until the connection ends. Never rejects. */
  async run(handler: RequestHandler): Promise<void> {
    try {
      if (await this.#serve(handler) !== "cut") await this.#linger();
    } catch (error) {
      handler.onUnexpected(error);
    } finally {
      this.#state = "closed";
      this.#deadlines.remove(this.#deadline);
      this.#deadlines.remove(this.#sendDeadline);
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

  /**
   * As `retire`, for a client that may not come in any more: a request whose
   * head has not wholly arrived is not taken, and the connection cut instead.
   */
  revoke(): void {
    this.#retiring = this.#revoked = true;
    if (this.#state === "waiting" || this.#state === "head") {
      this.#transport.destroy();
    }
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
    this.#sendDeadline.arm(this.#timeouts.bodyMs);
    await this.#transport.drained();
    this.#sendDeadline.disarm();
  }

  /**
   * Waits for more of the request's body, for `limitMs` where that is not what the
   * connection allows. Throws `SidecarError`. Only content is worth waiting for
   * anew: chunk extensions and trailers are not.
   */
  async moreBody(limitMs = this.#timeouts.bodyMs): Promise<void> {
    this.#overdue = undefined;
    if (this.body.taken !== this.#bodyTaken) {
      this.#bodyTaken = this.body.taken;
      this.#bodyPatienceMs = limitMs;
    }
    const since = this.#deadlines.now;
    this.#deadline.arm(this.#bodyPatienceMs);
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
      this.#bodyPatienceMs -= this.#deadlines.now - since;
    }
  }

  /** Makes a `moreBody` that is under way fail: nobody needs the rest. */
  abandonBody(): void {
    this.#transport.interrupt();
  }

  /** One request after the other. Returns how the connection is to end. */
  async #serve(handler: RequestHandler): Promise<Ending> {
    const input = this.#input;
    for (;;) {
      try {
        this.#beginHead();
        while (!this.#takeHead()) {
          if (await input.more()) continue;
          if (this.#overdue === undefined) return "close";
          throw new SidecarError(
            this.#overdue,
            "Cannot wait any longer for the request's head",
          );
        }
      } catch (error) {
        if (!(error instanceof SidecarError)) throw error;
        this.#deadline.disarm();
        handler.refuse(this, error);
        return "close";
      }
      // What was being read when trust was withdrawn may have come all the same.
      if (!this.trusted) return "cut";
      this.#served++;
      this.body.begin(this.head.framing);
      this.#bodyTaken = -1;
      const ending = await handler.handle(this);
      if (ending !== "keep") return ending;
      if (this.#retiring) return "close";
    }
  }

  #beginHead(): void {
    this.head.reset();
    this.#overdue = undefined;
    this.#state = "waiting";
    if (this.#input.available > 0) return;
    const { headerMs, keepAliveMs } = this.#timeouts;
    const patienceMs = this.#served === 0 ? headerMs : keepAliveMs;
    this.#deadline.arm(
      this.#retiring ? Math.min(LAST_CHANCE_MS, patienceMs) : patienceMs,
    );
  }

  /** Whether the head is whole. Throws `SidecarError` for what is no request. */
  #takeHead(): boolean {
    if (this.#input.available === 0) return false;
    if (this.head.parse(this.#input)) {
      this.#deadline.disarm();
      this.#state = "request";
      return true;
    }
    if (this.#state === "waiting") {
      this.#state = "head";
      this.#deadline.arm(this.#timeouts.headerMs);
    }
    return false;
  }

  #expire(): void {
    switch (this.#state) {
      case "waiting":
        // While shutting down it is not the client that ends the connection.
        if (!this.#retiring) {
          this.#onLimit(this.#served === 0 ? "header_time" : "idle");
        }
        this.#transport.interrupt();
        break;
      case "head":
        this.#onLimit("header_time");
        this.#overdue = "HEADER_TIMEOUT";
        this.#transport.interrupt();
        break;
      case "request":
        this.#onLimit("body_time");
        this.#overdue = "BODY_TIMEOUT";
        this.#transport.interrupt();
        break;
      default:
        this.#transport.destroy();
    }
  }

  /**
   * Ends our side, and drains input until the client has had time to read the
   * answer: closed with input unread, the connection would be reset, and the
   * answer lost with it.
   */
  async #linger(): Promise<void> {
    this.#state = "lingering";
    this.#sendDeadline.arm(this.#timeouts.bodyMs);
    const sent = this.#transport.end().then(() => {
      this.#sendDeadline.disarm();
      this.#deadline.arm(LINGER.ms);
    });
    for (let drained = 0; drained <= LINGER.octets;) {
      const octets = await this.#transport.read();
      if (octets === null) break;
      drained += octets.length;
    }
    await sent;
  }
}
