/** What a process holds. */
export interface ProcessFigures {
  readonly openFiles: number;
  /** RSS, in octets. */
  readonly memory: number;
}

/** What a process holds now, as Linux tells it. */
export async function figuresOf(pid: number): Promise<ProcessFigures> {
  const open = await Array.fromAsync(Deno.readDir(`/proc/${pid}/fd`));
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return { openFiles: open.length, memory: 1024 * Number(kilobytes) };
}
