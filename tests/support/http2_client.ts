import { Input } from "../../src/http/input.ts";
import { OctetWriter } from "../../src/http/octet_writer.ts";
import { FieldList } from "../../src/http2/field_list.ts";
import { FrameType } from "../../src/http2/frame.ts";
import { FrameReader, IGNORED, MORE } from "../../src/http2/frame_reader.ts";
import {
  writeDataHeader,
  writeHeaders,
  writePingAck,
  writeReset,
  writeSettings,
  writeSettingsAck,
  writeWindowUpdate,
} from "../../src/http2/frame_writer.ts";
import { HpackDecoder } from "../../src/http2/hpack_decoder.ts";
import { PREFACE, takePreface } from "../../src/http2/preface.ts";
import { latin1, octetsOf } from "./octet_reader.ts";
import type { Issued } from "./pki.ts";
import { soon } from "./waiting.ts";

export type Field = readonly [name: string, value: string];

/** What a frame from the server said. */
export interface ServerFrame {
  readonly type: number;
  readonly streamId: number;
  readonly text: string;
  readonly fields: readonly Field[];
  readonly endStream: boolean;
  readonly ack: boolean;
  readonly errorCode: number;
  readonly increment: number;
  readonly lastStreamId: number;
}

/** A response as it came on its stream. */
export interface Http2Result {
  readonly status: number;
  /** The fields of the final head, without `:status`. */
  readonly fields: readonly Field[];
  readonly interim: readonly number[];
  readonly text: string;
  readonly trailers: readonly Field[];
  /** Whether the server ended the stream in order. */
  readonly ended: boolean;
  /** The error code of its RST_STREAM, where one came by then. */
  readonly reset: number | undefined;
}

export interface Http2ClientOptions {
  readonly settings?: readonly (readonly [number, number])[];
  /** Whether nothing is said before what the test says. Default: false. */
  readonly silent?: boolean;
  /**
   * Whether the server's settings and pings are not acknowledged. Default: false;
   * then both sides' settings are settled when `connect` resolves.
   */
  readonly rude?: boolean;
  /** As whom, and by which roots the server is judged; without it, there is no TLS. */
  readonly tls?: {
    readonly identity: Pick<Issued, "chainPem" | "keyPem">;
    readonly caCerts: readonly string[];
  };
}

/** The pseudo-header fields of a GET. */
export const GET: readonly Field[] = [
  [":method", "GET"],
  [":scheme", "https"],
  [":authority", "client.test"],
  [":path", "/"],
];

/** The same of a POST. */
export const POST: readonly Field[] = [[":method", "POST"], ...GET.slice(1)];

/**
 * An HTTP/2 client that sends any frames, in any order, and keeps all that comes
 * back. It opens no window by itself.
 */
export class Http2Client implements Disposable {
  readonly frames: ServerFrame[] = [];
  readonly #connection: Deno.TcpConn | Deno.TlsConn;
  readonly #rude: boolean;
  readonly #listeners = new Set<() => void>();
  #reading = Promise.resolve();
  #release: (() => void) | undefined;
  #writing: Promise<unknown> = Promise.resolve();
  #nextStreamId = 1;
  #closed = false;
  /** How the connection ended, once it has. */
  end: "ended" | "reset" | undefined;

  private constructor(
    connection: Deno.TcpConn | Deno.TlsConn,
    { rude, accepted = false }: { rude: boolean; accepted?: boolean },
  ) {
    this.#connection = connection;
    this.#rude = rude;
    this.#read(accepted);
  }

  /**
   * The other side of a connection: a server of the same kind. It has said
   * nothing yet unless there are `settings`.
   */
  static accept(
    connection: Deno.TcpConn,
    { settings, rude = false }: {
      settings: readonly (readonly [number, number])[] | undefined;
      rude?: boolean;
    },
  ): Http2Client {
    const server = new Http2Client(connection, { rude, accepted: true });
    if (settings) server.write((out) => writeSettings(out, settings));
    return server;
  }

  static async connect(
    port: number,
    { settings = [], silent = false, rude = false, tls }: Http2ClientOptions =
      {},
  ): Promise<Http2Client> {
    const connection = await connected(port, tls);
    const client = new Http2Client(connection, { rude });
    if (!silent) {
      client.send(PREFACE);
      client.write((out) => writeSettings(out, settings));
      if (!rude) {
        // Not before the server knows that we know its settings.
        await client.of(FrameType.SETTINGS);
        await client.settled();
      }
    }
    return client;
  }

