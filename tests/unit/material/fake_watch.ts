import type { Watcher, WatchSystem } from "../../../src/material/watch.ts";

type Event = Pick<Deno.FsEvent, "kind" | "paths">;

/** Directories that are there, go and come, and can be watched or not, as a test says. */
export class FakeWatch implements WatchSystem {
  /** The identity of each directory that is there. */
  readonly directories = new Map<string, string>();
  /** Thrown instead of a watch, where it is set. */
  refuse: unknown;
  /** How often a watch was asked for. */
  attempts = 0;
  readonly #open = new Map<FakeWatcher, string>();

  constructor(...directories: string[]) {
    for (const path of directories) this.directories.set(path, "1");
  }

  /** The directories of the watches that are open. */
  get open(): string[] {
    return [...this.#open.values()];
  }

  watch(directory: string): Watcher {
    this.attempts++;
    if (this.refuse !== undefined) throw this.refuse;
    const watcher = new FakeWatcher(() => void this.#open.delete(watcher));
    this.#open.set(watcher, directory);
    return watcher;
  }

  identity(directory: string): Promise<string> {
    const identity = this.directories.get(directory);
    return identity === undefined
      ? Promise.reject(new Deno.errors.NotFound())
      : Promise.resolve(identity);
  }

  /** Something happened in `directory`, as its watches see it. */
  emit(
    directory: string,
    { kind = "modify", path = `${directory}/file` }: Partial<
      { kind: Deno.FsEvent["kind"]; path: string }
    > = {},
  ): void {
    for (const [watcher, watched] of this.#open) {
      if (watched === directory) watcher.push({ kind, paths: [path] });
    }
  }
}

class FakeWatcher implements Watcher {
  readonly #events: Event[] = [];
  readonly #onClose: () => void;
  #closed = false;
  #wake: (() => void) | undefined;

  constructor(onClose: () => void) {
    this.#onClose = onClose;
  }

  push(event: Event): void {
    this.#events.push(event);
    this.#wake?.();
  }

  close(): void {
    this.#closed = true;
    this.#onClose();
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Event> {
    for (;;) {
      const event = this.#events.shift();
      if (event !== undefined) yield event;
      else if (this.#closed) return;
      else await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}
