import type { Clock } from "./clock.ts";
import type { FileSystem } from "./files.ts";

/** How long the file system may take for one answer, in milliseconds. */
const LIMIT_MS = 10_000;

/**
 * Bounds the wait for a file system, which may never answer: one of the network
 * that is gone, or a FIFO that took a file's place. What is asked cannot be
 * taken back and holds a thread of the runtime, so it is not asked again while
 * its answer is overdue.
 */
export class AnswerLimit {
  readonly #clock: Clock;
  readonly #overdue = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `fs`, of which each call is bounded as {@linkcode AnswerLimit.ask} does. */
  files(fs: FileSystem, signal: AbortSignal): FileSystem {
    return {
      list: (directory) =>
        this.ask(`list ${directory}`, () => fs.list(directory), signal),
      read: (path, maxOctets) =>
        this.ask(`read ${path}`, () => fs.read(path, maxOctets), signal),
    };
  }

  /**
   * The answer to `question`, which names what `start` asks. Rejects with
   * `Deno.errors.TimedOut` after 10 s, and at once while an earlier answer to
   * the same question is overdue; with the signal's reason when it is aborted.
   */
  async ask<T>(
    question: string,
    start: () => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    signal.throwIfAborted();
    if (this.#overdue.has(question)) throw new Deno.errors.TimedOut();
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort);
    const cancel = this.#clock.after(LIMIT_MS, () => {
      this.#overdue.add(question);
      reject(new Deno.errors.TimedOut());
    });
    start().finally(() => this.#overdue.delete(question)).then(resolve, reject);
    try {
      return await promise;
    } finally {
      cancel();
      signal.removeEventListener("abort", abort);
    }
  }
}
