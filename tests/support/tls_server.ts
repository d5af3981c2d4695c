import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import tls, { type TlsOptions, type TLSSocket } from "node:tls";
import { TlsClient, type TlsClientMaterial } from "../../src/tls/client.ts";
import type { ClientTransport } from "../../src/tls/client_transport.ts";
import { latin1 } from "./octet_reader.ts";
import { createAuthority } from "./pki.ts";

/** What {@linkcode TlsServer} shows, and what leads to it. */
export const root = createAuthority({ commonName: "App Root" });
export const app = root.issue({
  commonName: "app",
  dnsNames: ["app.example", "localhost"],
  ips: ["127.0.0.1"],
});

/** A signal that is never aborted. */
export const NEVER = new AbortController().signal;

/** An application on a port of its own that speaks TLS, with a certificate for `app.example`. */
export class TlsServer implements AsyncDisposable {
  readonly #server: tls.Server;
  readonly #sockets = new Set<net.Socket>();

  constructor(onSocket: (socket: TLSSocket) => void, options: TlsOptions) {
    this.#server = tls.createServer(
      { cert: app.chainPem, key: app.keyPem, ...options },
      (socket) => {
        socket.on("error", () => {});
        onSocket(socket);
      },
    );
    this.#server.on("connection", (socket) => this.#sockets.add(socket));
    this.#server.on("tlsClientError", () => {});
  }

  static async start(
    onSocket: (socket: TLSSocket) => void,
    options: TlsOptions = {},
  ): Promise<TlsServer> {
    const server = new TlsServer(onSocket, options);
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    return server;
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  /** Connects with a `TlsClient` that trusts {@linkcode root}, unless told otherwise. */
  async connect(
    material: Partial<TlsClientMaterial> = {},
    { hostname = "app.example", signal = NEVER } = {},
  ): Promise<ClientTransport> {
    const { port } = this;
    const tcp = await Deno.connect({ hostname: "127.0.0.1", port });
    const client = new TlsClient({ anchorsPem: [root.certPem], ...material });
    return await client.secure(tcp, { hostname, signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

/** All that comes until the end, or until it breaks off, which is then said. */
export async function contentOf(transport: ClientTransport): Promise<string> {
  let text = "";
  const buffer = new Uint8Array(1000);
  try {
    for (let count; (count = await transport.read(buffer)) !== null;) {
      text += latin1(buffer.subarray(0, count));
    }
    return text;
  } catch (error) {
    assert.ok(error instanceof Error);
    return `${text}|${error.message}`;
  }
}
