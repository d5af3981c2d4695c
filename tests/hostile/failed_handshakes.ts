/**
 * Has handshakes fail at a sidecar, and prints how many octets of heap each of
 * them still holds when all are over. In a process of its own, which must expose
 * its garbage collection.
 */
import { TestSidecar } from "../support/sidecar.ts";

const HANDSHAKES = 500;
/** No TLS: a failure that costs its client next to nothing. */
const GARBAGE = new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n");

async function fail(sidecar: TestSidecar): Promise<void> {
  for (let i = 0; i < HANDSHAKES; i++) {
    const { port } = sidecar;
    const client = await Deno.connect({ hostname: "127.0.0.1", port });
    await client.write(GARBAGE);
    // Until the sidecar has closed it.
    const rest = new Uint8Array(512);
    while (await client.read(rest).catch(() => null) !== null);
    client.close();
  }
  await sidecar.idle();
  sidecar.events.length = 0;
}

function heapUsed(): number {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) throw new Error("Run with --v8-flags=--expose-gc");
  gc();
  return Deno.memoryUsage().heapUsed;
}

await using sidecar = await TestSidecar.start();
await fail(sidecar);
const before = heapUsed();
await fail(sidecar);
console.log((heapUsed() - before) / HANDSHAKES);
