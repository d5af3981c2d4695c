import { once } from "node:events";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Deadlines } from "../deadlines.ts";
import { SidecarError } from "../errors.ts";

/**
 * Small: nobody who means well needs more. Milliseconds, octets, and connections
 * at once.
 */
const LIMITS = {
  headersTimeout: 5_000,
  requestTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 8 * 1024,
  connections: 128,
  /** From a connection's beginning to its end, beside what the answer may take. */
  lifetime: 10_000,
} as const;

/** What is said to a GET. */
export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface MonitorServerOptions {
  readonly hostname: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** How long an answer may take, in milliseconds. */
  readonly answerMs: number;
  readonly deadlines: Deadlines;
  /** Answers a GET or HEAD. What it throws is answered 500. */
  answer(request: IncomingMessage): Promise<Answer>;
  /** Told of what `answer` throws. */
  onUnexpected(error: unknown): void;
}

/**
 * The plain port of probes and metrics. Anyone in the network can connect, so
 * it takes no method but GET and HEAD, no content, and little of anything else.
 *
 * A connection is for one request: what would be asked behind it could not be
 * answered before the first answer is read, and would be kept until then. With
 * too many connections the oldest is closed, whatever it waits for, so that a
 * probe always comes through.
 */
export class MonitorServer {
  readonly #server: http.Server;
  readonly #options: MonitorServerOptions;
  /** The oldest first; each with whether it has had its request. */
  readonly #open = new Map<Socket, boolean>();

  private constructor(options: MonitorServerOptions) {
    this.#options = options;
    const { connections, lifetime, ...limits } = LIMITS;
    const { deadlines, answerMs } = options;
    this.#server = http.createServer(limits, (request, response) => {
      const { socket } = request;
      if (this.#open.get(socket) !== false) return void socket.destroy();
      this.#open.set(socket, true);
      this.#handle(request, response).catch((error) => {
        options.onUnexpected(error);
        response.destroy();
      });
    });
    this.#server.on("connection", (socket: Socket) => {
      this.#open.set(socket, false);
      const deadline = deadlines.add(() => socket.destroy());
      deadline.arm(lifetime + answerMs);
      // Without a listener an error would end the process.
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        deadlines.remove(deadline);
        this.#open.delete(socket);
      });
      if (this.#open.size <= connections) return;
      const [oldest = socket] = this.#open.keys();
      // Not when its close is told, before which there may be others.
      this.#open.delete(oldest);
      oldest.destroy();
    });
    this.#server.on("clientError", (_error: Error, socket: Socket) => {
      if (socket.writable) socket.end(BAD_REQUEST);
      else socket.destroy();
    });
  }

  /** Throws `SidecarError` with `LISTEN_FAILED` where the port cannot be had. */
  static async listen(options: MonitorServerOptions): Promise<MonitorServer> {
    const { hostname, port } = options;
    const monitor = new MonitorServer(options);
    const listening = once(monitor.#server, "listening");
    monitor.#server.listen(port, hostname);
    try {
      await listening;
    } catch (cause) {
      throw new SidecarError(
        "LISTEN_FAILED",
        `Cannot listen on ${hostname} port ${port}: ${
          cause instanceof Error ? cause.message : String(cause)
        }`,
        { cause },
      );
    }
    return monitor;
  }

  get address(): { readonly hostname: string; readonly port: number } {
    const address = this.#server.address();
    if (address === null || typeof address === "string") {
      throw new Error("the monitor port is closed");
    }
    return { hostname: address.address, port: address.port };
  }

  /** Cuts what is there. Resolves when the port is free. */
  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    for (const socket of this.#open.keys()) socket.destroy();
    await promise;
  }

  async #handle(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { status, headers, body } = await this.#answer(request);
    if (response.destroyed) return;
    response.writeHead(status, {
      "content-length": new TextEncoder().encode(body).length,
      connection: "close",
      ...headers,
    });
    response.end(request.method === "HEAD" ? undefined : body);
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    if (request.method !== "GET" && request.method !== "HEAD") {
      return plain(405, "only GET and HEAD", { allow: "GET, HEAD" });
    }
    if (hasContent(request)) return plain(413, "no content is taken");
    try {
      return await this.#options.answer(request);
    } catch (error) {
      this.#options.onUnexpected(error);
      return plain(500, "an unexpected error");
    }
  }
}

const BAD_REQUEST =
  "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/** An answer of one line of text. */
export function plain(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return {
    status,
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      ...headers,
    },
    body: `${text}\n`,
  };
}

function hasContent({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined ||
    (headers["content-length"] ?? "0") !== "0";
}
