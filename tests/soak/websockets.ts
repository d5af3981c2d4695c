import { Buffer } from "node:buffer";
import { once } from "node:events";
// @ts-types="npm:@types/ws@8.18.2"
import { WebSocket } from "ws";
import { client, root } from "../support/sidecar.ts";
import type { LoadOptions } from "./loads.ts";
import type { Vanishing } from "./vanish.ts";

const IDENTITY = {
  ca: root.certPem,
  cert: client.chainPem,
  key: client.keyPem,
};

/** How many messages each connection carries, of what size at most, in octets. */
const MESSAGES = 50, MAX_OCTETS = 100_000;

async function connect(port: number): Promise<WebSocket> {
  const socket = new WebSocket(`wss://127.0.0.1:${port}/echo`, IDENTITY);
  await once(socket, "open");
  return socket;
}

/** Messages that must come back as they were sent, on connections that end in order. */
export async function webSockets(
  { port, signal, done }: LoadOptions,
): Promise<void> {
  const one = async () => {
    while (!signal.aborted) {
      const socket = await connect(port);
      for (let i = 0; i < MESSAGES && !signal.aborted; i++) {
        const sent = Buffer.alloc(Math.floor(MAX_OCTETS * Math.random()), i);
        socket.send(sent);
        const [echoed] = await once(socket, "message") as [Buffer];
        if (!sent.equals(echoed)) throw new Error("the echo is another");
        done();
      }
      socket.close();
      await once(socket, "close");
    }
  };
  await Promise.all([one(), one(), one(), one()]);
}

/** Over a WebSocket, with a message on its way. */
export const vanishWebSocket: Vanishing = async (port) => {
  const socket = await connect(port);
  socket.on("error", () => {});
  socket.send(Buffer.alloc(MAX_OCTETS));
  if (Math.random() < 0.5) await once(socket, "message");
  const closed = once(socket, "close");
  socket.terminate();
  await closed;
};
