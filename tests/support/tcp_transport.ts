import type { Transport } from "../../src/http/server_connection.ts";

/** How much is read before somebody asks for it. */
const READ_AHEAD_OCTETS = 64 * 1024;

/** How much is not sent yet when whoever writes should wait. */
const WRITE_HIGH_WATER = 64 * 1024;

/** A TCP connection as what stands behind TLS elsewhere: plain octets, ordered ends. */
export class TcpTransport implements Transport {
  readonly #connection: Deno.TcpConn;
  readonly #arrived: Uint8Array[] = [];
  #arrivedOctets = 0;
  #reader: PromiseWithResolvers<Uint8Array | null> | undefined;
  #room: PromiseWithResolvers<void> | undefined;
  readonly #unsent: Uint8Array[] = [];
  #unsentOctets = 0;
  #sending: Promise<void> | undefined;
  #onDrained: (() => void) | undefined;
  #closed = false;
  gone = false;
  onGone: (() => void) | undefined;

  constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
    connection.setNoDelay(true);
    this.#pump();
  }

  async #pump(): Promise<void> {
    try {
      const buffer = new Uint8Array(64 * 1024);
      for (;;) {
        const count = await this.#connection.read(buffer);
        if (count === null) break;
        this.#arrive(buffer.slice(0, count));
        if (this.#arrivedOctets >= READ_AHEAD_OCTETS) {
          this.#room = Promise.withResolvers();
          await this.#room.promise;
        }
      }
    } catch {
      // As a reset shows where it is looked at: nothing more comes.
    }
    this.gone = true;
    this.interrupt();
    this.onGone?.();
  }

  #arrive(octets: Uint8Array): void {
    if (this.#reader !== undefined) {
      this.#reader.resolve(octets);
      this.#reader = undefined;
      return;
    }
    this.#arrived.push(octets);
    this.#arrivedOctets += octets.length;
  }

  read(): Promise<Uint8Array | null> {
    const octets = this.#arrived.shift();
    if (octets !== undefined) {
      this.#arrivedOctets -= octets.length;
      this.#room?.resolve();
      return Promise.resolve(octets);
    }
    if (this.gone) return Promise.resolve(null);
    this.#reader = Promise.withResolvers();
    return this.#reader.promise;
  }

  interrupt(): void {
    this.#reader?.resolve(null);
    this.#reader = undefined;
  }

  write(octets: Uint8Array): boolean {
    if (this.#closed) return true;
    this.#unsent.push(octets.slice());
    this.#unsentOctets += octets.length;
    this.#sending ??= this.#send();
    return this.#unsentOctets < WRITE_HIGH_WATER;
  }

  async #send(): Promise<void> {
    try {
      for (let octets; (octets = this.#unsent.shift()) !== undefined;) {
        const { length } = octets;
        while (octets.length > 0) {
          octets = octets.subarray(await this.#connection.write(octets));
        }
        this.#unsentOctets -= length;
      }
    } catch {
      this.destroy();
    }
    this.#sending = undefined;
    this.#onDrained?.();
    this.#onDrained = undefined;
  }

  drained(): Promise<void> {
    if (this.#closed || this.#unsentOctets < WRITE_HIGH_WATER) {
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#onDrained = resolve);
  }

  async end(): Promise<void> {
    await this.#sending;
    if (this.#closed) return;
    await this.#connection.closeWrite().catch(() => {});
  }

  destroy(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#unsent.length = 0;
    this.#arrived.length = 0;
    this.#room?.resolve();
    this.#connection.close();
  }
}
