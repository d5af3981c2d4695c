/**
 * What a proxy costs on this runtime that reads nothing of what it passes on:
 * the sidecar's own listener, door and guard, and for each client a connection
 * to the application; octets are handed over as they come. For scenario "floors".
 */
import type { AdmittedConnection } from "../src/tls/secure_connection.ts";
import { openDoor, setting } from "./floor_door.ts";

const { hostname, port } = new URL(setting("UPSTREAM_URL"));
const READ_SIZE = 16 * 1024;

await openDoor((client) => {
  splice(client).catch(() => client.destroy());
});

async function splice(client: AdmittedConnection): Promise<void> {
  using application = await Deno.connect({ hostname, port: Number(port) });
  application.setNoDelay(true);
  const back = sendBack(client, application);
  for (;;) {
    const octets = await client.read();
    if (octets === null) break;
    for (let at = 0; at < octets.length;) {
      at += await application.write(octets.subarray(at));
    }
  }
  await application.closeWrite();
  await back;
}

async function sendBack(
  client: AdmittedConnection,
  application: Deno.TcpConn,
): Promise<void> {
  const buffer = new Uint8Array(READ_SIZE);
  for (;;) {
    const count = await application.read(buffer);
    if (count === null) break;
    if (!client.write(buffer.subarray(0, count))) await client.drained();
  }
  await client.end();
}
