import type { Deadlines } from "../deadlines.ts";
import { UpstreamConnection } from "./connection.ts";
import { type Connect, dial, type UpstreamAddress } from "./dial.ts";

/** More idle connections than this are not kept. */
const MAX_IDLE = 256;

/** Shorter than the keep-alive of the servers that are common (Node.js: 5 s), in milliseconds. */
const IDLE_MS = 4_000;

export interface UpstreamPoolOptions {
  readonly address: UpstreamAddress;
  readonly deadlines: Deadlines;
  /** `Deno.connect` unless a test puts another in its place. */
  readonly connect?: Connect;
}

/**
 * The connections to the application. The one used last is used next, so that
 * those that are not needed grow old and are closed.
 */
export class UpstreamPool {
  readonly #options: UpstreamPoolOptions;
  readonly #idle: UpstreamConnection[] = [];
  #closed = false;

  constructor(options: UpstreamPoolOptions) {
    this.#options = options;
  }

  /** How many connections are idle. */
  get idle(): number {
    return this.#idle.length;
  }

  /** An idle connection, ready for a request, where there is one. */
  take(): UpstreamConnection | undefined {
    const connection = this.#idle.pop();
    connection?.begin();
    return connection;
  }

  /** A new connection, ready for a request. Throws `SidecarError`, `UPSTREAM_CONNECT_FAILED`. */
  async connect(): Promise<UpstreamConnection> {
    const { address, deadlines, connect } = this.#options;
    const connection = new UpstreamConnection(await dial(address, connect), {
      deadlines,
      onDestroyed: this.#forget,
    });
    connection.begin();
    return connection;
  }

  readonly #forget = (connection: UpstreamConnection): void => {
    const index = this.#idle.lastIndexOf(connection);
    if (index >= 0) this.#idle.splice(index, 1);
  };

  /** Takes a connection back after its request, and keeps it where that is safe. */
  give(connection: UpstreamConnection): void {
    if (
      this.#closed || this.#idle.length >= MAX_IDLE || !connection.reusable
    ) {
      connection.destroy();
      return;
    }
    this.#idle.push(connection);
    connection.rest(IDLE_MS);
  }

  /** Closes what is idle, and keeps nothing any more. */
  close(): void {
    this.#closed = true;
    for (const connection of [...this.#idle]) connection.destroy();
  }
}
