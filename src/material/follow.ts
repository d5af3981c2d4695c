import { type ErrorCode, SidecarError } from "../errors.ts";
import { type Clock, wait } from "./clock.ts";
import type { Source, SourceEvent } from "./source.ts";

/** How long to wait before a failed source is opened again, in milliseconds. Doubles each time. */
const MIN_BACKOFF_MS = 10;
const MAX_BACKOFF_MS = 10_000;

/** Whom {@linkcode follow} tells. Neither function may throw. */
export interface FollowOptions<T> {
  readonly clock: Clock;
  onEvent(event: SourceEvent<T>): void;
  /** The source failed after its first value, and is opened again after a while. */
  onFailure(error: SidecarError): void;
}

/** A source that is being followed. */
export interface Following {
  /**
   * Resolves once the first value was told. Rejects where the source can't be
   * opened (`SOURCE_NOT_BUILT`), ends (`SOURCE_ENDED`) or fails (`SOURCE_FAILED`)
   * before it, with the error of the load where the first event is a rejection,
   * and with an AbortError where it was stopped; then nothing is left running.
   */
  readonly first: Promise<void>;
  /** Resolves when nothing is left running. Nothing is told from the call on. */
  stop(): Promise<void>;
}

/**
 * Follows a source: hands its events on in their order, and opens it again when
 * it fails or ends after its first value. Only one iteration is under way at a
 * time, so nothing of an earlier one comes after something of a later one.
 */
export function follow<T>(
  source: Source<T>,
  { clock, onEvent, onFailure }: FollowOptions<T>,
): Following {
  const controller = new AbortController();
  const { signal } = controller;
  const first = Promise.withResolvers<void>();
  let hasValue = false;
  let backoffMs = MIN_BACKOFF_MS;

  async function run(): Promise<void> {
    while (!signal.aborted) {
      const failure = await iterate();
      if (signal.aborted) break;
      if (!hasValue) return first.reject(failure);
      onFailure(failure);
      const delayMs = backoffMs;
      backoffMs = Math.min(2 * backoffMs, MAX_BACKOFF_MS);
      await wait(delayMs, { clock, signal });
    }
    first.reject(signal.reason);
  }

  /** Opens the source once. Resolves to why that is over. */
  async function iterate(): Promise<SidecarError> {
    let events: AsyncIterable<SourceEvent<T>>;
    try {
      events = source.open(signal);
    } catch (cause) {
      return failure("SOURCE_NOT_BUILT", cause);
    }
    try {
      for await (const event of events) {
        if (signal.aborted) break;
        if (event.kind === "rejected" && !hasValue) return event.error;
        onEvent(event);
        if (event.kind === "rejected") continue;
        // Not when it was opened: a source that opens and fails would spin.
        backoffMs = MIN_BACKOFF_MS;
        hasValue = true;
        first.resolve();
      }
    } catch (cause) {
      return failure("SOURCE_FAILED", cause);
    }
    return failure("SOURCE_ENDED");
  }

  function failure(code: ErrorCode, cause?: unknown): SidecarError {
    const problem = cause === undefined
      ? "it ended"
      : cause instanceof Error
      ? cause.message
      : String(cause);
    const what = code === "SOURCE_NOT_BUILT" ? "open" : "follow";
    return new SidecarError(
      code,
      `Cannot ${what} source "${source.name}": ${problem}`,
      { cause },
    );
  }

  const ended = run();
  return {
    first: first.promise,
    stop() {
      controller.abort();
      return ended;
    },
  };
}
