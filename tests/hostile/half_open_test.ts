import assert from "node:assert/strict";
import { limitHits } from "../support/limit_hits.ts";
import { get, ok, post } from "../support/messages.ts";
import { PlainClients } from "../support/plain_clients.ts";
import type { RawClient } from "../support/raw_client.ts";
import { Scene } from "../support/scene.ts";
import { hasTcpTable, serverDescriptors } from "../support/tcp_table.ts";
import { eventually } from "../support/waiting.ts";
import { Wire } from "../support/wire.ts";

const CHUNK = `10000\r\n${"x".repeat(0x10000)}\r\n`;

const SETTINGS = {
  HANDSHAKE_TIMEOUT_SECS: "1",
  HEADER_TIMEOUT_SECS: "1",
  BODY_TIMEOUT_SECS: "1",
  KEEP_ALIVE_TIMEOUT_SECS: "1",
};

/** An application that answers each GET, one for /endless without end, and nothing else. */
function scene(): Promise<Scene> {
  return Scene.set(async (connection) => {
    for (let head; (head = await connection.head()) !== undefined;) {
      if (head.startsWith("GET /endless ")) {
        await connection.write(
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        );
        while (await connection.write(CHUNK));
      } else if (head.startsWith("GET ")) await connection.write(ok());
    }
  }, SETTINGS);
}

/** Resolves when nothing of the sidecar's connections is left, and it still serves. */
async function nothingLeft({ sidecar }: Scene): Promise<void> {
  await sidecar.idle();
  using client = await sidecar.connect();
  await client.send(get());
  assert.equal((await client.response()).status, 200);
  client.close();
  await sidecar.idle();
  if (!hasTcpTable) return;
  await eventually(
    async () => await serverDescriptors(sidecar.port) === 0,
    "descriptors to be closed",
  );
}

interface State {
  /** What the client has sent by then. */
  readonly sent: string;
  /** Takes what must have come by then. */
  readonly reached?: (client: RawClient) => Promise<unknown>;
  /** The limit by which it is noticed that nobody is there. */
  readonly limit: string;
}

const STATES: Readonly<Record<string, State>> = {
  "before its first request": { sent: "", limit: "header_time" },
  "within a head": { sent: "GET / HTTP/1.1\r\n", limit: "header_time" },
  "within a body": { sent: post("body").slice(0, -2), limit: "body_time" },
  "within a response": {
    sent: get("/endless"),
    reached: (client) => client.head(),
    limit: "send_time",
  },
  "between requests": {
    sent: get(),
    reached: (client) => client.response(),
    limit: "idle",
  },
};

/** A client that gets into `state`, whose network then breaks, and the limits that it met. */
async function broken(
  { sent, reached }: State,
  how: "sever" | "reset",
): Promise<Readonly<Record<string, number>>> {
  await using here = await scene();
  await using wire = await Wire.to(here.sidecar.port);
  using client = await here.sidecar.connect({ port: wire.port });
  await client.send(sent);
  await reached?.(client);
  await eventually(
    () => here.sidecar.sidecar.connections.admitted === 1,
    "the client to be admitted",
  );
  wire[how]();
  await nothingLeft(here);
  return await limitHits(here.sidecar);
}

// All at once, since most of the time is spent waiting.
Deno.test("a client whose network dies is given up, whatever it was about, by the limit of that", async () => {
  await Promise.all(
    Object.entries(STATES).map(async ([name, state]) => {
      const hits = await broken(state, "sever");
      assert.deepEqual(hits, { [state.limit]: 1 }, name);
    }),
  );
});

Deno.test("a client whose connection is reset leaves nothing behind, whatever it was about", async () => {
  await Promise.all(
    Object.entries(STATES).map(async ([name, state]) => {
      assert.deepEqual(await broken(state, "reset"), {}, name);
    }),
  );
});

Deno.test("a client whose network dies within its handshake is given up", async () => {
  await using here = await scene();
  await using wire = await Wire.to(here.sidecar.port);
  using clients = await PlainClients.connect(wire.port, 1);
  clients.drip(50);
  await eventually(
    () => here.sidecar.sidecar.connections.handshaking === 1,
    "the handshake to begin",
  );
  wire.sever();
  await nothingLeft(here);
  assert.deepEqual(await limitHits(here.sidecar), { handshake_time: 1 });
});

Deno.test("clients that end their side before their hello are not waited for", async () => {
  await using here = await Scene.set(ok(), { HANDSHAKE_TIMEOUT_SECS: "600" });
  const connections = await Promise.all(
    Array.from(
      { length: 20 },
      () => Deno.connect({ hostname: "127.0.0.1", port: here.sidecar.port }),
    ),
  );
  try {
    for (const connection of connections) await connection.closeWrite();
    await nothingLeft(here);
  } finally {
    for (const connection of connections) connection.close();
  }
  assert.deepEqual(await limitHits(here.sidecar), {});
});
