import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import http2 from "node:http2";
import https from "node:https";
import { client, root } from "../support/sidecar.ts";
import { vanishHttp1, vanishHttp2, type Vanishing } from "./vanish.ts";
import { vanishWebSocket, webSockets } from "./websockets.ts";

/** What a load is run against, and until when. */
export interface LoadOptions {
  readonly port: number;
  /** Aborted when no other request should be begun. */
  readonly signal: AbortSignal;
  /** Counts one that came out as it should. */
  readonly done: () => void;
}

/** One kind of traffic. It throws where something is lost that should not be. */
export interface SoakLoad {
  readonly name: string;
  run(options: LoadOptions): Promise<void>;
}

const IDENTITY = {
  ca: root.certPem,
  cert: client.chainPem,
  key: client.keyPem,
};

/** Requests at a time on each HTTP/2 connection, and how many each is used for. */
const STREAMS = 10, STREAM_ROUNDS = 50;

const UPLOAD = new Uint8Array(500_000);

/** All of them, run side by side. */
export const LOADS: readonly SoakLoad[] = [
  { name: "HTTP/1.1 requests", run: (options) => http1(options, undefined) },
  { name: "HTTP/1.1 uploads", run: (options) => http1(options, UPLOAD) },
  { name: "HTTP/2 requests", run: (options) => http2Load(options, undefined) },
  { name: "HTTP/2 uploads", run: (options) => http2Load(options, UPLOAD) },
  { name: "WebSocket messages", run: webSockets },
  { name: "HTTP/1.1 disconnects", run: vanishing(vanishHttp1) },
  { name: "HTTP/2 disconnects", run: vanishing(vanishHttp2) },
  { name: "WebSocket disconnects", run: vanishing(vanishWebSocket) },
];

/** A size of answer, small as a rule. */
function someLength(): number {
  return Math.random() < 0.95
    ? Math.floor(2_000 * Math.random())
    : Math.floor(1_000_000 * Math.random());
}

function check(what: string, seen: unknown, expected: unknown): void {
  if (seen !== expected) {
    throw new Error(`${what}: expected ${expected}, not ${seen}`);
  }
}

async function http1(
  { port, signal, done }: LoadOptions,
  content: Uint8Array | undefined,
): Promise<void> {
  const agent = new https.Agent({ ...IDENTITY, keepAlive: true });
  const one = async () => {
    while (!signal.aborted) {
      const length = someLength();
      const request = https.request({
        agent,
        port,
        host: "127.0.0.1",
        servername: "localhost",
        path: content ? "/upload" : `/bytes/${length}`,
        method: content ? "PUT" : "GET",
      });
      request.end(content);
      const [response] = await once(request, "response") as [IncomingMessage];
      let octets = 0;
      let text = "";
      for await (const piece of response) {
        octets += piece.length;
        if (content) text += piece;
      }
      check("status", response.statusCode, 200);
      if (content) check("octets sent", text, String(content.length));
      else check("octets", octets, length);
      done();
      if (content) await pause(100);
    }
  };
  try {
    await Promise.all([one(), one(), one(), one()]);
  } finally {
    agent.destroy();
  }
}

async function http2Load(
  { port, signal, done }: LoadOptions,
  content: Uint8Array | undefined,
): Promise<void> {
  while (!signal.aborted) {
    const session = http2.connect(`https://127.0.0.1:${port}`, IDENTITY);
    session.on("error", () => {});
    const one = async () => {
      for (let i = 0; i < STREAM_ROUNDS && !signal.aborted; i++) {
        const length = someLength();
        const stream = session.request(
          content
            ? { ":method": "PUT", ":path": "/upload" }
            : { ":path": `/bytes/${length}` },
          { endStream: content === undefined },
        );
        if (content) stream.end(content);
        const [{ ":status": status }] = await once(stream, "response");
        let octets = 0;
        let text = "";
        for await (const piece of stream) {
          octets += piece.length;
          if (content) text += piece;
        }
        check("status", status, 200);
        if (content) check("octets sent", text, String(content.length));
        else check("octets", octets, length);
        done();
        if (content) await pause(500);
      }
    };
    await Promise.all(Array.from({ length: STREAMS }, one));
    const closed = once(session, "close");
    session.close();
    await closed;
  }
}

function vanishing(vanish: Vanishing): SoakLoad["run"] {
  return async ({ port, signal, done }) => {
    const one = async () => {
      while (!signal.aborted) {
        await vanish(port);
        done();
      }
    };
    await Promise.all([one(), one(), one(), one()]);
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
