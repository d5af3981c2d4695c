import {
  type FileRecipe,
  type Followed,
  followFiles,
  type InForce,
} from "./followed_store.ts";
import { SealKeys } from "./identity/seal/seal_keys.ts";
import type { Logger } from "./log.ts";
import type { Store } from "./material/store.ts";
import type { Journal } from "./observations/journal.ts";

/** Seal keys that follow their file. */
export interface FollowedSealKeys extends Followed {
  readonly store: Store<SealKeys>;
}

/** Key files are a few lines; what is larger is none. */
export const MAX_KEY_FILE_OCTETS = 16 * 1024;

/**
 * Reads the keys of `SEAL_KEY_FILE`, and follows that. Rejects with
 * `SidecarError` where it cannot be read at first.
 */
export async function followSealKeys(
  file: string,
  { pollMs, inForce, log, journal }: {
    /** How often the content is compared beside the watch, in milliseconds. */
    pollMs: number;
    inForce: InForce<SealKeys, FileRecipe>;
    log: Logger;
    journal: Journal;
  },
): Promise<FollowedSealKeys> {
  return await followFiles<SealKeys>({
    name: "seal keys",
    paths: [file],
    pollMs,
    maxOctets: MAX_KEY_FILE_OCTETS,
    parse: (contents, now) => sealKeysOf(file, { contents, now }),
    // The beginning of a key that is half written can be a key: none counts before
    // it has been the same for a while.
    shrinks: () => true,
    inForce,
    tell: {
      loaded: ({ count }) => log.info("seal keys loaded", { keys: count }),
      reloaded: ({ count }) => log.info("seal keys reloaded", { keys: count }),
      detail: ({ count }) => `${count} keys`,
    },
    log,
    journal,
  });
}

/** The keys of `SEAL_KEY_FILE`. Throws `SEAL_KEY_INVALID`. */
export function sealKeysOf(file: string, { contents }: FileRecipe): SealKeys {
  return SealKeys.parse(new TextDecoder().decode(contents.get(file)));
}
