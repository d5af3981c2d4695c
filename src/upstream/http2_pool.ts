import type { Deadline } from "../deadlines.ts";
import { SidecarError } from "../errors.ts";
import { ClientBuffers } from "../http2/client_buffers.ts";
import { ClientSession, MAX_STREAMS } from "../http2/client_session.ts";
import type { OctetWriters } from "../http/octet_writers.ts";
import { dial } from "./dial.ts";
import { Http2Transport } from "./http2_transport.ts";
import type { UpstreamPoolOptions } from "./pool.ts";

export interface Http2PoolOptions extends UpstreamPoolOptions {
  readonly writers: OctetWriters;
  /** Milliseconds in which a body must move on towards the application. */
  readonly bodyTimeoutMs: number;
}

/** A request that waits for a place on a connection. */
interface Waiter {
  readonly resolver: PromiseWithResolvers<ClientSession>;
  readonly deadline: Deadline;
}

/**
 * The HTTP/2 connections to the application. Requests go to the first that has
 * room, so that those that are not needed grow idle and are closed. Where none
 * has, one more is made for as many requests as it is likely to take, up to the
 * greatest number; beyond that requests wait, in the order of their coming.
 *
 * It remembers nothing of failures: each request finds out anew.
 */
export class Http2Pool {
  readonly #options: Http2PoolOptions;
  readonly #buffers: ClientBuffers;
  readonly #maxConnections: number;
  /** Those that take requests. */
  readonly #sessions: ClientSession[] = [];
  readonly #waiters = new Set<Waiter>();
  /** All of them, those included that are being made or take no more requests. */
  #connections = 0;
  #opening = 0;
  /** How many requests the connection made last takes at a time. */
  #capacity = MAX_STREAMS;
  #generation = 0;
  #closed = false;

  constructor(options: Http2PoolOptions) {
    this.#options = options;
    this.#buffers = new ClientBuffers(options.writers);
    this.#maxConnections = options.maxConnections ?? 1024;
  }

  /** How many connections there are, those being made included. */
  get size(): number {
    return this.#connections;
  }

  /** How many requests wait for a place. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** A connection with a place reserved on it, where there is one. */
  take(): ClientSession | undefined {
    // Nobody goes before those who wait.
    if (this.#waiters.size > 0) return undefined;
    for (const session of this.#sessions) {
      if (session.room <= 0) continue;
      session.reserve();
      return session;
    }
    return undefined;
  }

  /**
   * A connection with a place reserved on it, as soon as there is one. Rejects
   * with `SidecarError`: `UPSTREAM_CONNECT_FAILED`, `UPSTREAM_TLS_FAILED`, or
   * `UPSTREAM_BUSY` where no place became free in time.
   */
  connect(): Promise<ClientSession> {
    const session = this.take();
    if (session !== undefined) return Promise.resolve(session);
    const { deadlines, waitTimeoutMs = 60_000 } = this.#options;
    const resolver = Promise.withResolvers<ClientSession>();
    const waiter: Waiter = {
      resolver,
      deadline: deadlines.add(() => {
        this.#dismiss(waiter);
        resolver.reject(busy(`${this.#maxConnections} connections are in use`));
      }),
    };
    waiter.deadline.arm(waitTimeoutMs);
    this.#waiters.add(waiter);
    this.#openForWaiters();
    return resolver.promise;
  }

  #dismiss(waiter: Waiter): void {
    this.#waiters.delete(waiter);
    this.#options.deadlines.remove(waiter.deadline);
  }

  /** Makes connections for those who wait, as many as they are likely to need. */
  #openForWaiters(): void {
    while (
      this.#waiters.size > this.#opening * this.#capacity &&
      this.#connections < this.#maxConnections && !this.#closed
    ) {
      this.#opening++;
      this.#connections++;
      this.#open();
    }
  }

  /** Makes a connection, and counts it until it has ended. Never rejects. */
  async #open(): Promise<void> {
    let ended: Promise<void> | undefined;
    try {
      const session = await this.#dial();
      ended = session.run();
      await session.opened;
      this.#opening--;
      this.#admit(session);
    } catch (error) {
      this.#opening--;
      // All of them wait for this one, or for others that would fare the same,
      // unless there are some that will have room again.
      if (this.#sessions.length === 0) this.#refuseWaiters(error);
    }
    await ended;
    this.#connections--;
    this.#openForWaiters();
  }

  async #dial(): Promise<ClientSession> {
    const {
      address,
      deadlines,
      tls,
      connectTimeoutMs = 5_000,
      idleTimeoutMs = 4_000,
      bodyTimeoutMs,
      sockets,
    } = this.#options;
    // Before TLS is asked for: a refresh until then concerns this connection too.
    const generation = this.#generation;
    const transport = await dial(address, {
      timeoutMs: connectTimeoutMs,
      tls: tls?.(),
      sockets,
    });
    return new ClientSession(new Http2Transport(transport), {
      deadlines,
      buffers: this.#buffers,
      openingMs: connectTimeoutMs,
      bodyMs: bodyTimeoutMs,
      idleMs: idleTimeoutMs,
      generation,
      onRoom: this.#onRoom,
      onRetired: this.#onRetired,
    });
  }

  #admit(session: ClientSession): void {
    if (session.retired) return;
    if (session.generation !== this.#generation || this.#closed) {
      return session.retire();
    }
    if (session.capacity === 0) {
      session.retire();
      return this.#refuseWaiters(busy("it takes no requests"));
    }
    this.#capacity = session.capacity;
    this.#sessions.push(session);
    this.#onRoom(session);
    this.#openForWaiters();
  }

  readonly #onRoom = (session: ClientSession): void => {
    if (this.#waiters.size === 0 || session.generation !== this.#generation) {
      return;
    }
    for (const waiter of this.#waiters) {
      if (session.room <= 0) return;
      this.#dismiss(waiter);
      session.reserve();
      waiter.resolver.resolve(session);
    }
  };

  readonly #onRetired = (session: ClientSession): void => {
    const index = this.#sessions.indexOf(session);
    if (index >= 0) this.#sessions.splice(index, 1);
    this.#openForWaiters();
  };

  #refuseWaiters(reason: unknown): void {
    for (const waiter of this.#waiters) {
      this.#dismiss(waiter);
      waiter.resolver.reject(reason);
    }
  }

  /**
   * Sends no more requests by connections that were made before: TLS is not what
   * it was. The requests in hand are finished.
   */
  refresh(): void {
    this.#generation++;
    this.#retireAll();
  }

  /** Takes no more requests, and lets nobody wait. Connections end with the last request on them. */
  close(): void {
    this.#closed = true;
    this.#refuseWaiters(busy("the sidecar shuts down"));
    this.#retireAll();
  }

  #retireAll(): void {
    for (const session of [...this.#sessions]) session.retire();
  }
}

function busy(reason: string): SidecarError {
  return new SidecarError(
    "UPSTREAM_BUSY",
    `Cannot get a connection to the application: ${reason}`,
  );
}
