import { once } from "node:events";
import net from "node:net";
import { OctetReader, octetsOf, type StreamEnd } from "./octet_reader.ts";

/** What an application does with each of its connections. */
export type Script = (
  connection: ApplicationConnection,
) => Promise<unknown> | void;

/** One connection from the sidecar, as the application sees it. */
export class ApplicationConnection {
  readonly #socket: net.Socket;
  readonly #reader: OctetReader;

  constructor(socket: net.Socket) {
    this.#socket = socket;
    // Whatever happens to the connection shows where it is read.
    socket.on("error", () => {});
    // Whoever has read all may still write: to end this side is for the script.
    const chunks = socket.iterator({ destroyOnReturn: false });
    this.#reader = new OctetReader(async () => {
      try {
        const { done, value } = await chunks.next();
        return done ? "ended" : value;
      } catch {
        return "reset";
      }
    });
  }

  /** The next head, its empty line included; undefined when there is no other. */
  head(): Promise<string | undefined> {
    return this.#reader.until("\r\n\r\n");
  }

  /** Everything up to and including `mark`; undefined where the connection ends before it. */
  until(mark: string): Promise<string | undefined> {
    return this.#reader.until(mark);
  }

  /** The next `count` octets; fewer where the connection ends before them. */
  octets(count: number): Promise<string> {
    return this.#reader.octets(count);
  }

  /** Takes at most `count` octets and returns how many there were. */
  skip(count: number): Promise<number> {
    return this.#reader.skip(count);
  }

  /** All that comes until the connection ends. */
  rest(): Promise<{ text: string; end: StreamEnd }> {
    return this.#reader.rest();
  }

  /** Resolves when the octets have left, or to false when they never will. */
  write(text: string | Uint8Array): Promise<boolean> {
    return new Promise((resolve) => {
      this.#socket.write(octetsOf(text), (error) => resolve(!error));
    });
  }

  /** Ends this side in order. */
  end(): void {
    this.#socket.end();
  }

  /** Closes with a reset. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

/**
 * A scriptable application on a TCP port of its own, which knows no HTTP beyond
 * what its script writes.
 */
export class Application implements AsyncDisposable {
  /** In the order of their coming, those that are closed included. */
  readonly connections: ApplicationConnection[] = [];
  readonly #server: net.Server;
  readonly #scripts: Promise<unknown>[] = [];
  readonly #failures: unknown[] = [];

  private constructor(script: Script) {
    this.#server = net.createServer({ allowHalfOpen: true }, (socket) => {
      const connection = new ApplicationConnection(socket);
      this.connections.push(connection);
      this.#scripts.push(
        Promise.try(script, connection)
          .catch((error) => this.#failures.push(error)),
      );
    });
  }

  /** Runs `script` for every connection. What it throws comes out at the disposal. */
  static async start(script: Script): Promise<Application> {
    const application = new Application(script);
    application.#server.listen(0, "127.0.0.1");
    await once(application.#server, "listening");
    return application;
  }

  /** Answers the head of every request with the same octets. */
  static answering(answer: string): Promise<Application> {
    return Application.start(async (connection) => {
      while (await connection.head() !== undefined) {
        await connection.write(answer);
      }
      connection.end();
    });
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") {
      throw new Error("the application does not listen");
    }
    return address.port;
  }

  /** For `UPSTREAM_URL`. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const connection of this.connections) connection.destroy();
    await closed;
    await Promise.all(this.#scripts);
    if (this.#failures.length > 0) throw this.#failures[0];
  }
}
