/**
 * What TLS alone costs on this runtime: the sidecar's own listener, door and
 * guard, which decrypt; then nothing but a search for the end of a head, and an
 * answer from memory. No application is asked. For scenario "floors".
 */
import type { AdmittedConnection } from "../src/tls/secure_connection.ts";
import { openDoor } from "./floor_door.ts";

const BODY = "0123456789".repeat(10);
const ANSWER = new TextEncoder().encode(
  `HTTP/1.1 200 OK\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
);

await openDoor((connection) => {
  answer(connection).catch(() => connection.destroy());
});

/** A request of wrk is one read: its end is that of the read. */
async function answer(connection: AdmittedConnection): Promise<void> {
  for (;;) {
    const octets = await connection.read();
    if (octets === null) break;
    if (octets.at(-1) !== 10) continue;
    if (!connection.write(ANSWER)) await connection.drained();
  }
  await connection.end();
}
