import type { Clock } from "./clock.ts";
import { changedFiles, type FileDigests } from "./file_digests.ts";

/** When a {@linkcode Confirmation} is due. */
export interface ConfirmationOptions {
  readonly clock: Clock;
  /** How long the files must have been the same, in milliseconds. */
  readonly afterMs: number;
  /** It is time to read again. Must not throw. */
  onRipe(): void;
}

/** Takes files for meant when they are the same a while later. What is half written is not. */
export class Confirmation {
  readonly #options: ConfirmationOptions;
  #awaited: Awaited | undefined;

  constructor(options: ConfirmationOptions) {
    this.#options = options;
  }

  /** Whether these are the files that were seen long enough ago. Otherwise the wait is on. */
  confirms(digests: FileDigests): boolean {
    const earlier = this.#awaited;
    if (earlier && changedFiles(earlier.digests, digests).length === 0) {
      return earlier.ripe;
    }
    this.forget();
    const { clock, afterMs, onRipe } = this.#options;
    const awaited: Awaited = {
      digests,
      ripe: false,
      cancel: clock.after(afterMs, () => {
        awaited.ripe = true;
        onRipe();
      }),
    };
    this.#awaited = awaited;
    return false;
  }

  /** Ends the wait: other files are there, or they count without it. */
  forget(): void {
    this.#awaited?.cancel();
    this.#awaited = undefined;
  }
}

interface Awaited {
  readonly digests: FileDigests;
  /** Whether they were read long enough ago. */
  ripe: boolean;
  readonly cancel: () => void;
}
