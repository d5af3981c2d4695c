import { OctetWriter } from "../http/octet_writer.ts";
import type { Transport } from "../http/server_connection.ts";
import type { Transport as UpstreamTransport } from "./connection.ts";

/** HTTP/2 says by GOAWAY that a side has no more to say. */
type Octets = Omit<UpstreamTransport, "closeWrite">;

/** The sizes of a read: what most frames fit in, and what content that flows gets. */
const READ_OCTETS = { small: 16 * 1024, large: 64 * 1024 } as const;

/** How much may wait to be sent when whoever writes should stop. */
const HIGH_WATER_OCTETS = 64 * 1024;

/** Room to begin with, and what is not kept when it has grown beyond. */
const WRITE_CAPACITY = { initial: 4 * 1024, kept: 64 * 1024 } as const;

/**
 * A connection to the application as HTTP/2 needs it: many may write, each
 * without waiting, and what they write while the last write is under way leaves
 * with the next one.
 */
export class Http2Transport implements Transport {
  readonly #transport: Octets;
  #buffer = new Uint8Array(READ_OCTETS.small);
  /** The read of the connection, which can't be called back. */
  #reading: Promise<void> | undefined;
  #arrived: Uint8Array | undefined;
  #reader: PromiseWithResolvers<Uint8Array | null> | undefined;
  #waiting = new OctetWriter(WRITE_CAPACITY.initial);
  #leaving = new OctetWriter(WRITE_CAPACITY.initial);
  #left = 0;
  #isWriting = false;
  #unwritable = false;
  #room: PromiseWithResolvers<void> | undefined;
  #sent: PromiseWithResolvers<void> | undefined;
  #closed = false;
  gone = false;
  onGone: (() => void) | undefined;

  constructor(transport: Octets) {
    this.#transport = transport;
  }

  /** What it gives stays as it is until the next call: the reader of frames keeps none of it. */
  read(): Promise<Uint8Array | null> {
    const arrived = this.#arrived;
    if (arrived !== undefined) {
      this.#arrived = undefined;
      return Promise.resolve(arrived);
    }
    if (this.gone) return Promise.resolve(null);
    this.#reader = Promise.withResolvers();
    this.#reading ??= this.#transport.read(this.#buffer).then(
      this.#onRead,
      this.#onEnd,
    );
    return this.#reader.promise;
  }

  readonly #onRead = (count: number | null): void => {
    this.#reading = undefined;
    if (count === null) return this.#onEnd();
    const octets = this.#buffer.subarray(0, count);
    if (count === this.#buffer.length && count < READ_OCTETS.large) {
      this.#buffer = new Uint8Array(READ_OCTETS.large);
    }
    const reader = this.#reader;
    if (reader === undefined) this.#arrived = octets;
    else {
      this.#reader = undefined;
      reader.resolve(octets);
    }
  };

  readonly #onEnd = (): void => {
    this.#reading = undefined;
    if (!this.gone) {
      this.gone = true;
      this.onGone?.();
    }
    this.interrupt();
  };

  interrupt(): void {
    this.#reader?.resolve(null);
    this.#reader = undefined;
  }

  write(octets: Uint8Array): boolean {
    // What the application does not take any more is lost; that it is gone shows
    // when it is read from, after what it has sent before.
    if (this.#unwritable) return true;
    this.#waiting.add(octets);
    if (!this.#isWriting) this.#writeNext();
    return this.#waiting.length < HIGH_WATER_OCTETS;
  }

  #writeNext(): void {
    const leaving = this.#waiting;
    this.#waiting = this.#leaving;
    this.#leaving = leaving;
    this.#left = 0;
    this.#isWriting = true;
    this.#writeRest();
  }

  #writeRest(): void {
    const { octets } = this.#leaving;
    const rest = this.#left === 0 ? octets : octets.subarray(this.#left);
    this.#transport.write(rest).then(this.#onWritten, this.#onUnwritten);
  }

  readonly #onWritten = (count: number): void => {
    this.#left += count;
    if (this.#left < this.#leaving.length) return this.#writeRest();
    if (this.#leaving.capacity > WRITE_CAPACITY.kept) {
      this.#leaving = new OctetWriter(WRITE_CAPACITY.initial);
    } else this.#leaving.clear();
    this.#isWriting = false;
    if (this.#waiting.length > 0) this.#writeNext();
    this.#tell();
  };

  readonly #onUnwritten = (): void => {
    this.#unwritable = true;
    this.#isWriting = false;
    this.#waiting.clear();
    this.#tell();
  };

  #tell(): void {
    if (this.#waiting.length < HIGH_WATER_OCTETS) {
      this.#room?.resolve();
      this.#room = undefined;
    }
    if (!this.#isWriting) this.#sent?.resolve();
  }

  drained(): Promise<void> {
    if (this.#waiting.length < HIGH_WATER_OCTETS) return Promise.resolve();
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  /** Waits until all has left. The connection is closed then by `destroy`. */
  end(): Promise<void> {
    if (!this.#isWriting) return Promise.resolve();
    this.#sent ??= Promise.withResolvers();
    return this.#sent.promise;
  }

  destroy(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#transport.close();
    this.#onUnwritten();
    this.#onEnd();
  }
}
