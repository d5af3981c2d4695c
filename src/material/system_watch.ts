import type { Watcher, WatchSystem } from "./watch.ts";

type Event = Pick<Deno.FsEvent, "kind" | "paths">;

/**
 * The system's own. Fails as `Deno.watchFs` and `Deno.stat` do.
 *
 * The runtime's watch opens what appears in its directory, and waits for ever
 * where that is a FIFO without a writer; closing the watch then waits for it,
 * with the whole process. So a directory with anything but files, directories
 * and links in it is not watched (whoever follows it has to look), and a watch
 * in whose directory such a thing was seen is left open rather than closed. What
 * waits then may wait for ever, and whatever else is asked of the runtime's
 * watches with it: from then on this process watches no directory more.
 */
export const systemWatch: WatchSystem = {
  watch(directory) {
    if (anyLeftOpen) {
      throw new Error(
        "a FIFO, a socket or a device was in a watched directory",
      );
    }
    return new SystemWatcher(directory);
  },
  async identity(directory) {
    if (await nowHoldsSpecialFile(directory)) {
      throw new Error("it holds a FIFO, a socket or a device");
    }
    const { dev, ino, birthtime } = await Deno.stat(directory);
    // A directory made at once after another's removal often has its number.
    return `${dev} ${ino} ${birthtime?.getTime()}`;
  },
};

/** Whether a watch was left open, and no other may be made or closed. */
let anyLeftOpen = false;

/**
 * The watches that are open, by their directory. The runtime has one of the
 * system's for all on the same path, and makes another only when the last of
 * them is closed: one that stayed open on a directory that was replaced would
 * leave each new one deaf. So they are closed together.
 */
const open = new Map<string, Set<SystemWatcher>>();

class SystemWatcher implements Watcher {
  readonly #directory: string;
  readonly #watcher: Deno.FsWatcher;
  #closed = false;
  /** Ends the wait for the next event of a watch that is left open. */
  #wake: (() => void) | undefined;

  constructor(directory: string) {
    this.#directory = directory;
    this.#watcher = Deno.watchFs(directory, { recursive: false });
    open.set(directory, (open.get(directory) ?? new Set()).add(this));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Event> {
    const events = this.#watcher[Symbol.asyncIterator]();
    while (!this.#closed) {
      const next = Promise.withResolvers<IteratorResult<Event>>();
      this.#wake = () => next.resolve({ done: true, value: undefined });
      events.next().then(next.resolve, next.reject);
      const result = await next.promise;
      if (result.done) return;
      yield result.value;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    anyLeftOpen ||= holdsSpecialFile(this.#directory);
    // Closed, it ends the wait itself, when the system's watch is gone.
    if (anyLeftOpen) this.#wake?.();
    else this.#watcher.close();
    const together = open.get(this.#directory);
    open.delete(this.#directory);
    for (const watcher of together ?? []) watcher.close();
  }
}

/** Where there is no time to wait. False for a directory that can't be read. */
function holdsSpecialFile(directory: string): boolean {
  try {
    return Deno.readDirSync(directory).some(isSpecial);
  } catch {
    return false;
  }
}

/** The same, and a file system that does not answer keeps nobody but the caller. */
async function nowHoldsSpecialFile(directory: string): Promise<boolean> {
  try {
    for await (const entry of Deno.readDir(directory)) {
      if (isSpecial(entry)) return true;
    }
  } catch {
    // The caller finds that out by itself.
  }
  return false;
}

function isSpecial({ isFile, isDirectory, isSymlink }: Deno.DirEntry): boolean {
  return !isFile && !isDirectory && !isSymlink;
}
