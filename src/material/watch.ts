import { type Clock, wait } from "./clock.ts";
import { unreadableReason } from "./files.ts";

/** A watch that was lost is tried so often at first, so much later each time, in milliseconds. */
const TRIES = 5;
const TRY_STEP_MS = 50;
/** The time between tries after that. */
const RETRY_MS = 1_000;
/** How often a watched directory is compared with the one that is at its path, in milliseconds. */
const CHECK_MS = 1_000;

/** What is needed of `Deno.FsWatcher`. */
export type Watcher =
  & AsyncIterable<Pick<Deno.FsEvent, "kind" | "paths">>
  & Pick<Deno.FsWatcher, "close">;

/** What is asked of the system, so that tests can put another in its place. */
export interface WatchSystem {
  /** Watches what happens in a directory and not beneath it. May throw. */
  watch(directory: string): Watcher;
  /** What tells a directory from another that took its place. Fails where there is none. */
  identity(directory: string): Promise<string>;
}

/**
 * - `absent`: the directory has never been there
 * - `watched`: the watch is on, or was lost less than a second ago
 * - `down`: there is no watch, and whoever wants to know has to look
 */
export type WatchState = "absent" | "watched" | "down";

/** Whom a {@linkcode DirectoryWatch} tells. */
export interface DirectoryWatchOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly system: WatchSystem;
  /** Something may have changed. Must not throw. */
  onEvent(): void;
  /** `state` is another than before. Must not throw. */
  onState(): void;
}

/**
 * Keeps a watch on a directory. The system watches the directory and not its
 * path: where the directory is removed or another one takes its place, the watch
 * falls silent for ever. So it is set up again, until it succeeds.
 *
 * The event of that may be missing: none is made where a directory above is
 * renamed, and the runtime asks twice whether an event's path exists and drops
 * the event where the new directory comes between. So the directory is compared
 * with the one at its path every second too.
 */
export class DirectoryWatch {
  /** Absolute, as it stands in events. */
  readonly path: string;
  readonly #options: DirectoryWatchOptions;
  #state: WatchState | undefined;
  #problem: string | undefined;
  #armed: { watcher: Watcher; identity: string } | undefined;

  constructor(path: string, options: DirectoryWatchOptions) {
    this.path = path;
    this.#options = options;
  }

  /** Undefined before the first attempt. */
  get state(): WatchState | undefined {
    return this.#state;
  }

  /** Why there is no watch, for the log; undefined where there is one. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Watches until the signal is aborted, and leaves nothing open then. */
  async run(): Promise<void> {
    const { clock, signal, onEvent } = this.#options;
    for (let failures = 0; !signal.aborted;) {
      try {
        const watcher = await this.#arm();
        failures = 0;
        this.#become("watched");
        // For what changed before the watch was on.
        onEvent();
        await this.#listen(watcher);
      } catch (error) {
        failures++;
        this.#missed(error, failures);
      }
      await wait(
        failures < TRIES ? TRY_STEP_MS * (failures + 1) : RETRY_MS,
        { clock, signal },
      );
    }
  }

  async #arm(): Promise<Watcher> {
    const { system } = this.#options;
    const identity = await system.identity(this.path);
    const watcher = system.watch(this.path);
    this.#armed = { watcher, identity };
    // Another directory may have come to the path between the two.
    await this.#check();
    return watcher;
  }

  /** Resolves when the watch is closed or its directory is not at its path any more. */
  async #listen(watcher: Watcher): Promise<void> {
    const { signal, onEvent } = this.#options;
    const close = () => watcher.close();
    signal.addEventListener("abort", close);
    const ended = new AbortController();
    try {
      if (signal.aborted) return;
      this.#keepChecking(ended.signal);
      for await (const { kind, paths } of watcher) {
        onEvent();
        // Its identity would not tell where the birth time is unknown.
        if (kind === "remove" && paths.includes(this.path)) return;
        await this.#check();
      }
    } finally {
      this.#armed = undefined;
      ended.abort();
      signal.removeEventListener("abort", close);
      close();
      if (!signal.aborted) onEvent();
    }
  }

  async #keepChecking(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await wait(CHECK_MS, { clock: this.#options.clock, signal });
      await this.#check();
    }
  }

  /** Ends a watch whose directory is not at its path any more. */
  async #check(): Promise<void> {
    const armed = this.#armed;
    if (armed === undefined) return;
    const identity = await this.#options.system.identity(this.path)
      .catch(() => undefined);
    if (identity !== armed.identity) armed.watcher.close();
  }

  #missed(error: unknown, failures: number): void {
    const notFound = error instanceof Deno.errors.NotFound;
    if (this.#state === "watched" && failures < TRIES) return;
    const problem = `"${this.path}": ${watchProblem(error)}`;
    const neverThere = this.#state === undefined || this.#state === "absent";
    this.#become(notFound && neverThere ? "absent" : "down", problem);
  }

  #become(state: WatchState, problem?: string): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#problem = problem;
    this.#options.onState();
  }
}

/** The runtime tells in words alone that the system's watches are used up. */
function watchProblem(error: unknown): string {
  const reason = unreadableReason(error);
  return reason === "input/output error" && error instanceof Error
    ? error.message
    : reason;
}
