import type { Config } from "./config/config.ts";
import type { Stores } from "./data_plane.ts";
import {
  applySwaps,
  describeMaterial,
  followMaterial,
} from "./followed_material.ts";
import { followPeers } from "./followed_peers.ts";
import { followSealKeys } from "./followed_seal.ts";
import type { Followed } from "./followed_store.ts";
import { followUpstreamTls } from "./followed_upstream_tls.ts";
import type { AllInForce } from "./in_force.ts";
import type { Logger } from "./log.ts";
import type { MaterialStore } from "./material/store.ts";
import type { Journal } from "./observations/journal.ts";

/**
 * Reads all files that the settings name, and follows them. Rejects with
 * `SidecarError` where some cannot be used at first; `onFollowed` was told of
 * those that are followed by then.
 */
export async function followStores(
  config: Config,
  { log, journal, inForce, store: given, onFollowed }: {
    log: Logger;
    journal: Journal;
    inForce: AllInForce;
    /** In place of the TLS material on disk. For tests. */
    store?: MaterialStore | Promise<MaterialStore> | undefined;
    onFollowed(followed: Pick<Followed, "store"> & Partial<Followed>): void;
  },
): Promise<Stores> {
  const follows = <T extends Pick<Followed, "store">>(one: T): T["store"] => {
    onFollowed(one);
    return one.store;
  };
  const common = { pollMs: 1000 * config.reloadPollSecs, log, journal };
  const material = given === undefined
    ? follows(
      await followMaterial(config, { ...common, inForce: inForce.material }),
    )
    : follows({ store: await given });
  describeMaterial(material.current.material, log);
  if (given !== undefined) {
    applySwaps(material, { ...common, applied: inForce.material.applied });
  }
  const { peersFile, sealKeyFile, upstream } = config;
  return {
    material,
    peers: peersFile === "" ? undefined : follows(
      await followPeers(peersFile, { ...common, inForce: inForce.peers }),
    ),
    sealKeys: sealKeyFile === "" ? undefined : follows(
      await followSealKeys(sealKeyFile, {
        ...common,
        inForce: inForce.sealKeys,
      }),
    ),
    upstreamTls: upstream.scheme !== "https" ? undefined : follows(
      await followUpstreamTls(config, {
        ...common,
        inForce: inForce.upstreamTls,
      }),
    ),
  };
}
