import type { Deadline, Deadlines } from "../deadlines.ts";
import { SidecarError } from "../errors.ts";
import { UpstreamConnection } from "./connection.ts";
import {
  dial,
  type Sockets,
  type UpstreamAddress,
  type UpstreamTls,
} from "./dial.ts";
import { LargeBuffers } from "./large_buffers.ts";

/** More idle connections than this are not kept. */
const MAX_IDLE = 256;

export interface UpstreamPoolOptions {
  readonly address: UpstreamAddress;
  readonly deadlines: Deadlines;
  /** TLS for `https`, asked for with every connection that is made. */
  readonly tls?: () => UpstreamTls;
  /** Milliseconds in which a connection is made; 5 s if left out. */
  readonly connectTimeoutMs?: number;
  /** Connections at once, those being made included; 1024 if left out. */
  readonly maxConnections?: number;
  /** Milliseconds that a request waits for one of them at most; 60 s if left out. */
  readonly waitTimeoutMs?: number;
  /**
   * Milliseconds after which an idle connection is closed; 4 s if left out, which
   * is shorter than the keep-alive of the servers that are common (Node.js: 5 s).
   */
  readonly idleTimeoutMs?: number;
  /** For tests. */
  readonly sockets?: Sockets;
}

/** A request that waits for a connection. */
interface Waiter {
  readonly resolver: PromiseWithResolvers<UpstreamConnection>;
  readonly deadline: Deadline;
}

/**
 * The connections to the application. The one used last is used next, so that
 * those that are not needed grow old and are closed. Beyond the greatest number
 * requests wait, in the order of their coming, for one to become free.
 *
 * It remembers nothing of failures: each request finds out anew.
 */
export class UpstreamPool {
  readonly #options: UpstreamPoolOptions;
  readonly #maxConnections: number;
  readonly #idle: UpstreamConnection[] = [];
  readonly #largeBuffers = new LargeBuffers();
  /** In the order of their coming. While there are any, nothing is idle. */
  readonly #waiters = new Set<Waiter>();
  #connections = 0;
  #generation = 0;
  #closed = false;

  constructor(options: UpstreamPoolOptions) {
    this.#options = options;
    this.#maxConnections = options.maxConnections ?? 1024;
  }

  /** How many connections there are, those being made included. */
  get size(): number {
    return this.#connections;
  }

  /** How many connections are idle. */
  get idle(): number {
    return this.#idle.length;
  }

  /** How many requests wait for a connection. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** An idle connection, ready for a request, where there is one. */
  take(): UpstreamConnection | undefined {
    const connection = this.#idle.pop();
    connection?.begin();
    return connection;
  }

  /**
   * A connection, ready for a request: a new one, or where there are too many the
   * next that becomes free. Rejects with `SidecarError`: `UPSTREAM_CONNECT_FAILED`,
   * `UPSTREAM_TLS_FAILED`, or `UPSTREAM_BUSY` where none became free in time.
   */
  connect(): Promise<UpstreamConnection> {
    return this.#connections < this.#maxConnections
      ? this.#open()
      : this.#wait();
  }

  async #open(): Promise<UpstreamConnection> {
    const { address, deadlines, tls, connectTimeoutMs = 5_000, sockets } =
      this.#options;
    this.#connections++;
    // Before TLS is asked for: a refresh until then concerns this connection too.
    const generation = this.#generation;
    try {
      const transport = await dial(address, {
        timeoutMs: connectTimeoutMs,
        tls: tls?.(),
        sockets,
      });
      const connection = new UpstreamConnection(transport, {
        largeBuffers: this.#largeBuffers,
        deadlines,
        generation,
        onDestroyed: this.#forget,
      });
      connection.begin();
      return connection;
    } catch (error) {
      this.#release();
      throw error;
    }
  }

  #wait(): Promise<UpstreamConnection> {
    const { deadlines, waitTimeoutMs = 60_000 } = this.#options;
    const resolver = Promise.withResolvers<UpstreamConnection>();
    const waiter: Waiter = {
      resolver,
      deadline: deadlines.add(() => {
        this.#dismiss(waiter);
        resolver.reject(busy(`${this.#maxConnections} connections are in use`));
      }),
    };
    waiter.deadline.arm(waitTimeoutMs);
    this.#waiters.add(waiter);
    return resolver.promise;
  }

  #dismiss(waiter: Waiter): void {
    this.#waiters.delete(waiter);
    this.#options.deadlines.remove(waiter.deadline);
  }

  /** The waiter that came first, which waits no more. */
  #nextWaiter(): Waiter | undefined {
    if (this.#waiters.size === 0) return undefined;
    const [waiter] = this.#waiters;
    this.#dismiss(waiter!);
    return waiter;
  }

  /** Counts a connection less, and makes one for whoever waits. */
  #release(): void {
    this.#connections--;
    const waiter = this.#nextWaiter();
    if (waiter === undefined) return;
    this.#open().then(waiter.resolver.resolve, waiter.resolver.reject);
  }

  readonly #forget = (connection: UpstreamConnection): void => {
    const index = this.#idle.lastIndexOf(connection);
    if (index >= 0) this.#idle.splice(index, 1);
    this.#release();
  };

  /** Takes a connection back after its request, and keeps it where that is safe. */
  give(connection: UpstreamConnection): void {
    if (
      this.#closed || connection.generation !== this.#generation ||
      !connection.reusable
    ) {
      connection.destroy();
      return;
    }
    const waiter = this.#nextWaiter();
    if (waiter !== undefined) {
      connection.begin();
      waiter.resolver.resolve(connection);
    } else if (this.#idle.length < MAX_IDLE) {
      this.#idle.push(connection);
      connection.rest(this.#options.idleTimeoutMs ?? 4_000);
    } else connection.destroy();
  }

  /**
   * Uses no connection again that was made before: TLS is not what it was. The
   * requests in hand are finished.
   */
  refresh(): void {
    this.#generation++;
    this.#closeIdle();
  }

  /** Closes what is idle, keeps nothing any more, and lets nobody wait. */
  close(): void {
    this.#closed = true;
    for (const waiter of [...this.#waiters]) {
      this.#dismiss(waiter);
      waiter.resolver.reject(busy("the sidecar shuts down"));
    }
    this.#closeIdle();
  }

  #closeIdle(): void {
    for (const connection of [...this.#idle]) connection.destroy();
  }
}

function busy(reason: string): SidecarError {
  return new SidecarError(
    "UPSTREAM_BUSY",
    `Cannot get a connection to the application: ${reason}`,
  );
}
