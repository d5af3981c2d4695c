import type { Deadline, Deadlines } from "../deadlines.ts";
import { SidecarError } from "../errors.ts";
import type { MessageBody } from "../http/body_reader.ts";

/** One end of a tunnel: the client's, or the application's. */
export interface TunnelEnd {
  /** What it sends, until it ends its side. */
  readonly body: MessageBody;
  /**
   * Sends it octets, which must stay as they are until the promise resolves;
   * undefined when more may follow at once.
   */
  send(octets: Uint8Array): Promise<void> | undefined;
  /** Ends our side of it in order, after what was sent. */
  endSending(): Promise<void> | undefined;
  /** Cuts it; what is under way on it ends. */
  destroy(): void;
}

export interface TunnelOptions {
  readonly client: TunnelEnd;
  readonly upstream: TunnelEnd;
  readonly deadlines: Deadlines;
  /** How long nothing may move in either direction, in milliseconds; Infinity for no limit. */
  readonly idleMs: number;
  /** The same once one side has ended: the other may never learn of it. */
  readonly halfClosedMs: number;
}

/**
 * Octets both ways between a client and the application, as they come. A side is
 * not read while the other one does not take what it has sent, so what is held is
 * one read each way. It ends in order when both sides have; what breaks on one
 * side is cut on the other.
 *
 * What the octets mean is not looked at: so no close frame of WebSocket is sent
 * where a tunnel is cut, which might land in the midst of another frame.
 */
export class Tunnel {
  readonly #options: TunnelOptions;
  readonly #deadline: Deadline;
  #patienceMs: number;
  /** How many sides have said all. */
  #ended = 0;
  /** Why it was cut. Of what fails after that, it is the cause. */
  #fault: unknown;

  constructor(options: TunnelOptions) {
    this.#options = options;
    this.#patienceMs = options.idleMs;
    this.#deadline = options.deadlines.add(() => this.#expire());
  }

  /** Runs until both sides have ended. Throws `SidecarError` where it was cut instead. */
  async run(): Promise<void> {
    const { client, upstream, deadlines } = this.#options;
    this.#moved();
    await Promise.all([
      this.#relay(client, upstream),
      this.#relay(upstream, client),
    ]);
    deadlines.remove(this.#deadline);
    if (this.#fault !== undefined) throw this.#fault;
  }

  /** One direction. Never rejects. */
  async #relay(from: TunnelEnd, to: TunnelEnd): Promise<void> {
    try {
      const { body } = from;
      for (;;) {
        const piece = body.take();
        if (piece === null) break;
        if (piece === undefined) {
          await body.more();
          continue;
        }
        const sending = to.send(piece);
        if (sending !== undefined) await sending;
        this.#moved();
      }
      this.#ended++;
      this.#patienceMs = Math.min(
        this.#patienceMs,
        this.#options.halfClosedMs,
      );
      this.#moved();
      await to.endSending();
    } catch (error) {
      this.cut(error);
    }
  }

  #moved(): void {
    this.#deadline.arm(this.#patienceMs);
  }

  #expire(): void {
    this.cut(
      new SidecarError(
        "TUNNEL_IDLE",
        "Cannot keep the tunnel any longer: nothing moved in it",
      ),
    );
  }

  /** Cuts both ends, for the first reason that there is; none is needed where both have ended. */
  cut(fault: unknown): void {
    if (this.#ended < 2) this.#fault ??= fault;
    this.#options.client.destroy();
    this.#options.upstream.destroy();
  }
}
