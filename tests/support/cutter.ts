import { once } from "node:events";
import net from "node:net";

/** When a connection is cut, and how. */
export interface Cut {
  /** After so many octets, both directions taken together. */
  readonly after: number;
  /** By a reset; otherwise by FIN, as of a process that ended. */
  readonly reset: boolean;
}

/**
 * Stands between clients and a port of 127.0.0.1, and cuts their connections
 * where `cuts` say, one after the other.
 */
export class Cutter implements AsyncDisposable {
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  readonly #cuts: Iterator<Cut>;

  private constructor(target: number, cuts: Iterable<Cut>) {
    this.#cuts = cuts[Symbol.iterator]();
    this.#server = net.createServer((client) => {
      const { value, done } = this.#cuts.next();
      const server = net.connect(target, "127.0.0.1");
      this.#join(client, server, done ? { after: 0, reset: false } : value);
    });
  }

  static async start(
    target: number,
    cuts: Iterable<Cut>,
  ): Promise<Cutter> {
    const cutter = new Cutter(target, cuts);
    cutter.#server.listen(0, "127.0.0.1");
    await once(cutter.#server, "listening");
    return cutter;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") {
      throw new Error("the cutter does not listen");
    }
    return address.port;
  }

  #join(
    client: net.Socket,
    server: net.Socket,
    { after, reset }: Cut,
  ): void {
    let left = after;
    const cut = () => {
      client.destroy();
      if (reset) server.resetAndDestroy();
      else server.destroy();
    };
    for (const [from, to] of [[client, server], [server, client]] as const) {
      this.#sockets.add(from);
      from.on("data", (octets: Uint8Array) => {
        const passed = octets.subarray(0, left);
        left -= passed.length;
        // A write of nothing may never be told done.
        if (passed.length > 0 && !to.destroyed) to.write(passed);
        if (left === 0) cut();
      });
      from.on("error", () => {});
      from.on("close", () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
    if (after === 0) server.on("connect", cut);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
