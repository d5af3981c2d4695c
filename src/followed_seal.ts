import { type Followed, followFiles } from "./followed_store.ts";
import { SealKeys } from "./identity/seal/seal_keys.ts";
import { Sealer } from "./identity/seal/signer.ts";
import type { Logger } from "./log.ts";
import type { Journal } from "./observations/journal.ts";

/** A sealer whose keys follow their file. */
export interface FollowedSealer extends Followed {
  readonly sealer: Sealer;
}

/** Key files are a few lines; what is larger is none. */
export const MAX_KEY_FILE_OCTETS = 16 * 1024;

/**
 * Makes a sealer with the keys of `SEAL_KEY_FILE`, and follows that. Rejects with
 * `SidecarError` where it cannot be read at first.
 */
export async function followSealer(
  file: string,
  { id, pollMs, log, journal }: {
    /** `SEAL_ID` */
    id: string;
    /** How often the content is compared beside the watch, in milliseconds. */
    pollMs: number;
    log: Logger;
    journal: Journal;
  },
): Promise<FollowedSealer> {
  let sealer: Sealer | undefined;
  const followed = await followFiles<SealKeys>({
    name: "seal keys",
    paths: [file],
    pollMs,
    maxOctets: MAX_KEY_FILE_OCTETS,
    parse: (contents) =>
      SealKeys.parse(new TextDecoder().decode(contents.get(file))),
    // The beginning of a key that is half written can be a key: none counts before
    // it has been the same for a while.
    shrinks: () => true,
    onFirst(keys) {
      sealer = new Sealer({ keys, id, worker: 0, now: Date.now });
      log.info("seal keys loaded", { keys: keys.count });
    },
    onSwap({ material: keys }) {
      sealer!.rotate(keys);
      journal.reloaded({
        what: "seal keys",
        outcome: "ok",
        detail: `${keys.count} keys`,
      });
      log.info("seal keys reloaded", { keys: keys.count });
    },
    log,
    journal,
  });
  return { ...followed, sealer: sealer! };
}
