/** Linux's table of TCP connections over IPv4, by which leaks show. */
const TABLE = "/proc/net/tcp";

const ESTABLISHED = 0x01;
const LISTENING = 0x0a;

/** Whether this system has such a table; tests that need it are ignored without. */
export const hasTcpTable = await Deno.stat(TABLE).then(() => true, () => false);

interface Row {
  readonly localPort: number;
  readonly remotePort: number;
  readonly state: number;
  readonly inode: number;
}

/**
 * How many connections of a server at `port` a descriptor is still open for:
 * unlike the number of descriptors of the process, this one is not moved by
 * tests that run at the same moment. What the kernel alone finishes, as in
 * TIME_WAIT, has no inode and does not count.
 */
export async function serverDescriptors(port: number): Promise<number> {
  return (await rows()).filter((row) =>
    row.localPort === port && row.state !== LISTENING && row.inode !== 0
  ).length;
}

/** How many clients' connections to `port` are established. */
export async function establishedTo(port: number): Promise<number> {
  return (await rows()).filter((row) =>
    row.remotePort === port && row.state === ESTABLISHED
  ).length;
}

async function rows(): Promise<Row[]> {
  const [, ...lines] = (await Deno.readTextFile(TABLE)).trim().split("\n");
  return lines.map((line) => {
    const [, local = "", remote = "", state = "", , , , , , inode] = line.trim()
      .split(/\s+/);
    return {
      localPort: portOf(local),
      remotePort: portOf(remote),
      state: parseInt(state, 16),
      inode: Number(inode),
    };
  });
}

/** The port of `0100007F:1F90`. */
function portOf(endpoint: string): number {
  return parseInt(endpoint.split(":")[1] ?? "", 16);
}
