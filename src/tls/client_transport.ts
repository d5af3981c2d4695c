import { Buffer } from "node:buffer";
import type { TLSSocket } from "node:tls";
import { SidecarError } from "../errors.ts";
import type { TcpStream } from "../net/tcp_stream.ts";

/** How much is read ahead of the reader. */
const READ_AHEAD_OCTETS = 16 * 1024;

interface Reader {
  readonly buffer: Uint8Array;
  readonly resolver: PromiseWithResolvers<number | null>;
}

/**
 * The decrypted octets of a connection that we have made as a TLS client, read
 * and written as those of a `Deno.Conn` are: by one reader and one writer at a
 * time. Like there, a read that is under way fails when it is closed.
 */
export class ClientTransport {
  readonly #socket: TLSSocket;
  readonly #stream: TcpStream;
  readonly #arrived: Uint8Array[] = [];
  #arrivedOctets = 0;
  #reader: Reader | undefined;
  #failWrite: ((fault: Error) => void) | undefined;
  /** Whether the peer has said that it sends no more (RFC 8446 §6.1). */
  #ended = false;
  #fault: Error | undefined;
  #closed = false;

  constructor(socket: TLSSocket, stream: TcpStream) {
    this.#socket = socket;
    this.#stream = stream;
    socket.on("data", (octets: Buffer) => this.#arrive(octets));
    socket.on("end", () => this.#end());
    // Without a listener an error would end the process.
    socket.on("error", (error) => this.#break(tlsFault(error)));
    stream.on("error", (error) => this.#break(error));
    // The TLS socket ends here too, but after us: what it has not ended before
    // was cut short, and may be by someone who has no part in the session.
    stream.on("end", () => {
      if (!this.#ended) this.#break(new Error("closed without close_notify"));
    });
    stream.on("close", () => this.#break(new Error("closed")));
  }

  /** Puts octets into `buffer` and resolves to their number, or to null at the end. */
  read(buffer: Uint8Array): Promise<number | null> {
    if (this.#arrivedOctets > 0) return Promise.resolve(this.#take(buffer));
    if (this.#ended) return Promise.resolve(null);
    if (this.#fault !== undefined) return Promise.reject(this.#fault);
    const resolver = Promise.withResolvers<number | null>();
    this.#reader = { buffer, resolver };
    return resolver.promise;
  }

  #arrive(octets: Uint8Array): void {
    this.#arrived.push(octets);
    this.#arrivedOctets += octets.length;
    const reader = this.#reader;
    if (reader !== undefined) {
      this.#reader = undefined;
      reader.resolver.resolve(this.#take(reader.buffer));
    }
    if (this.#arrivedOctets >= READ_AHEAD_OCTETS) this.#stream.hold();
  }

  #take(buffer: Uint8Array): number {
    const octets = this.#arrived[0]!;
    const count = Math.min(octets.length, buffer.length);
    buffer.set(count < octets.length ? octets.subarray(0, count) : octets);
    if (count < octets.length) this.#arrived[0] = octets.subarray(count);
    else this.#arrived.shift();
    this.#arrivedOctets -= count;
    if (this.#arrivedOctets < READ_AHEAD_OCTETS) this.#stream.release();
    return count;
  }

  #end(): void {
    // After a cut the TLS socket ends as if it had been told to.
    if (this.#fault !== undefined) return;
    this.#ended = true;
    this.#reader?.resolver.resolve(null);
    this.#reader = undefined;
  }

  #break(fault: Error): void {
    this.#fault ??= fault;
    this.#reader?.resolver.reject(this.#fault);
    this.#reader = undefined;
    this.#failWrite?.(this.#fault);
    this.#failWrite = undefined;
  }

  /** Sends all of `octets`, which must stay as they are until it resolves. */
  write(octets: Uint8Array): Promise<number> {
    // A write of nothing would lose the completion of the next one.
    if (octets.length === 0) return Promise.resolve(0);
    if (this.#fault !== undefined) return Promise.reject(this.#fault);
    const { buffer, byteOffset, length } = octets;
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#failWrite = reject;
    this.#socket.write(Buffer.from(buffer, byteOffset, length), (error) => {
      this.#failWrite = undefined;
      if (error) reject(error);
      else resolve(length);
    });
    return promise;
  }

  /** Ends our side in order: what was written leaves, then close_notify. The peer may send on. */
  closeWrite(): Promise<void> {
    this.#socket.end();
    return Promise.resolve();
  }

  /** Closes the connection, once: what is under way on it fails. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#break(new Error("closed"));
    // close_notify leaves before the connection does, where there is room for it.
    this.#socket.end();
    this.#stream.destroy();
  }
}

/** What the peer says against us in an alert is more than a connection that broke. */
function tlsFault(error: Error): Error {
  if (
    !("code" in error) || typeof error.code !== "string" ||
    !error.code.startsWith("ERR_SSL_")
  ) return error;
  return new SidecarError(
    "UPSTREAM_TLS_FAILED",
    `Cannot go on with TLS to the application: ${error.message}`,
    { cause: error },
  );
}
