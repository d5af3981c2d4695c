import type { Deadline, Deadlines } from "../deadlines.ts";
import type { Limit } from "../tally.ts";

/**
 * How many sweeps of the deadlines a handshake may take once there is no room for
 * others, four of which are a second; one of which nothing has come yet has two,
 * so that what its client has sent can be read. In sweeps and not in
 * milliseconds: where the processor is what all wait for there are fewer of them,
 * and no handshake is given up because of that, only for its work to be done anew.
 */
const PATIENCE_SWEEPS = { silent: 2, talking: 4 } as const;

/** A TCP connection as the limits see it, from its being accepted to its being closed. */
export interface Occupant {
  /** Whether nothing has come from the client yet. */
  readonly silent: boolean;
  /** Ends its handshake, for another connection to have the room. */
  giveWay(): void;
  /** Closes it. */
  destroy(): void;
}

export interface ConnectionLimitsOptions {
  /** Connections at once, those whose handshake is under way included. */
  readonly maxConnections: number;
  /** Handshakes at once. */
  readonly maxHandshakes: number;
  /** Connections of one address at once; 0 for any number. */
  readonly maxPerAddress: number;
  readonly deadlines: Deadlines;
  /** Called each time that a limit is reached or, of an address, overstepped. */
  readonly onLimit: (limit: Limit) => void;
  /** Called when `hasRoom`, which was false, may be true. */
  readonly onRoom: () => void;
}

/**
 * How many connections there may be. One for which there is no room waits, with
 * all that come after it in the system's queue, and loses nothing but time.
 *
 * Connections that never finish their handshake must not make others wait for
 * long. So where all room is taken they are waited for no longer than
 * `PATIENCE_SWEEPS`, and a newcomer then has the room of the oldest from which
 * nothing has come yet, or else of the oldest of all. What gives way is closed
 * within the same turn of the event loop.
 */
export class ConnectionLimits {
  readonly #options: ConnectionLimitsOptions;
  /** All connections, each with the address that it counts for. */
  readonly #open = new Map<Occupant, string | undefined>();
  /** In the order of their coming, each with the sweeps that it has been waited for. */
  readonly #handshaking = new Map<Occupant, number>();
  readonly #perAddress = new Map<string, number>();
  #patience: Deadline | undefined;

  constructor(options: ConnectionLimitsOptions) {
    this.#options = options;
  }

  /** How many connections are open. */
  get size(): number {
    return this.#open.size;
  }

  /** How many handshakes are under way. */
  get handshaking(): number {
    return this.#handshaking.size;
  }

  /** Whether the connection that was accepted last may enter, others giving way or not. */
  hasRoom(): boolean {
    if (!this.#full || this.#mostDispensable() !== undefined) return true;
    this.#losePatience();
    return false;
  }

  /** Takes in a connection that was accepted, and whose handshake begins. */
  enter(occupant: Occupant): void {
    const { maxConnections, maxHandshakes, onLimit } = this.#options;
    const dispensable = this.#full ? this.#mostDispensable() : undefined;
    this.#open.set(occupant, undefined);
    this.#handshaking.set(occupant, 0);
    if (this.#open.size >= maxConnections) onLimit("connections");
    if (this.#handshaking.size >= maxHandshakes) onLimit("handshakes");
    dispensable?.giveWay();
  }

  /**
   * Lets a connection count for its client's address, once that is known. False
   * where the address has as many as it may: then it is to be closed.
   *
   * Apart from `enter`, since the address need not be that of the TCP connection:
   * a load balancer before the sidecar, whose own address all connections have,
   * may say in a PROXY protocol header, which has to arrive first, who its client
   * is. Until then a connection counts for no address, but for the other limits.
   *
   * Each IPv6 address is one of its own: those of a network may be the pods of a
   * node, who have nothing to do with each other.
   */
  claim(occupant: Occupant, address: string): boolean {
    const { maxPerAddress, onLimit } = this.#options;
    if (maxPerAddress === 0 || !this.#open.has(occupant)) return true;
    const count = this.#perAddress.get(address) ?? 0;
    if (count >= maxPerAddress) {
      onLimit("connections_per_address");
      return false;
    }
    this.#perAddress.set(address, count + 1);
    this.#open.set(occupant, address);
    return true;
  }

  /** Whether the handshake of a connection is under way. */
  isHandshaking(occupant: Occupant): boolean {
    return this.#handshaking.has(occupant);
  }

  /** The handshake is over, however. False where it was before. */
  settle(occupant: Occupant): boolean {
    const settled = this.#handshaking.delete(occupant);
    if (settled) this.#options.onRoom();
    return settled;
  }

  /** The connection is closed. */
  leave(occupant: Occupant): void {
    const address = this.#open.get(occupant);
    if (!this.#open.delete(occupant)) return;
    if (address !== undefined) this.#release(address);
    this.#options.onRoom();
  }

  /** Closes all connections whose handshake is under way. */
  destroyHandshakes(): void {
    for (const occupant of this.#handshaking.keys()) occupant.destroy();
  }

  #release(address: string): void {
    const left = this.#perAddress.get(address)! - 1;
    if (left > 0) this.#perAddress.set(address, left);
    else this.#perAddress.delete(address);
  }

  get #full(): boolean {
    const { maxConnections, maxHandshakes } = this.#options;
    return this.#open.size >= maxConnections ||
      this.#handshaking.size >= maxHandshakes;
  }

  #mostDispensable(): Occupant | undefined {
    let slow: Occupant | undefined;
    for (const [occupant, sweeps] of this.#handshaking) {
      if (sweeps < PATIENCE_SWEEPS.silent) break; // as are all that came later
      if (occupant.silent) return occupant;
      if (sweeps >= PATIENCE_SWEEPS.talking) slow ??= occupant;
    }
    return slow;
  }

  /** Counts the sweeps, for as long as there is no room and a handshake could make some. */
  #losePatience(): void {
    const { deadlines } = this.#options;
    if (this.#handshaking.size === 0) return;
    this.#patience ??= deadlines.add(() => this.#sweep());
    this.#patience.arm(0);
  }

  #sweep(): void {
    for (const [occupant, sweeps] of this.#handshaking) {
      this.#handshaking.set(occupant, sweeps + 1);
    }
    if (this.#full && this.#handshaking.size > 0) this.#patience!.arm(0);
    else {
      this.#options.deadlines.remove(this.#patience!);
      this.#patience = undefined;
    }
    this.#options.onRoom();
  }
}
