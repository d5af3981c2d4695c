import { SidecarError } from "../errors.ts";
import { AnswerLimit } from "./answer_limit.ts";
import { type Clock, systemClock } from "./clock.ts";
import { Confirmation } from "./confirmation.ts";
import { Debounce } from "./debounce.ts";
import { DirectoryWatches, type FollowMode } from "./directory_watches.ts";
import { changedFiles, type FileDigests } from "./file_digests.ts";
import { disk, type FileSystem } from "./files.ts";
import type { SourceEvent } from "./source.ts";
import { systemWatch } from "./system_watch.ts";
import type { WatchSystem } from "./watch.ts";

/** Files that are rotated change one after the other, and seldom more slowly than this. */
const QUIET_MS = 150;
/** A directory in which something always happens must be loaded all the same. */
const MAX_QUIET_MS = 2_000;
/** How often the content is compared where there is no watch. */
const UNWATCHED_POLL_MS = 1_000;

/** How files are followed. */
export interface FollowedFilesOptions {
  /** How often the content is compared beside the watch, in milliseconds. */
  readonly pollMs: number;
  readonly clock?: Clock;
  /** The disk, unless a test puts another in its place. */
  readonly fs?: FileSystem;
  readonly watchSystem?: WatchSystem;
  /** Called when the mode is known and whenever it changes, with the reason of `poll`. Must not throw. */
  onMode?(mode: FollowMode, reason?: string): void;
}

/** What was read. */
export interface Digested {
  /** Of every file. */
  readonly digests: FileDigests;
}

/** What was read, and is good for use. */
export interface Loaded extends Digested {
  /** From when on the same files give another value, in milliseconds since the epoch; Infinity for never. */
  readonly changesAt: number;
}

/** In what circumstances files are judged. */
export interface LoadContext<V> {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The last that was built and counts; undefined at start. */
  readonly last: V | undefined;
  /** Whether somebody asked for what is there to be taken as meant. */
  readonly asked: boolean;
}

/** What {@linkcode FollowedFiles} must know of the files and of what is made of them. */
export interface Loader<R extends Digested, V extends Loaded> {
  /** The directories whose changes may be changes of the files. */
  readonly directories: readonly string[];
  /** Reads the files. Fails with a `SidecarError` where it can't. */
  read(fs: FileSystem, last: V | undefined): Promise<R>;
  /** Judges what was read. Throws a `SidecarError` for what can't be used, or has lost a file of `last`. */
  build(read: R, context: LoadContext<V>): V;
  /** Whether the change takes trust away, so that files half written must not pass for it. */
  loses(last: V, value: V): boolean;
  /** Whether there is nothing to tell. */
  same(last: V, value: V): boolean;
}

/**
 * Follows files, and loads them anew when they change. Their content decides:
 * neither an unrelated file nor one that was written again as it was makes an
 * event. A rejection is told once, and not at every look.
 *
 * Files by which something is lost count when they are the same 150 ms later,
 * unless `reload()` asked for them: in the midst of a change, what is half
 * written would pass for the whole.
 *
 * A file system that does not answer for 10 s is a rejection too, and does not
 * hold up the end.
 */
export class FollowedFiles<R extends Digested, V extends Loaded> {
  readonly #loader: Loader<R, V>;
  readonly #options: FollowedFilesOptions;
  readonly #clock: Clock;
  readonly #limit: AnswerLimit;
  readonly #confirmation: Confirmation;
  #mode: FollowMode | undefined;
  #last: V | undefined;
  /** What tells the last rejection from others, if it came after `#last`. */
  #rejection: string | undefined;
  #due: "look" | "reload" | undefined;
  #wake: (() => void) | undefined;

