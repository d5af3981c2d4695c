/** What a thread did with the time since its start, in seconds. */
export interface ThreadTimes {
  readonly name: string;
  /** On a core. */
  readonly ran: number;
  /** Ready to run, while others had the cores. */
  readonly waited: number;
}

/** What the threads of a process did, by their id. */
export type TimesById = ReadonlyMap<number, ThreadTimes>;

/** The times of all threads of process `pid` so far. */
export function threadTimes(pid: number): TimesById {
  const threads = new Map<number, ThreadTimes>();
  for (const { name: id } of Deno.readDirSync(`/proc/${pid}/task`)) {
    const thread = `/proc/${pid}/task/${id}`;
    try {
      const [ran, waited] = Deno.readTextFileSync(`${thread}/schedstat`)
        .split(" ").map((nanoseconds) => Number(nanoseconds) / 1e9);
      const name = Deno.readTextFileSync(`${thread}/comm`).trim();
      threads.set(Number(id), { name, ran: ran ?? NaN, waited: waited ?? NaN });
    } catch (error) {
      // Helper threads of the runtime come and go.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return threads;
}

/** What the threads that there still are did between two readings. */
export function timesBetween(before: TimesById, after: TimesById): TimesById {
  return new Map(
    [...after].map(([id, { name, ran, waited }]) => {
      const was = before.get(id) ?? { ran: 0, waited: 0 };
      return [id, { name, ran: ran - was.ran, waited: waited - was.waited }];
    }),
  );
}
