import { SidecarError } from "../errors.ts";

/**
 * Want of these is worth waiting for. Any other failure concerns one connection
 * alone, like one that was reset before it was accepted (`ENOTCONN`): waiting
 * after it would let anyone who resets connections keep all others out.
 */
const EXHAUSTED = new Set(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"]);

/** Milliseconds to wait for resources. */
const BACKOFF_MS = { first: 5, most: 1000 } as const;

/** So many failures in a row are more than bad luck: the loop must not spin. */
const MANY_FAILURES = 1000;

export interface ListenOptions {
  hostname: string;
  /** 0 lets the system choose. */
  port: number;
  /** Whether others may listen there too: the system shares the connections out. */
  shared?: boolean;
  onConnection(connection: Deno.TcpConn): void;
  /**
   * Asked for each connection. Where there is no room it waits, and nothing more
   * is accepted, until `resume`. Always, if left out.
   */
  hasRoom?(): boolean;
  /** Called when accepting fails for want of resources; it is tried again after `retryMs`. */
  onAcceptError(error: Error, retryMs: number): void;
  /** Waits, for tests to have a clock of their own. */
  wait?(ms: number): Promise<void>;
  /** Opens the port, for tests to have accepts fail. */
  open?(
    options: Deno.ListenOptions,
  ): Pick<Deno.TcpListener, "accept" | "addr" | "close">;
}

export interface Listener {
  readonly address: Deno.NetAddr;
  /** Asks `hasRoom` again, where it said no. */
  resume(): void;
  /** Accepts nothing more. Resolves when the accept loop has ended. */
  stop(): Promise<void>;
}

/** The part of `Deno.TcpListener` that is used. */
export type TcpListener = Pick<Deno.TcpListener, "accept" | "addr" | "close">;

/**
 * Listens on TCP, and calls `onConnection`, which must not throw, for each
 * connection. A failing accept is tried again for as long as it takes: iterating
 * over a `Deno.Listener` would end for ever.
 *
 * Throws `SidecarError` with `LISTEN_FAILED` where the port cannot be had.
 */
export function listen(options: ListenOptions): Listener {
  const { onConnection, onAcceptError, wait = sleep } = options;
  const listener = bind(options);
  let stopped = false;
  let resume = () => {};

  async function acceptAll(): Promise<void> {
    let retryMs: number = BACKOFF_MS.first;
    let failures = 0;
    while (!stopped) {
      let connection: Deno.TcpConn;
      try {
        connection = await listener.accept();
      } catch (error) {
        if (stopped) return;
        if (!isExhaustion(error) && ++failures % MANY_FAILURES !== 0) continue;
        onAcceptError(asError(error), retryMs);
        await wait(retryMs);
        retryMs = Math.min(2 * retryMs, BACKOFF_MS.most);
        continue;
      }
      retryMs = BACKOFF_MS.first;
      failures = 0;
      while (!stopped && options.hasRoom?.() === false) {
        await new Promise<void>((resolve) => resume = resolve);
      }
      // As those that wait in the system's queue: they are not kept either.
      if (stopped) connection.close();
      else onConnection(connection);
    }
  }

  const ended = acceptAll();
  return {
    address: listener.addr as Deno.NetAddr,
    resume: () => resume(),
    stop() {
      if (!stopped) {
        stopped = true;
        listener.close();
        resume();
      }
      return ended;
    },
  };
}

function bind(
  { hostname, port, shared = false, open = (where) => Deno.listen(where) }:
    ListenOptions,
): TcpListener {
  try {
    return open({ hostname, port, ...(shared && { reusePort: true }) });
  } catch (error) {
    throw new SidecarError(
      "LISTEN_FAILED",
      `Cannot listen on ${hostname} port ${port}: ${asError(error).message}`,
      { cause: error },
    );
  }
}

function isExhaustion(error: unknown): boolean {
  return error instanceof Error && "code" in error &&
    typeof error.code === "string" && EXHAUSTED.has(error.code);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
