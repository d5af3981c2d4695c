import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import { setImmediate } from "node:timers";

/** The part of `Deno.TcpConn` that a stream needs. */
export interface TcpConnection {
  read(buffer: Uint8Array): Promise<number | null>;
  write(octets: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  close(): void;
}

/**
 * The sizes of a read. A connection starts with the smallest, so that ten
 * thousand idle ones hold little; a read that fills its buffer asks for the next
 * size, one that fills less than the second goes back to that. Not to the
 * smallest: a client whose requests fill it would have two buffers made for each.
 */
const READ_SIZES = [2 * 1024, 4 * 1024, 16 * 1024, 64 * 1024] as const;

/** What comes before all that a stream is to carry is no larger than this. */
const MAX_PREFIX = 4 * 1024;

/** Unsent octets beyond which writers to this stream should wait. */
const WRITE_HIGH_WATER = 64 * 1024;

/**
 * A TCP connection as a `Duplex` for `node:tls`, and the owner of the
 * connection: whatever ends the stream closes it, once.
 *
 * Backpressure on reading is applied here, by `hold`, because a TLS socket does
 * not stop reading when it is paused.
 */
export class TcpStream extends Duplex {
  readonly #connection: TcpConnection;
  #size = 0;
  #buffer: Buffer | undefined;
  #reading = false;
  #wanted = false;
  #held = false;
  #sending = false;
  #ending = false;

  constructor(connection: TcpConnection) {
    super({
      readableHighWaterMark: READ_SIZES[1],
      writableHighWaterMark: WRITE_HIGH_WATER,
      // A client that has said all it will say may still be answered.
      allowHalfOpen: true,
      emitClose: true,
    });
    this.#connection = connection;
  }

  /**
   * Reads what comes before all that the stream is to carry, until `parse` gives
   * something; the stream begins after the `length` octets of that. To be called
   * before anything else reads the stream.
   *
   * `parse` is given all octets so far and must not keep them. It must make up
   * its mind within 4 KiB. Null where the connection ends before it has; rejects
   * with what it throws, and where the connection breaks or is destroyed.
   */
  async readPrefix<T extends { readonly length: number }>(
    parse: (octets: Uint8Array) => T | undefined,
  ): Promise<T | null> {
    const buffer = Buffer.allocUnsafeSlow(MAX_PREFIX);
    for (let filled = 0;;) {
      const count = await this.#connection.read(buffer.subarray(filled));
      if (count === null) return null;
      filled += count;
      const prefix = parse(buffer.subarray(0, filled));
      if (prefix !== undefined) {
        // A chunk of no octets would be taken for nothing to read at all.
        if (prefix.length < filled) {
          this.push(buffer.subarray(prefix.length, filled));
        }
        return prefix;
      }
      if (filled === buffer.length) {
        throw new RangeError(`expected a prefix of at most ${filled} octets`);
      }
    }
  }

  /** Stops reading the connection, but for a read that is under way. */
  hold(): void {
    this.#held = true;
  }

  /** Reads the connection again. */
  release(): void {
    if (!this.#held) return;
    this.#held = false;
    if (this.#wanted && !this.#reading) this.#pump();
  }

  override _read(): void {
    this.#wanted = true;
    if (!this.#reading && !this.#held) this.#pump();
  }

  /** Reads until the stream has had enough, is held, or ends. */
  async #pump(): Promise<void> {
    this.#reading = true;
    try {
      while (this.#wanted && !this.#held && !this.destroyed) {
        const buffer = this.#buffer ??= Buffer.allocUnsafeSlow(
          READ_SIZES[this.#size]!,
        );
        const count = await this.#connection.read(buffer);
        if (this.destroyed) return;
        if (count === null) {
          this.#wanted = false;
          this.#buffer = undefined;
          this.push(null);
          return;
        }
        this.#wanted = this.push(buffer.subarray(0, count));
        // TLS takes the octets within push(); if it did not, they are the
        // stream's now, and the next read needs a buffer of its own.
        if (this.readableLength > 0) this.#buffer = undefined;
        this.#resize(count);
      }
    } catch (error) {
      const fault = error instanceof Error ? error : new Error(String(error));
      // A stream reads the stack of what ends it, and the runtime looks up each
      // frame's source for that: 2 % of handshakes with clients that just leave.
      fault.stack = String(fault);
      this.destroy(fault);
    } finally {
      this.#reading = false;
    }
  }

  #resize(count: number): void {
    const size = this.#size;
    if (count === READ_SIZES[size] && size < READ_SIZES.length - 1) {
      this.#size = size + 1;
      this.#buffer = undefined;
    } else if (size > 1 && count < READ_SIZES[1]) {
      this.#size = 1;
      this.#buffer = undefined;
    }
  }

  override _write(
    octets: Buffer,
    _encoding: BufferEncoding,
    done: (error?: Error | null) => void,
  ): void {
    this.#send(octets, done);
  }

  override _writev(
    chunks: readonly { chunk: Buffer }[],
    done: (error?: Error | null) => void,
  ): void {
    this.#send(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  #send(octets: Uint8Array, done: (error?: Error | null) => void): void {
    this.#sending = true;
    this.#connection.write(octets).then((count) => {
      if (count < octets.length) {
        return this.#send(octets.subarray(count), done);
      }
      this.#sending = false;
      done();
    }, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    // The peer may have closed first; there is nobody left to tell.
    this.#connection.closeWrite().then(() => done(), () => done());
  }

  /**
   * Ends the stream at the end of this turn of the event loop: TLS asks for it
   * just before it hands over the alert that tells a client what was wrong.
   */
  override destroy(error?: Error): this {
    if (!this.#ending) {
      this.#ending = true;
      setImmediate(() => super.destroy(error));
    }
    return this;
  }

  override _destroy(
    error: Error | null,
    done: (error?: Error | null) => void,
  ): void {
    this.#buffer = undefined;
    // Closed at once, the connection would swallow what is being written.
    if (this.#sending) setImmediate(() => this.#connection.close());
    else this.#connection.close();
    done(error);
  }
}
