import type { Deadlines } from "../deadlines.ts";
import type { Transport } from "../http/server_connection.ts";

/** For how much, and how long, input is drained after our side was ended. */
const LINGER = { ms: 5_000, octets: 8 * 1024 * 1024 } as const;

/**
 * Ends our side, and drains input until the peer has had time to read what was
 * sent: closed with input unread, the connection would be reset. Cuts it where
 * what was written has not left after `sendMs` milliseconds.
 */
export async function linger(
  transport: Transport,
  { deadlines, sendMs }: { deadlines: Deadlines; sendMs: number },
): Promise<void> {
  const deadline = deadlines.add(() => transport.destroy());
  deadline.arm(sendMs);
  const sent = transport.end().then(() => deadline.arm(LINGER.ms));
  for (let drained = 0; drained <= LINGER.octets;) {
    const octets = await transport.read();
    if (octets === null) break;
    drained += octets.length;
  }
  await sent;
  deadlines.remove(deadline);
}
