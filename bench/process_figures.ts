/**
 * A clock tick of /proc/PID/stat in seconds: USER_HZ is 100 on every
 * architecture that Deno runs on.
 */
const TICK_S = 0.01;
const SAMPLE_INTERVAL_MS = 50;

/** Resident memory of a process, in MB (10^6 bytes). */
export interface Memory {
  /** VmRSS: all resident pages, those shared with others included. */
  readonly rss: number;
  /** RssAnon: what is the process's own and not backed by a file. */
  readonly anonymous: number;
}

/** User and system CPU time of all threads of process `pid` so far, in seconds. */
export function cpuSeconds(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  // The second field is the program's name in brackets and may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  if (!Number.isInteger(ticks)) {
    throw new Error(`Cannot read the CPU time of process ${pid}: "${stat}"`);
  }
  return ticks * TICK_S;
}

/** What process `pid` holds in memory now. */
export function memoryOf(pid: number): Memory {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return {
    rss: megabytes(status, "VmRSS"),
    anonymous: megabytes(status, "RssAnon"),
  };
}

/** Runs `during` and returns its result with the highest memory seen meanwhile. */
export async function withPeakMemory<T>(
  pid: number,
  during: () => Promise<T>,
): Promise<{ result: T; peak: Memory }> {
  let peak = memoryOf(pid);
  const timer = setInterval(() => {
    peak = maxMemory(peak, memoryOf(pid));
  }, SAMPLE_INTERVAL_MS);
  try {
    const result = await during();
    return { result, peak: maxMemory(peak, memoryOf(pid)) };
  } finally {
    clearInterval(timer);
  }
}

/** The higher of each of two figures. */
export function maxMemory(a: Memory, b: Memory): Memory {
  return {
    rss: Math.max(a.rss, b.rss),
    anonymous: Math.max(a.anonymous, b.anonymous),
  };
}

function megabytes(status: string, field: string): number {
  const kibibytes = new RegExp(`^${field}:\\s*(\\d+) kB$`, "m").exec(status);
  if (!kibibytes) throw new Error(`Cannot find ${field} in /proc/PID/status`);
  return Number(kibibytes[1]) * 1024 / 1e6;
}
