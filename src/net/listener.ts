import { SidecarError } from "../errors.ts";

/** After these an accept is worth trying again: descriptors get free, the next peer is there. */
const BACKOFF_MS = { first: 5, most: 1000 } as const;

export interface ListenOptions {
  hostname: string;
  /** 0 lets the system choose. */
  port: number;
  onConnection(connection: Deno.TcpConn): void;
  /** Called when accepting fails; it is tried again after `retryMs`. */
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
  /** Accepts nothing more. Resolves when the accept loop has ended. */
  stop(): Promise<void>;
}

/**
 * Listens on TCP, and calls `onConnection` for each connection. A failing
 * accept, as with no file descriptor left, is tried again for as long as it
 * takes: iterating over a `Deno.Listener` would end for ever.
 *
 * Throws `SidecarError` with `LISTEN_FAILED` where the port cannot be had.
 */
export function listen(options: ListenOptions): Listener {
  const { hostname, port, onConnection, onAcceptError } = options;
  const wait = options.wait ?? sleep;
  const listener = open(options);
  let stopped = false;

  async function acceptAll(): Promise<void> {
    let retryMs: number = BACKOFF_MS.first;
    while (!stopped) {
      try {
        const connection = await listener.accept();
        retryMs = BACKOFF_MS.first;
        onConnection(connection);
      } catch (error) {
        if (stopped) return;
        onAcceptError(asError(error), retryMs);
        await wait(retryMs);
        retryMs = Math.min(2 * retryMs, BACKOFF_MS.most);
      }
    }
  }

  const ended = acceptAll();
  return {
    address: listener.addr as Deno.NetAddr,
    stop() {
      if (!stopped) {
        stopped = true;
        listener.close();
      }
      return ended;
    },
  };

  function open(
    { open = (where) => Deno.listen(where) }: ListenOptions,
  ): Pick<Deno.TcpListener, "accept" | "addr" | "close"> {
    try {
      return open({ hostname, port });
    } catch (error) {
      throw new SidecarError(
        "LISTEN_FAILED",
        `Cannot listen on ${hostname} port ${port}: ${asError(error).message}`,
        { cause: error },
      );
    }
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
