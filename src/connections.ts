import type { Deadline, Deadlines } from "./deadlines.ts";

/** What the registry does with a connection. */
export interface LiveConnection {
  /** Lets the request in hand be the last one. Without one, the connection ends now. */
  retire(): void;
  /** As `retire`, but takes no request that has not wholly arrived. */
  revoke(): void;
  /** Cuts the connection. */
  destroy(): void;
}

/** What the trust in a connection rests on, and until when, in milliseconds since the epoch. */
export interface Grounds {
  readonly notAfter: number;
}

interface Entry<T extends Grounds> {
  grounds: T;
  readonly deadline: Deadline;
  revoked: boolean;
}

export interface ConnectionsOptions<T extends Grounds> {
  readonly deadlines: Deadlines;
  /** How long a connection whose trust is gone may finish its request, in milliseconds. */
  readonly drainMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** What a connection rests on now, by what it rested on so far; undefined where nothing is left. */
  rejudge(grounds: T): T | undefined;
  /** Told of a connection that ends because its client's certificate has expired. */
  onExpired(): void;
}

/**
 * All admitted connections, each with what the trust in it rests on. When that
 * is gone the connection is: it finishes the request in hand, within a limit.
 */
export class Connections<T extends Grounds> {
  readonly #options: ConnectionsOptions<T>;
  readonly #entries = new Map<LiveConnection, Entry<T>>();

  constructor(options: ConnectionsOptions<T>) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  /**
   * What the trust in the open connections rests on, each once, without those
   * that are revoked: nobody loses anything more with them.
   */
  get grounds(): ReadonlySet<T> {
    const found = new Set<T>();
    for (const { grounds, revoked } of this.#entries.values()) {
      if (!revoked) found.add(grounds);
    }
    return found;
  }

  /**
   * Whether a connection may take another request now. Asked each time, because
   * the clock that deadlines go by knows nothing of a wall clock put forward.
   */
  trusts(connection: LiveConnection): boolean {
    const entry = this.#entries.get(connection);
    return entry !== undefined && !entry.revoked &&
      this.#options.now() <= entry.grounds.notAfter;
  }

  /** Takes a connection in, until `delete`. It ends when its grounds have expired. */
  add(connection: LiveConnection, grounds: T): void {
    const { deadlines } = this.#options;
    const deadline = deadlines.add(() => this.#expire(connection));
    this.#entries.set(connection, { grounds, deadline, revoked: false });
    this.#watch(deadline, grounds);
  }

  delete(connection: LiveConnection): void {
    const entry = this.#entries.get(connection);
    if (entry === undefined) return;
    this.#options.deadlines.remove(entry.deadline);
    this.#entries.delete(connection);
  }

  /**
   * Asks of all grounds, once each, what is left of them, and revokes the
   * connections for which that is nothing. Returns how many those are.
   */
  reconsider(): number {
    const verdicts = new Map<T, T | undefined>();
    let revoked = 0;
    for (const [connection, entry] of this.#entries) {
      if (entry.revoked) continue;
      if (!verdicts.has(entry.grounds)) {
        verdicts.set(entry.grounds, this.#options.rejudge(entry.grounds));
      }
      if (!this.#rest(connection, entry, verdicts.get(entry.grounds))) {
        revoked++;
      }
    }
    return revoked;
  }

  /** Lets every connection finish its request in hand, and take no other. */
  retireAll(): void {
    for (const connection of this.#entries.keys()) connection.retire();
  }

  destroyAll(): void {
    for (const connection of this.#entries.keys()) connection.destroy();
  }

  #watch(deadline: Deadline, { notAfter }: T): void {
    deadline.arm(Math.max(0, notAfter - this.#options.now()));
  }

  #expire(connection: LiveConnection): void {
    const entry = this.#entries.get(connection);
    if (entry === undefined) return;
    if (entry.revoked) {
      connection.destroy();
    } else if (this.#options.now() <= entry.grounds.notAfter) {
      // The wall clock was set back, or ran slower than the one for deadlines.
      this.#watch(entry.deadline, entry.grounds);
    } else if (
      !this.#rest(connection, entry, this.#options.rejudge(entry.grounds))
    ) this.#options.onExpired();
  }

  /** Lets a connection rest on other grounds, or revokes it where there are none. */
  #rest(
    connection: LiveConnection,
    entry: Entry<T>,
    grounds: T | undefined,
  ): boolean {
    if (grounds === undefined) {
      this.#revoke(connection, entry);
      return false;
    }
    if (grounds !== entry.grounds) {
      entry.grounds = grounds;
      this.#watch(entry.deadline, grounds);
    }
    return true;
  }

  #revoke(connection: LiveConnection, entry: Entry<T>): void {
    entry.revoked = true;
    entry.deadline.arm(this.#options.drainMs);
    connection.revoke();
  }
}
