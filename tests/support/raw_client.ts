import assert from "node:assert/strict";
import { OctetReader, octetsOf, type StreamEnd } from "./octet_reader.ts";
import type { Issued } from "./pki.ts";

/** Where a client connects, and as whom. */
export interface RawClientOptions {
  readonly port: number;
  /** PEM of the roots that the server's certificate is judged by. */
  readonly caCerts: readonly string[];
  /** The client's certificate; without one, none is presented. */
  readonly identity?: Pick<Issued, "chainPem" | "keyPem">;
  readonly alpnProtocols?: readonly string[];
}

/** A response as a client took it off its connection. */
export interface RawResponse {
  readonly status: number;
  /** Status line and fields, each ended by CRLF. */
  readonly head: string;
  /** The content, with the chunked coding undone. */
  readonly content: string;
  /** The trailer fields of chunked content, each ended by CRLF. */
  readonly trailers: string;
}

/**
 * A TLS client that sends any octets and sees how the connection ends. On
 * `Deno.connectTls` and not `node:tls`, which neither stops reading nor tells a
 * close_notify from a bare FIN.
 */
export class RawClient implements Disposable {
  readonly #connection: Deno.TlsConn;
  readonly #reader: OctetReader;
  #closed = false;

  private constructor(connection: Deno.TlsConn) {
    this.#connection = connection;
    const buffer = new Uint8Array(64 * 1024);
    this.#reader = new OctetReader(async () => {
      try {
        const count = await connection.read(buffer);
        return count === null ? "ended" : buffer.subarray(0, count);
      } catch (error) {
        return error instanceof Deno.errors.UnexpectedEof ? "cut" : "reset";
      }
    });
  }

  /** Connects and shakes hands. With TLS 1.3 a refusal shows at the first read only. */
  static async connect(options: RawClientOptions): Promise<RawClient> {
    const { port, caCerts, identity, alpnProtocols } = options;
    const target = {
      hostname: "127.0.0.1",
      port,
      caCerts: [...caCerts],
      ...(alpnProtocols && { alpnProtocols: [...alpnProtocols] }),
    };
    const connection = await Deno.connectTls(
      identity
        ? { ...target, cert: identity.chainPem, key: identity.keyPem }
        : target,
    );
    try {
      await connection.handshake();
    } catch (error) {
      connection.close();
      throw error;
    }
    return new RawClient(connection);
  }

  /** Rejects when the connection breaks before all is sent. */
  async send(text: string | Uint8Array): Promise<void> {
    const octets = octetsOf(text);
    for (let sent = 0; sent < octets.length;) {
      sent += await this.#connection.write(octets.subarray(sent));
    }
  }

  /** Everything up to and including `mark`; undefined where the connection ends before it. */
  until(mark: string): Promise<string | undefined> {
    return this.#reader.until(mark);
  }

  /** Takes at most `count` octets and returns how many there were. */
  skip(count: number): Promise<number> {
    return this.#reader.skip(count);
  }

  /** All that comes until the connection ends. */
  rest(): Promise<{ text: string; end: StreamEnd }> {
    return this.#reader.rest();
  }

  /** The next head, interim ones included. Fails where the connection ends before it. */
  async head(): Promise<string> {
    const head = await this.#reader.until("\r\n\r\n");
    assert.ok(head !== undefined, "the connection ended before a response");
    return head.slice(0, -2);
  }

  /** The next response to `method`, GET unless told, interim ones included. */
  async response(method = "GET"): Promise<RawResponse> {
    const head = await this.head();
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
    const response = { status, head, content: "", trailers: "" };
    if (
      status < 200 || status === 204 || status === 304 || method === "HEAD"
    ) return response;
    if (/^transfer-encoding: chunked\r$/im.test(head)) {
      return { ...response, ...await this.#chunked() };
    }
    const length = /^content-length: (\d+)\r$/im.exec(head)?.[1];
    const content = length === undefined
      ? (await this.#reader.rest()).text
      : await this.#reader.octets(Number(length));
    return { ...response, content };
  }

  async #chunked(): Promise<{ content: string; trailers: string }> {
    let content = "";
    for (;;) {
      const size = parseInt(await this.#line(), 16);
      if (size === 0) break;
      content += await this.#reader.octets(size);
      assert.equal(await this.#line(), "", "CRLF after a chunk's data");
    }
    let trailers = "";
    for (let line; (line = await this.#line()) !== "";) {
      trailers += `${line}\r\n`;
    }
    return { content, trailers };
  }

  async #line(): Promise<string> {
    const line = await this.#reader.until("\r\n");
    assert.ok(line !== undefined, "the connection ended within a response");
    return line.slice(0, -2);
  }

  /** Ends this side in order; answers can still be read. */
  endWrite(): Promise<void> {
    return this.#connection.closeWrite();
  }

  /** Goes away. Where octets are left unread the server sees a reset. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
