import type { SidecarError } from "../errors.ts";

/** What a source has to say. */
export type SourceEvent<T> =
  /** There is a new value, whole and checked. */
  | {
    readonly kind: "value";
    readonly value: T;
    /** Whether somebody asked for it to be taken, who knows what it means. */
    readonly asked?: boolean;
  }
  /** What there is now can't be used. The source itself is well. */
  | { readonly kind: "rejected"; readonly error: SidecarError };

/** Where values come from, for example a directory that is watched. */
export interface Source<T> {
  /** For logs and errors. */
  readonly name: string;
  /**
   * Begins to follow the source. The first event tells what there is now, each
   * later one that something changed, and the newest counts. Throwing here, in
   * the midst of it, and an end are failures of the source: it may be opened
   * again, once the iterable is done with.
   *
   * The iterable ends soon after `signal` is aborted, and holds nothing then.
   */
  open(signal: AbortSignal): AsyncIterable<SourceEvent<T>>;
}
