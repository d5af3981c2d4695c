/**
 * Stands between clients and a port of 127.0.0.1. What a client sends once the
 * server has answered is held until `release` is called: so a handshake stays
 * half done for as long as a test likes. `alter` may change what was held.
 */
export class Relay implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #target: number;
  readonly #alter: (octets: Uint8Array<ArrayBuffer>) => void;
  readonly #open = new Set<Deno.TcpConn>();
  readonly #servers: Deno.TcpConn[] = [];
  readonly #tasks = new Set<Promise<void>>();
  readonly #holding = Promise.withResolvers<void>();
  readonly #released = Promise.withResolvers<void>();

  constructor(
    target: number,
    alter: (octets: Uint8Array<ArrayBuffer>) => void = () => {},
  ) {
    this.#target = target;
    this.#alter = alter;
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

  /** Sends octets on the first connection that its client did not write. */
  async inject(octets: Uint8Array<ArrayBuffer>): Promise<void> {
    const [server] = this.#servers;
    await server?.write(octets);
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
      this.#servers.push(server);
      let answered = false;
      this.#run(this.#copy(server, client, () => {
        answered = true;
      }));
      this.#run(this.#copy(client, server, async (octets) => {
        if (!answered) return;
        this.#holding.resolve();
        await this.#released.promise;
        this.#alter(octets);
      }));
    }
  }

  /** Copies until `from` ends or either breaks, then closes both. */
  async #copy(
    from: Deno.TcpConn,
    to: Deno.TcpConn,
    before: (octets: Uint8Array<ArrayBuffer>) => void | Promise<void>,
  ): Promise<void> {
    const writer = to.writable.getWriter();
    try {
      for await (const octets of from.readable) {
        await before(octets);
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