  /** Sends octets after all that was sent before. What cannot be sent is lost. */
  send(octets: Uint8Array | string): Promise<unknown> {
    const copy = octetsOf(octets);
    return this.#writing = this.#writing.then(async () => {
      for (let sent = 0; sent < copy.length;) {
        sent += await this.#connection.write(copy.subarray(sent));
      }
    }).catch(() => {});
  }

  /** Sends the frames that `fill` writes. */
  write(fill: (out: OctetWriter) => void): Promise<unknown> {
    const out = new OctetWriter(64);
    fill(out);
    return this.send(out.octets);
  }

  /** Sends a header block of literals, which both tables stay empty with. */
  headers(streamId: number, fields: readonly Field[], endStream = true): void {
    this.write((out) =>
      writeHeaders(out, streamId, blockOf(fields), endStream, 16_384)
    );
  }

  /** Opens the next stream with a header block. Returns its number. */
  request(fields: readonly Field[] = GET, endStream = true): number {
    const streamId = this.#nextStreamId;
    this.#nextStreamId += 2;
    this.headers(streamId, fields, endStream);
    return streamId;
  }

  /** Sends content in one frame. */
  data(streamId: number, text: string, endStream = false): Promise<unknown> {
    return this.write((out) => {
      writeDataHeader(out, streamId, text.length, endStream);
      out.addLatin1(text);
    });
  }

  reset(streamId: number, errorCode = 8): void {
    this.write((out) => writeReset(out, streamId, errorCode));
  }

  /** Opens a window: of the connection where `streamId` is 0. */
  open(streamId: number, increment: number): void {
    this.write((out) => writeWindowUpdate(out, streamId, increment));
  }

  /** Reads nothing more, until the returned function is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#reading = promise;
    return this.#release = resolve;
  }

  /** The first frame that `wanted` takes, there or to come; fails where the connection ends before. */
  async frame(
    wanted: (frame: ServerFrame) => boolean,
    what = "a frame",
  ): Promise<ServerFrame> {
    const found = await this.#find(() => this.frames.find(wanted), what);
    if (found === undefined) {
      throw new Error(`the connection ended (${this.end}) before ${what}`);
    }
    return found;
  }

  /** The first frame of a type on a stream. */
  of(type: number, streamId = 0): Promise<ServerFrame> {
    return this.frame(
      (frame) => frame.type === type && frame.streamId === streamId,
      `a frame of type ${type} on stream ${streamId}`,
    );
  }

  /** Waits until the server has taken all that was sent so far. */
  async settled(): Promise<void> {
    const mark = `p${String(this.#pings++).padStart(7, "0")}`;
    this.write((out) => {
      out.add(octetsOf("\0\0\x08\x06\0\0\0\0\0" + mark));
    });
    await this.frame(
      ({ type, ack, text }) => type === FrameType.PING && ack && text === mark,
      "the answer to a ping",
    );
  }
  #pings = 0;

  /** The error code of the last GOAWAY, after the connection has ended. */
  async goaway(): Promise<number | undefined> {
    await this.ended();
    return this.frames.findLast(({ type }) => type === FrameType.GOAWAY)
      ?.errorCode;
  }

  /** How the connection ends. */
  async ended(): Promise<"ended" | "reset"> {
    return (await this.#find(() => this.end, "the connection's end"))!;
  }

  /** The response on a stream, when that has ended, or with its connection. */
  async response(streamId: number): Promise<Http2Result> {
    const isLast = (frame: ServerFrame) =>
      frame.streamId === streamId &&
      (frame.endStream || frame.type === FrameType.RST_STREAM);
    await this.#find(() => this.frames.find(isLast), "a response");
    return this.result(streamId);
  }

  /** What has come on a stream so far. */
  result(streamId: number): Http2Result {
    const frames = this.frames.filter((frame) => frame.streamId === streamId);
    const heads = frames.filter(({ type }) => type === FrameType.HEADERS);
    const statuses = heads.map(({ fields }) =>
      Number(fields.find(([name]) => name === ":status")?.[1])
    );
    const final = statuses.findIndex((status) => status >= 200);
    return {
      status: statuses[final] ?? 0,
      fields: (heads[final]?.fields ?? []).filter(([name]) =>
        name !== ":status"
      ),
      interim: statuses.slice(0, final < 0 ? undefined : final),
      text: frames.map(({ type, text }) => type === FrameType.DATA ? text : "")
        .join(""),
      trailers: final < 0 ? [] : heads[final + 1]?.fields ?? [],
      ended: frames.some(({ endStream }) => endStream),
      reset: frames.find(({ type }) => type === FrameType.RST_STREAM)
        ?.errorCode,
    };
  }

  /** Goes away without a word. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#release?.();
    this.#connection.close();
  }

  /** Ends this side in order. */
  async endWrite(): Promise<void> {
    await this.#writing;
    await this.#connection.closeWrite();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #find<T>(
    look: () => T | undefined,
    what: string,
  ): Promise<T | undefined> {
    for (;;) {
      const found = look();
      if (found !== undefined || this.end !== undefined) return found;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#listeners.add(resolve);
      await soon(promise, what);
      this.#listeners.delete(resolve);
    }
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  async #read(accepted: boolean): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    const input = new Input({
      read: async () => {
        await this.#reading;
        const count = await this.#connection.read(buffer);
        return count === null ? null : buffer.subarray(0, count);
      },
    });
    const reader = new FrameReader({ maxFrameSize: 0xff_ffff });
    const fields = new FieldList(1024 * 1024);
    const decoder = new HpackDecoder(fields);
    try {
      while (accepted && !takePreface(input)) {
        if (!await input.more()) throw new Error("no preface came");
      }
      do {
        for (let type; (type = reader.take(input)) !== MORE;) {
          if (type !== IGNORED) this.#take(type, { reader, decoder, fields });
        }
      } while (await input.more());
      this.end = "ended";
    } catch (error) {
      if (error instanceof TypeError) throw error;
      this.end = "reset";
    }
    this.#tell();
  }

  #take(
    type: number,
    { reader, decoder, fields }: {
      reader: FrameReader;
      decoder: HpackDecoder;
      fields: FieldList;
    },
  ): void {
    const { bytes, start, end, streamId } = reader;
    const hasEnd = type === FrameType.DATA || type === FrameType.HEADERS;
    const hasAck = type === FrameType.SETTINGS || type === FrameType.PING;
    const isError = type === FrameType.RST_STREAM ||
      type === FrameType.GOAWAY;
    if (type === FrameType.HEADERS) decoder.decode(bytes, start, end);
    const hasText = type === FrameType.DATA || hasAck;
    this.frames.push({
      type,
      streamId,
      text: hasText ? latin1(bytes.subarray(start, end)) : "",
      fields: type === FrameType.HEADERS ? listed(fields) : [],
      endStream: hasEnd && reader.endStream,
      ack: hasAck && reader.ack,
      errorCode: isError ? reader.errorCode : 0,
      increment: type === FrameType.WINDOW_UPDATE ? reader.increment : 0,
      lastStreamId: type === FrameType.GOAWAY ? reader.lastStreamId : 0,
    });
    if (hasAck && !reader.ack && !this.#rude) {
      this.write((out) =>
        type === FrameType.PING
          ? writePingAck(out, bytes, start)
          : writeSettingsAck(out)
      );
    }
    this.#tell();
  }
}

