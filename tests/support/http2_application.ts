import { FrameType } from "../../src/http2/frame.ts";
import {
  writeGoaway,
  writeWindowUpdate,
} from "../../src/http2/frame_writer.ts";
import { type Field, Http2Client } from "./http2_client.ts";
import { eventually } from "./waiting.ts";

/** What an application does with one connection. */
export type Http2Script = (
  connection: ApplicationConnection,
  /** Which connection it is, counted from 0. */
  index: number,
) => Promise<void> | void;

export interface Http2ApplicationOptions {
  /** What it says at once of itself; nothing at all where undefined is given. */
  readonly settings?: readonly (readonly [number, number])[] | undefined;
  /** Whether it acknowledges nothing. */
  readonly rude?: boolean;
  /** 0 for any. */
  readonly port?: number;
}

/** A request as it came. */
export interface Http2Request {
  readonly streamId: number;
  readonly fields: readonly Field[];
  readonly endStream: boolean;
}

/** A connection to an application that says what a test tells it to. */
export class ApplicationConnection {
  readonly frames: Http2Client;
  readonly #seen = new Set<number>();

  constructor(frames: Http2Client) {
    this.frames = frames;
  }

  /** The next request that nobody has asked for before; undefined at the connection's end. */
  async request(): Promise<Http2Request | undefined> {
    try {
      const frame = await this.frames.frame(({ type, streamId }) =>
        type === FrameType.HEADERS && !this.#seen.has(streamId)
      );
      this.#seen.add(frame.streamId);
      return frame;
    } catch (error) {
      if (this.frames.end === undefined) throw error;
      return undefined;
    }
  }

  /** Waits for END_STREAM. */
  async whole(streamId: number): Promise<void> {
    await this.frames.frame((frame) =>
      frame.streamId === streamId && frame.endStream
    );
  }

  /** Answers with 200, fields, and text. */
  answer(streamId: number, text = "", fields: readonly Field[] = []): void {
    this.frames.headers(
      streamId,
      [[":status", "200"], ...fields],
      text === "",
    );
    if (text !== "") this.frames.data(streamId, text, true);
  }

  goaway(lastStreamId: number, errorCode = 0): void {
    this.frames.write((out) => writeGoaway(out, lastStreamId, errorCode));
  }

  open(streamId: number, increment: number): void {
    this.frames.write((out) => writeWindowUpdate(out, streamId, increment));
  }
}

/** Answers all requests, each by its path. */
export const answering: Http2Script = async (connection) => {
  for (let request; (request = await connection.request()) !== undefined;) {
    const { streamId, fields } = request;
    connection.answer(
      streamId,
      fields.find(([name]) => name === ":path")?.[1],
    );
  }
};

/** An application that speaks HTTP/2 with prior knowledge, as a script has it. */
export class Http2Application implements AsyncDisposable {
  readonly connections: ApplicationConnection[] = [];
  readonly #listener: Deno.TcpListener;
  readonly #scripts: Promise<void>[] = [];

  constructor(
    script: Http2Script,
    { rude = false, port = 0, ...options }: Http2ApplicationOptions = {},
  ) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port });
    const settings = "settings" in options ? options.settings : [];
    this.#scripts.push(this.#accept(script, { settings, rude }));
  }

  async #accept(
    script: Http2Script,
    options: {
      settings: readonly (readonly [number, number])[] | undefined;
      rude: boolean;
    },
  ): Promise<void> {
    for await (const tcp of this.#listener) {
      tcp.setNoDelay(true);
      const frames = Http2Client.accept(tcp, options);
      const connection = new ApplicationConnection(frames);
      const index = this.connections.push(connection) - 1;
      this.#scripts.push(Promise.resolve(script(connection, index)));
    }
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** How many connections have not ended. */
  get open(): number {
    return this.connections.filter(({ frames }) => frames.end === undefined)
      .length;
  }

  /** Resolves when there are so many that have not ended. */
  async opened(count: number): Promise<void> {
    await eventually(() => this.open === count, `${count} connections`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const { frames } of this.connections) frames.close();
    await Promise.all(this.#scripts);
  }
}
