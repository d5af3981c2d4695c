import { soon } from "./waiting.ts";

/** The head of a TLS record (RFC 8446 §5.1) that says a ClientHello of 256 octets follows. */
const HALF_A_HELLO = Uint8Array.of(22, 3, 1, 1, 0, 1, 0, 0, 252, 3, 3);

/** TCP connections to a port of 127.0.0.1 that never finish their handshake. */
export class PlainClients implements Disposable {
  #connections: readonly Deno.TcpConn[];
  #drip: ReturnType<typeof setInterval> | undefined;

  private constructor(connections: readonly Deno.TcpConn[]) {
    this.#connections = connections;
  }

  /** So many as the system has connected: the server need not have accepted them. */
  static async connect(port: number, count: number): Promise<PlainClients> {
    return new PlainClients(
      await Promise.all(
        Array.from(
          { length: count },
          () => Deno.connect({ hostname: "127.0.0.1", port }),
        ),
      ),
    );
  }

  /** Sends the start of a hello on each, and then an octet more every `everyMs`. */
  drip(everyMs: number): void {
    this.#write(HALF_A_HELLO);
    this.#drip = setInterval(() => this.#write(Uint8Array.of(3)), everyMs);
  }

  #write(octets: Uint8Array<ArrayBuffer>): void {
    // The server may have closed it: that is what the tests are about.
    for (const connection of this.#connections) {
      connection.write(octets).catch(() => {});
    }
  }

  /** Resolves when the server has closed all of them. */
  async closed(): Promise<void> {
    await soon(
      Promise.all(this.#connections.map(ended)),
      "the server to close what says nothing",
    );
  }

  [Symbol.dispose](): void {
    clearInterval(this.#drip);
    for (const connection of this.#connections) connection.close();
    this.#connections = [];
  }
}

/** A reset is an end, too. */
async function ended(connection: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(1024);
  try {
    while (await connection.read(buffer) !== null);
  } catch (error) {
    if (error instanceof Deno.errors.BadResource) throw error;
  }
}
