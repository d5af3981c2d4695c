import { once } from "node:events";
import net from "node:net";

/**
 * A network between one client after another and a port of 127.0.0.1, which a
 * test can have fail as networks do.
 */
export class Wire implements AsyncDisposable {
  readonly #server: net.Server;
  readonly #ends = new Set<net.Socket>();
  #severed = false;

  private constructor(target: number) {
    this.#server = net.createServer({ allowHalfOpen: true }, (client) => {
      const server = net.connect({
        port: target,
        host: "127.0.0.1",
        allowHalfOpen: true,
      });
      this.#join(client, server);
      this.#join(server, client);
    });
  }

  static async to(target: number): Promise<Wire> {
    const wire = new Wire(target);
    wire.#server.listen(0, "127.0.0.1");
    await once(wire.#server, "listening");
    return wire;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") {
      throw new Error("the wire does not listen");
    }
    return address.port;
  }

  #join(from: net.Socket, to: net.Socket): void {
    this.#ends.add(from);
    from.pipe(to);
    from.on("error", () => {});
    from.on("close", () => {
      this.#ends.delete(from);
      if (!this.#severed) to.destroy();
    });
  }

  /** Carries nothing more either way, and tells nobody: as of a host that lost its power. */
  sever(): void {
    this.#severed = true;
    for (const end of this.#ends) end.unpipe().pause();
  }

  /** Breaks all connections that there are by resets. */
  reset(): void {
    for (const end of this.#ends) end.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const end of this.#ends) end.destroy();
    await closed;
  }
}
