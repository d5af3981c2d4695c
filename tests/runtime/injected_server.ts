import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import tls from "node:tls";
import { createAuthority, type Issued } from "../support/pki.ts";

/** A root, a server of it and a client of it, for canaries that need no more. */
export const root = createAuthority({ commonName: "Canary Root" });
export const server = root.issue({ dnsNames: ["localhost"] });
export const client = root.issue({ commonName: "canary" });

/** The least bridge from a TCP connection to a Duplex. */
export class TcpDuplex extends Duplex {
  readonly #connection: Deno.TcpConn;
  readonly #buffer = new Uint8Array(65_536);
  /** Octets read from the connection. */
  octetsRead = 0;

  constructor(connection: Deno.TcpConn) {
    super();
    this.#connection = connection;
    // A canary looks at what it names; how a connection ended is not it.
    this.on("error", () => {});
  }

  override _read(): void {
    this.#connection.read(this.#buffer).then((count) => {
      this.octetsRead += count ?? 0;
      this.push(
        count === null ? null : Buffer.from(this.#buffer.slice(0, count)),
      );
    }, (error) => this.destroy(error));
  }

  override _write(
    chunk: Uint8Array,
    _encoding: string,
    done: (error?: Error | null) => void,
  ): void {
    writeAll(this.#connection, chunk).then(() => done(), done);
  }

  override _destroy(
    error: Error | null,
    done: (error?: Error | null) => void,
  ): void {
    this.#connection.close();
    done(error);
  }
}

async function writeAll(to: Deno.TcpConn, octets: Uint8Array): Promise<void> {
  for (let at = 0; at < octets.length;) {
    at += await to.write(octets.subarray(at));
  }
}

/** Accepts TCP connections and gives each to the `tls.Server` that `current` is. */
export class InjectedServer implements Disposable {
  current: tls.Server;
  readonly duplexes: TcpDuplex[] = [];
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });

  constructor(server: tls.Server) {
    this.current = server;
    this.#accept();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) {
      const duplex = new TcpDuplex(connection);
      this.duplexes.push(duplex);
      this.current.emit("connection", duplex);
    }
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    for (const duplex of this.duplexes) duplex.destroy();
  }
}

/** A server that requires a client certificate of `root`, unless `options` say otherwise. */
export function createServer(
  onSecure: (socket: tls.TLSSocket) => void,
  options: tls.TlsOptions = {},
): tls.Server {
  return tls.createServer({
    cert: server.certPem,
    key: server.keyPem,
    ca: root.certPem,
    requestCert: true,
    rejectUnauthorized: true,
    ...options,
  }, (socket) => {
    socket.on("error", () => {});
    onSecure(socket);
  });
}

/** Connects with `identity` and trusts `root`. */
export function connect(
  port: number,
  identity: Pick<Issued, "chainPem" | "keyPem"> | null = client,
  options: tls.ConnectionOptions = {},
): tls.TLSSocket {
  return tls.connect({
    host: "127.0.0.1",
    port,
    servername: "localhost",
    ca: root.certPem,
    ...(identity && { cert: identity.chainPem, key: identity.keyPem }),
    ...options,
  });
}

/** Resolves with all that the socket receives until it has `length` octets, ends, fails or three seconds are over. */
export function receive(
  socket: Duplex,
  { length }: { length: number },
): Promise<Buffer> {
  const parts: Buffer[] = [];
  let received = 0;
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(Buffer.concat(parts));
    };
    const timer = setTimeout(finish, 3000);
    socket.on("data", (chunk: Buffer) => {
      parts.push(chunk);
      received += chunk.length;
      if (received >= length) finish();
    });
    socket.on("error", finish);
    socket.on("close", finish);
  });
}
