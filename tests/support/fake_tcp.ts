import { latin1, octetsOf } from "./octet_reader.ts";

/** A TCP connection whose other side is the test. */
export class FakeTcp {
  /** At most this many octets are taken by one write. */
  writeLimit = Infinity;
  /** What was written, one character an octet. */
  written = "";
  /** How often it was closed. */
  closed = 0;
  /** How often its writing side was closed. */
  writesClosed = 0;
  /** The size of the buffer that each read came with. */
  readonly readSizes: number[] = [];
  readonly #arrived: (Uint8Array | null | Error)[] = [];
  #reader:
    | { buffer: Uint8Array; resolver: PromiseWithResolvers<number | null> }
    | undefined;
  #writeFault: Error | undefined;

  /** Whether a read is under way. */
  get reading(): boolean {
    return this.#reader !== undefined;
  }

  /** Octets from the other side, its end (null), or an error. */
  arrive(...events: (string | null | Error)[]): void {
    for (const event of events) {
      this.#arrived.push(typeof event === "string" ? octetsOf(event) : event);
    }
    this.#deliver();
  }

  /** Makes all further writes fail. */
  breakWrites(fault: Error): void {
    this.#writeFault = fault;
  }

  read(buffer: Uint8Array): Promise<number | null> {
    this.readSizes.push(buffer.length);
    const resolver = Promise.withResolvers<number | null>();
    this.#reader = { buffer, resolver };
    if (this.closed > 0) this.#arrived.unshift(new Error("closed"));
    this.#deliver();
    return resolver.promise;
  }

  write(octets: Uint8Array): Promise<number> {
    if (this.#writeFault !== undefined) {
      return Promise.reject(this.#writeFault);
    }
    const taken = octets.subarray(0, this.writeLimit);
    this.written += latin1(taken);
    return Promise.resolve(taken.length);
  }

  closeWrite(): Promise<void> {
    this.writesClosed++;
    return Promise.resolve();
  }

  close(): void {
    this.closed++;
    this.arrive(new Error("closed"));
  }

  #deliver(): void {
    const reader = this.#reader;
    const event = this.#arrived[0];
    if (reader === undefined || event === undefined) return;
    this.#reader = undefined;
    if (event instanceof Uint8Array) {
      const taken = event.subarray(0, reader.buffer.length);
      reader.buffer.set(taken);
      if (taken.length < event.length) {
        this.#arrived[0] = event.subarray(taken.length);
      } else this.#arrived.shift();
      reader.resolver.resolve(taken.length);
      return;
    }
    this.#arrived.shift();
    if (event === null) reader.resolver.resolve(null);
    else reader.resolver.reject(event);
  }
}

/** Lets all that is due now be done: promises, then what waits for the event loop. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
