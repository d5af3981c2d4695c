import type { ClientAccess } from "./client_access.ts";
import { type Followed, followFile } from "./followed_store.ts";
import type { Peers } from "./identity/peers.ts";
import { MAX_PEERS_FILE_OCTETS, parsePeers } from "./identity/peers_file.ts";
import type { Logger } from "./log.ts";
import type { Tally } from "./tally.ts";
import type { TrustKeeper } from "./trust_keeper.ts";

/**
 * Judges clients by the pinned peers of a file, and follows it. Rejects with
 * `SidecarError` where it cannot be read at first.
 */
export async function followPeers(
  file: string,
  { pollMs, access, keeper, log, tally }: {
    /** How often the content is compared beside the watch, in milliseconds. */
    pollMs: number;
    access: ClientAccess;
    keeper: TrustKeeper;
    log: Logger;
    tally: Tally;
  },
): Promise<Followed> {
  return await followFile<Peers>({
    name: "pinned peers",
    path: file,
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
    tally,
  });
}