  constructor(loader: Loader<R, V>, options: FollowedFilesOptions) {
    this.#loader = loader;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#limit = new AnswerLimit(this.#clock);
    this.#confirmation = new Confirmation({
      clock: this.#clock,
      afterMs: QUIET_MS,
      onRipe: () => this.#trigger("look"),
    });
  }

  /** Undefined until it is known. */
  get mode(): FollowMode | undefined {
    return this.#mode;
  }

  /** Loads at once, takes what is there as meant, and tells of it even if nothing changed. */
  reload(): void {
    this.#trigger("reload");
  }

  /** Follows the files, as a {@linkcode Source} does. */
  async *open(signal: AbortSignal): AsyncGenerator<SourceEvent<V>> {
    const own = new AbortController();
    const ending = AbortSignal.any([signal, own.signal]);
    const debounce = new Debounce(() => this.#trigger("look"), {
      clock: this.#clock,
      quietMs: QUIET_MS,
      maxMs: MAX_QUIET_MS,
    });
    const running = this.#watches(ending, debounce).run();
    const wake = () => this.#wake?.();
    ending.addEventListener("abort", wake);
    this.#due = undefined;
    try {
      let asked = false;
      for (let told = false; !signal.aborted;) {
        const event = await this.#look({ asked, tell: asked || !told, ending });
        if (signal.aborted) return;
        if (event !== undefined) {
          told = true;
          yield event;
        }
        asked = await this.#wait(ending, debounce);
      }
    } finally {
      own.abort();
      await running;
      debounce.cancel();
      this.#confirmation.forget();
    }
  }

  #watches(signal: AbortSignal, debounce: Debounce): DirectoryWatches {
    return new DirectoryWatches(this.#loader.directories, {
      clock: this.#clock,
      signal,
      system: this.#options.watchSystem ?? systemWatch,
      limit: this.#limit,
      onEvent: () => debounce.touch(),
      onMode: (mode, reason) => {
        if (mode === this.#mode) return;
        this.#mode = mode;
        this.#options.onMode?.(mode, reason);
        // For the interval of the poll, which is another now.
        this.#wake?.();
      },
    });
  }

  #trigger(due: "look" | "reload"): void {
    if (this.#due !== "reload") this.#due = due;
    this.#wake?.();
  }

  /** Resolves when it is time to look, to whether that was asked for. */
  async #wait(signal: AbortSignal, debounce: Debounce): Promise<boolean> {
    while (this.#due === undefined && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const cancel = this.#clock.after(
        this.#pollMs(),
        () => {
          // In the midst of a change; the debounce looks in a while.
          if (!debounce.pending) this.#trigger("look");
        },
      );
      await promise;
      cancel();
    }
    const asked = this.#due === "reload";
    this.#due = undefined;
    return asked;
  }

  #pollMs(): number {
    const pollMs = this.#mode === "poll"
      ? UNWATCHED_POLL_MS
      : this.#options.pollMs;
    const changesInMs = (this.#last?.changesAt ?? 0) - this.#clock.now();
    // What is overdue was rejected, and would be again at once.
    return changesInMs > 0 ? Math.min(pollMs, changesInMs) : pollMs;
  }

  /**
   * Reads what is on disk, and judges it where it or what it is worth has
   * changed. Undefined where there is nothing new to tell, unless `tell` is set,
   * and where it must be read again.
   */
  async #look(
    { asked, tell, ending }: {
      asked: boolean;
      tell: boolean;
      ending: AbortSignal;
    },
  ): Promise<SourceEvent<V> | undefined> {
    const loader = this.#loader;
    const last = this.#last;
    const now = this.#clock.now();
    const quiet = !tell && this.#rejection === undefined;
    let digests: FileDigests | undefined;
    try {
      const { fs = disk } = this.#options;
      const read = await loader.read(this.#limit.files(fs, ending), last);
      digests = read.digests;
      if (
        quiet && last && now < last.changesAt &&
        changedFiles(last.digests, digests).length === 0
      ) {
        this.#confirmation.forget();
        return undefined;
      }
      const value = loader.build(read, { now, last, asked });
      if (last && !asked && !this.#counts(last, value)) return undefined;
      this.#confirmation.forget();
      this.#last = value;
      this.#rejection = undefined;
      if (quiet && last && loader.same(last, value)) return undefined;
      return { kind: "value", value, asked };
    } catch (error) {
      if (!(error instanceof SidecarError)) throw error;
      this.#confirmation.forget();
      // Messages on validity tell the time, and are never twice the same.
      const rejection = JSON.stringify([error.code, digests ?? error.message]);
      if (!tell && rejection === this.#rejection) return undefined;
      this.#rejection = rejection;
      return { kind: "rejected", error };
    }
  }

  /** Whether `value` may count now. Where it may not, there is another look when it may. */
  #counts(last: V, value: V): boolean {
    return changedFiles(last.digests, value.digests).length === 0 ||
      !this.#loader.loses(last, value) ||
      this.#confirmation.confirms(value.digests);
  }
}
