import type { Kind } from "./kinds.ts";

/** One setting: the environment variable, the flag that mirrors it, the default. */
export interface Setting<T> {
  /** The environment variable. The flag is derived from it: `VIA` is `--via`. */
  readonly variable: string;
  readonly kind: Kind<T>;
  /** Read by `kind` like any other text, so that it can't escape its bounds. */
  readonly default: string;
  /** The heading it stands under in the help text. */
  readonly group: string;
  /** One sentence without a full stop. */
  readonly description: string;
}

/** Lets T be inferred entry by entry, which a type over the whole table could not. */
export function setting<T>(entry: Setting<T>): Setting<T> {
  return Object.freeze(entry);
}
