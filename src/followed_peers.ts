import type { ClientAccess } from "./client_access.ts";
import { type Followed, followFiles } from "./followed_store.ts";
import type { Peers } from "./identity/peers.ts";
import { MAX_PEERS_FILE_OCTETS, parsePeers } from "./identity/peers_file.ts";
import type { Logger } from "./log.ts";
import type { Store } from "./material/store.ts";
import type { Journal } from "./observations/journal.ts";
import type { TrustKeeper } from "./trust_keeper.ts";

/** Pinned peers that follow their file. */
export interface FollowedPeers extends Followed {
  readonly store: Store<Peers>;
}

/**
 * Judges clients by the pinned peers of a file, and follows it. Rejects with
 * `SidecarError` where it cannot be read at first.
 */
export async function followPeers(
  file: string,
  { pollMs, access, keeper, log, journal }: {
    /** How often the content is compared beside the watch, in milliseconds. */
    pollMs: number;
    access: ClientAccess;
    keeper: TrustKeeper;
    log: Logger;
    journal: Journal;
  },
): Promise<FollowedPeers> {
  return await followFiles<Peers>({
    name: "pinned peers",
    paths: [file],
    pollMs,
    maxOctets: MAX_PEERS_FILE_OCTETS,
    parse: (contents, now) => parsePeers(contents.get(file)!, { file, now }),
    shrinks: (before, after) => after.isNarrowerThan(before),
    changesAt: ({ changesAt }) => changesAt,
    admit: keeper.admitPeers,
    onFirst(peers) {
      access.pin(peers);
      log.info("pinned peers loaded", { peers: peers.describe().peers.length });
    },
    onSwap: keeper.peersSwapped,
    log,
    journal,
  });
}
