import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Server } from "node:http";
// @ts-types="npm:@types/ws@8.18.2"
import { WebSocket, WebSocketServer } from "ws";
import { client, root, TestSidecar } from "./sidecar.ts";
import { soon } from "./waiting.ts";

export interface WebSocketSceneOptions {
  /** By variable. */
  readonly settings?: Readonly<Record<string, string>>;
  /** What the application does with each of its sockets: sends back all messages, unless told otherwise. */
  readonly serve?: (socket: WebSocket) => void;
  /** Whether messages are compressed (RFC 7692). */
  readonly deflate?: boolean;
}

/** An application that speaks WebSocket, and a sidecar before it. */
export class WebSocketScene implements AsyncDisposable {
  readonly sidecar: TestSidecar;
  readonly sockets: WebSocketServer;
  /** The heads of the requests that the application took, as it saw them. */
  readonly requests: Record<string, string | string[] | undefined>[] = [];
  readonly #server: Server;
  readonly #clients: WebSocket[] = [];

  private constructor(
    server: Server,
    sockets: WebSocketServer,
    sidecar: TestSidecar,
  ) {
    this.#server = server;
    this.sockets = sockets;
    this.sidecar = sidecar;
    sockets.on("connection", (_, { headers }) => this.requests.push(headers));
  }

  static async set(
    { settings = {}, serve = echo, deflate = false }: WebSocketSceneOptions =
      {},
  ): Promise<WebSocketScene> {
    const server = createServer((_, response) => response.end("plain"));
    const sockets = new WebSocketServer({
      server,
      perMessageDeflate: deflate,
      handleProtocols: (protocols) => [...protocols].at(-1) ?? false,
    });
    sockets.on("connection", (socket) => {
      socket.on("error", () => {});
      serve(socket);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const sidecar = await TestSidecar.start({
      upstream: `http://127.0.0.1:${port}`,
      settings: { SHUTDOWN_TIMEOUT_SECS: "1", ...settings },
    });
    return new WebSocketScene(server, sockets, sidecar);
  }

  /** A client of the sidecar, which may not be open yet. */
  client(
    path = "/",
    { protocols = [], deflate = false }: {
      protocols?: string[];
      deflate?: boolean;
    } = {},
  ): WebSocket {
    const socket = new WebSocket(
      `wss://127.0.0.1:${this.sidecar.port}${path}`,
      protocols,
      {
        ca: root.certPem,
        cert: client.chainPem,
        key: client.keyPem,
        perMessageDeflate: deflate,
      },
    );
    socket.on("error", () => {});
    this.#clients.push(socket);
    return socket;
  }

  /** A client that is open. */
  async open(
    ...options: Parameters<WebSocketScene["client"]>
  ): Promise<WebSocket> {
    const socket = this.client(...options);
    await soon(once(socket, "open"), "the socket to open");
    return socket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#clients) socket.terminate();
    for (const socket of this.sockets.clients) socket.terminate();
    await this.sidecar.shutdown();
    this.sockets.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function echo(socket: WebSocket): void {
  socket.on("message", (data, isBinary) => {
    socket.send(data, { binary: isBinary });
  });
}
