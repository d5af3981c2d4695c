import { resolve } from "node:path";
import type { AnswerLimit } from "./answer_limit.ts";
import type { Clock } from "./clock.ts";
import { DirectoryWatch, type WatchSystem } from "./watch.ts";

/** How changes are noticed: by a watch with a slow poll beside it, or by a fast poll alone. */
export type FollowMode = "watch" | "poll";

/** Whom {@linkcode DirectoryWatches} tell. */
export interface DirectoryWatchesOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly system: WatchSystem;
  /** What bounds the wait for the identity of a directory. */
  readonly limit: AnswerLimit;
  /** Something may have changed. Must not throw. */
  onEvent(): void;
  /** A watch came or was lost: what all of them are good for now, with the reason of `poll`. Must not throw. */
  onMode(mode: FollowMode, reason?: string): void;
}

/** A watch on each of several directories. One that is down makes polling of all. */
export class DirectoryWatches {
  readonly #watches: readonly DirectoryWatch[];
  readonly #options: DirectoryWatchesOptions;

  constructor(
    directories: readonly string[],
    options: DirectoryWatchesOptions,
  ) {
    const { clock, signal, system, limit, onEvent } = options;
    this.#options = options;
    const bounded: WatchSystem = {
      watch: (path) => system.watch(path),
      identity: (path) =>
        limit.ask(`identify ${path}`, () => system.identity(path), signal),
    };
    const paths = new Set(directories.map((path) => resolve(path)));
    this.#watches = [...paths].map((path) =>
      new DirectoryWatch(path, {
        clock,
        signal,
        system: bounded,
        onEvent,
        onState: () => this.#tellMode(),
      })
    );
  }

  /** Watches until the signal is aborted, and leaves nothing open then. */
  async run(): Promise<void> {
    await Promise.all(this.#watches.map((watch) => watch.run()));
  }

  #tellMode(): void {
    if (this.#watches.some(({ state }) => state === undefined)) return;
    const down = this.#watches.find(({ state }) => state === "down");
    if (down === undefined) this.#options.onMode("watch");
    else this.#options.onMode("poll", down.problem);
  }
}
