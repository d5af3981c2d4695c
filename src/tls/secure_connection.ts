import { Buffer } from "node:buffer";
import type { TLSSocket } from "node:tls";
import { SidecarError } from "../errors.ts";
import type { TcpStream } from "../net/tcp_stream.ts";
import type { Standing } from "./standing.ts";

/**
 * How much is read ahead of the reader. A client that goes away while it is
 * being answered is noticed, even if it has sent part of its next request.
 */
const READ_AHEAD_OCTETS = 16 * 1024;

/** What is known of a connection from its handshake, whoever the client is. */
export interface ConnectionFacts {
  /** The client's address, without brackets or port. */
  readonly address: string;
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly tlsVersion: string;
  readonly resumed: boolean;
  /** What ALPN agreed on (RFC 7301); the client's HTTP/1 where it offered nothing. */
  readonly protocol: Protocol;
}

/** The protocols that a client may choose among, by their ALPN identifiers. */
export type Protocol = "h2" | "http/1.1";

/** What is known of a connection whose client the guard admitted. */
export interface AdmittedFacts extends ConnectionFacts {
  readonly standing: Standing;
}

/**
 * A connection whose client the guard admitted. That of an unverified client has
 * no standing, and is none of these to the compiler.
 */
export type AdmittedConnection = SecureConnection<AdmittedFacts>;

/**
 * The decrypted octets of a connection whose handshake is done. One reader and
 * one writer at a time. Who the client is, if anybody, is for its facts to tell.
 *
 * It reads ahead of the reader a little, and then holds the TCP connection until
 * the reader comes: memory is bounded, and the client feels the backpressure.
 */
export class SecureConnection<
  Facts extends ConnectionFacts = ConnectionFacts,
> {
  readonly facts: Facts;
  readonly #socket: TLSSocket;
  readonly #stream: TcpStream;
  readonly #arrived: Uint8Array[] = [];
  #arrivedOctets = 0;
  #reader: PromiseWithResolvers<Uint8Array | null> | undefined;
  #ended = false;
  #closed = false;
  #fault: SidecarError | undefined;
  #onDrained: (() => void) | undefined;

  /** Called once, when the client has ended its side or the connection is gone. */
  onGone: (() => void) | undefined;
  /** Called once, when nothing of the connection is left. */
  onClosed: (() => void) | undefined;

  constructor(socket: TLSSocket, stream: TcpStream, facts: Facts) {
    this.facts = facts;
    this.#socket = socket;
    this.#stream = stream;
    socket.on("data", (octets: Buffer) => this.#arrive(octets));
    socket.on("end", () => this.#end());
    socket.on("drain", () => this.#drain());
    // Without a listener an error would end the process; "close" follows it.
    socket.on("error", () => this.destroy());
    // Whatever ends the TLS socket ends what is beneath it: by itself it may not.
    socket.on("close", () => this.destroy());
    // The TLS socket ends here too, but after us: what it has not ended before
    // was cut short, and may be by someone who has no part in the session.
    stream.on("end", () => this.#breakOff());
    stream.on("close", () => this.#close());
  }

  /** That the client's octets ended without its saying so (RFC 8446 §6.1), where they did. */
  get fault(): SidecarError | undefined {
    return this.#fault;
  }

  /** Whether the client has ended its side, or the connection is gone. */
  get gone(): boolean {
    return this.#ended;
  }

  /** The next octets, the reader's to keep; null when the client sends no more. */
  read(): Promise<Uint8Array | null> {
    const octets = this.#arrived.shift();
    if (octets !== undefined) {
      this.#arrivedOctets -= octets.length;
      if (this.#arrivedOctets < READ_AHEAD_OCTETS) this.#stream.release();
      return Promise.resolve(octets);
    }
    if (this.#ended) return Promise.resolve(null);
    this.#reader = Promise.withResolvers();
    return this.#reader.promise;
  }

  #arrive(octets: Uint8Array): void {
    const reader = this.#reader;
    if (reader !== undefined) {
      this.#reader = undefined;
      reader.resolve(octets);
      return;
    }
    this.#arrived.push(octets);
    this.#arrivedOctets += octets.length;
    if (this.#arrivedOctets >= READ_AHEAD_OCTETS) this.#stream.hold();
  }

  /** Makes a read that is under way answer null, once. */
  interrupt(): void {
    this.#reader?.resolve(null);
    this.#reader = undefined;
  }

  #breakOff(): void {
    if (this.#ended) return;
    this.#fault ??= new SidecarError(
      "CLIENT_GONE",
      "Cannot read on: the client went away without ending its side",
    );
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.interrupt();
    this.onGone?.();
  }

  /**
   * Sends octets, which may be used again at once. False when the client takes
   * them too slowly: then `drained` should be waited for.
   */
  write(octets: Uint8Array): boolean {
    const socket = this.#socket;
    // A write of nothing would lose the completion of the next one.
    if (octets.length === 0 || socket.destroyed) return true;
    // TLS takes the octets at once while no write is outstanding, and else
    // keeps a reference, under which they must not change.
    const unshared = socket.writableLength === 0
      ? Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength)
      : Buffer.from(octets);
    return socket.write(unshared);
  }

  /** Resolves when more may be written, or the connection is gone. For one waiter. */
  drained(): Promise<void> {
    if (!this.#socket.writableNeedDrain || this.#closed) {
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#onDrained = resolve);
  }

  #drain(): void {
    this.#onDrained?.();
    this.#onDrained = undefined;
  }

  /**
   * Ends our side in order: what was written leaves, then close_notify and FIN.
   * Resolves when that is done, or the connection is gone.
   */
  end(): Promise<void> {
    if (this.#closed || this.#socket.destroyed) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    // The stream is not finished before the client has ended its side, too, which
    // one that is gone without a word never does.
    this.#socket.once("finish", resolve);
    this.#stream.once("close", resolve);
    this.#socket.end();
    return promise;
  }

  /**
   * Cuts the connection, without close_notify: a client that was still being
   * answered can tell that the answer is not whole.
   */
  destroy(): void {
    this.#stream.destroy();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#arrived.length = 0;
    this.#socket.destroy();
    this.#drain();
    this.#breakOff();
    this.#end();
    this.onClosed?.();
  }
}
