import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
// @ts-types="npm:@types/ws@8.18.2"
import { WebSocketServer } from "ws";

/** What `/drip` sends, this often, in milliseconds, and so many times. */
const DRIP = { octets: new Uint8Array(512), everyMs: 50, times: 40 } as const;

const BYTES = new Uint8Array(1_000_000);

/**
 * An application for soaks: `/bytes/N` answers N octets, 1,000,000 at most,
 * `/drip` two seconds long, anything that has content how long that was, and a
 * WebSocket its messages.
 */
export class SoakApplication implements AsyncDisposable {
  readonly #server = createServer((request, response) => {
    request.on("error", () => {});
    response.on("error", () => {});
    const { url = "" } = request;
    if (url === "/drip") return drip(response);
    const length = /^\/bytes\/(\d+)$/.exec(url)?.[1];
    if (length !== undefined) {
      response.end(BYTES.subarray(0, Number(length)));
      return;
    }
    let octets = 0;
    request.on("data", (piece: Uint8Array) => octets += piece.length);
    request.on("end", () => response.end(String(octets)));
  });

  static async start(): Promise<SoakApplication> {
    const application = new SoakApplication();
    application.#server.keepAliveTimeout = 120_000;
    const sockets = new WebSocketServer({ server: application.#server });
    sockets.on("connection", (socket) => {
      socket.on("error", () => {});
      socket.on("message", (message) => socket.send(message));
    });
    application.#server.listen(0, "127.0.0.1");
    await once(application.#server, "listening");
    return application;
  }

  get url(): string {
    const { port } = this.#server.address() as { port: number };
    return `http://127.0.0.1:${port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

function drip(response: ServerResponse): void {
  let left: number = DRIP.times;
  const timer = setInterval(() => {
    if (left-- > 0) response.write(DRIP.octets);
    else response.end();
  }, DRIP.everyMs);
  response.on("close", () => clearInterval(timer));
}