async function connected(
  port: number,
  tls: Http2ClientOptions["tls"],
): Promise<Deno.TcpConn | Deno.TlsConn> {
  const target = { hostname: "127.0.0.1", port };
  if (tls === undefined) {
    const connection = await Deno.connect(target);
    connection.setNoDelay(true);
    return connection;
  }
  const connection = await Deno.connectTls({
    ...target,
    caCerts: [...tls.caCerts],
    cert: tls.identity.chainPem,
    key: tls.identity.keyPem,
    alpnProtocols: ["h2"],
  });
  const { alpnProtocol } = await connection.handshake();
  if (alpnProtocol !== "h2") {
    connection.close();
    throw new Error(`the server speaks ${alpnProtocol}, not h2`);
  }
  return connection;
}

function listed(fields: FieldList): Field[] {
  return Array.from(
    { length: fields.count },
    (_, line) => [fields.name(line), fields.value(line)] as const,
  );
}

/** A header block of literals that nobody remembers, their octets as they are. */
export function blockOf(fields: readonly Field[]): OctetWriter {
  const block = new OctetWriter(64);
  for (const [name, value] of fields) {
    block.addOctet(0);
    for (const text of [name, value]) {
      if (text.length < 127) block.addOctet(text.length);
      else {
        block.addOctet(127);
        let rest = text.length - 127;
        for (; rest >= 128; rest >>>= 7) block.addOctet(rest & 127 | 128);
        block.addOctet(rest);
      }
      block.addLatin1(text);
    }
  }
  return block;
}

/** A frame as it goes over the wire, well-formed or not. */
export function rawFrame(
  type: number,
  { flags = 0, streamId = 0, payload = "" }: {
    flags?: number;
    streamId?: number;
    payload?: Uint8Array | string;
  } = {},
): Uint8Array {
  const octets = octetsOf(payload);
  const out = new OctetWriter(64);
  out.addUint32(octets.length << 8 | type);
  out.addOctet(flags);
  out.addUint32(streamId);
  out.add(octets);
  return out.octets;
}
