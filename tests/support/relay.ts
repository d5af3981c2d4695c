/**
 * Stands between clients and a port of 127.0.0.1. What a client sends once the
 * server has answered is held until `release` is called: so a handshake stays
 * half done for as long as a test likes.
 */
export class Relay implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #target: number;
  readonly #open = new Set<Deno.TcpConn>();
  readonly #tasks = new Set<Promise<void>>();
  readonly #holding = Promise.withResolvers<void>();
  readonly #released = Promise.withResolvers<void>();

  constructor(target: number) {
    this.#target = target;
    this.#run(this.#accept());
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** Resolves when octets of a client are being held. */
  get holding(): Promise<void> {
    return this.#holding.promise;
  }

  /** Sends on what is held, and all that follows. */
  release(): void {
    this.#released.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.release();
    for (const connection of this.#open) close(connection);
    await Promise.all(this.#tasks);
  }

  #run(task: Promise<void>): void {
    // Connections break here as they break elsewhere; the test looks at its ends.
    const settled = task.catch(() => {}).finally(() =>
      this.#tasks.delete(settled)
    );
    this.#tasks.add(settled);
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) {
      this.#open.add(client);
      const server = await Deno.connect({
        hostname: "127.0.0.1",
        port: this.#target,
      });
      this.#open.add(server);
      let answered = false;
      this.#run(this.#copy(server, client, () => {
        answered = true;
      }));
      this.#run(this.#copy(client, server, async () => {
        if (!answered) return;
        this.#holding.resolve();
        await this.#released.promise;
      }));
    }
  }

  /** Copies until `from` ends or either breaks, then closes both. */
  async #copy(
    from: Deno.TcpConn,
    to: Deno.TcpConn,
    before: () => void | Promise<void>,
  ): Promise<void> {
    const writer = to.writable.getWriter();
    try {
      for await (const octets of from.readable) {
        await before();
        await writer.write(octets);
      }
    } finally {
      close(from);
      close(to);
    }
  }
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // The other direction has closed it.
  }
}
