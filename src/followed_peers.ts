import {
  type FileRecipe,
  type Followed,
  followFiles,
  type InForce,
} from "./followed_store.ts";
import type { Peers } from "./identity/peers.ts";
import { MAX_PEERS_FILE_OCTETS, parsePeers } from "./identity/peers_file.ts";
import type { Logger } from "./log.ts";
import type { Store } from "./material/store.ts";
import type { Journal } from "./observations/journal.ts";

/** Pinned peers that follow their file. */
export interface FollowedPeers extends Followed {
  readonly store: Store<Peers>;
}

/**
 * Reads the pinned peers of a file, and follows it. Rejects with `SidecarError`
 * where it cannot be read at first.
 */
export async function followPeers(
  file: string,
  { pollMs, inForce, log, journal }: {
    /** How often the content is compared beside the watch, in milliseconds. */
    pollMs: number;
    inForce: InForce<Peers, FileRecipe>;
    log: Logger;
    journal: Journal;
  },
): Promise<FollowedPeers> {
  return await followFiles<Peers>({
    name: "pinned peers",
    paths: [file],
    pollMs,
    maxOctets: MAX_PEERS_FILE_OCTETS,
    parse: (contents, now) => peersOf(file, { contents, now }),
    shrinks: peersShrink,
    changesAt: ({ changesAt }) => changesAt,
    inForce,
    tell: {
      loaded: (peers) =>
        log.info("pinned peers loaded", { peers: countOf(peers) }),
      reloaded: (peers, retired) =>
        log.info("pinned peers reloaded", {
          peers: countOf(peers),
          ...(retired !== undefined && { retired }),
        }),
      detail: (peers) => `${countOf(peers)} peers`,
    },
    log,
    journal,
  });
}

/** The pinned peers of `PEERS_FILE`. Throws `PEERS_INVALID`. */
export function peersOf(
  file: string,
  { contents, now }: FileRecipe,
): Peers {
  return parsePeers(contents.get(file)!, { file, now });
}

/** Whether somebody may lose what pinned peers let them do. */
export function peersShrink(before: Peers, after: Peers): boolean {
  return after.isNarrowerThan(before);
}

function countOf(peers: Peers): number {
  return peers.describe().peers.length;
}
