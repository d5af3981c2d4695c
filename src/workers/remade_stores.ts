import type { Config } from "../config/config.ts";
import type { DataPlane, Stores, Values } from "../data_plane.ts";
import { peersOf, peersShrink } from "../followed_peers.ts";
import { sealKeysOf } from "../followed_seal.ts";
import {
  systemCredentials,
  upstreamCredentialsOf,
} from "../followed_upstream_tls.ts";
import { buildMaterial } from "../material/directory.ts";
import { type Current, MaterialStore, Store } from "../material/store.ts";
import type { Change, Kind, Recipes } from "./messages.ts";

type Maker = {
  readonly [K in Kind]: (recipe: Recipes[K]) => Values[K];
};

/** What puts a value in force that was made: gives how many connections end because of it. */
export type Swap = (plane: DataPlane) => number | undefined;

/**
 * The stores of a worker: they follow no files, but are given what was read from
 * them in another thread, and make the same of it.
 */
export class RemadeStores implements Stores {
  readonly material: MaterialStore;
  readonly peers: Stores["peers"];
  readonly sealKeys: Stores["sealKeys"];
  readonly upstreamTls: Stores["upstreamTls"];
  readonly #make: Maker;

  /** Throws `SidecarError` for what can't be used. There must be a change to `material`. */
  constructor(config: Config, changes: readonly Change[]) {
    this.#make = {
      material: ({ files, options }) => buildMaterial(files, options),
      peers: (recipe) => peersOf(config.peersFile, recipe),
      sealKeys: (recipe) => sealKeysOf(config.sealKeyFile, recipe),
      upstreamTls: (recipe) => upstreamCredentialsOf(config, recipe),
    };
    const first = <K extends Kind>(kind: K): Values[K] | undefined => {
      const change = changes.find((change) => change.kind === kind);
      // The compiler does not see that a change found by its kind is of it.
      return change && this.#make[kind](change.recipe as Recipes[K]);
    };
    this.material = new MaterialStore(first("material"));
    this.peers = storeOf(first("peers"), peersShrink);
    this.sealKeys = storeOf(first("sealKeys"), () => true);
    this.upstreamTls = storeOf(first("upstreamTls"), () => false) ??
      (config.upstream.scheme === "https"
        ? systemCredentials(config)
        : undefined);
  }

  /** Makes a value, which changes nothing. Throws `SidecarError` for what can't be used. */
  make(change: Change): { candidate: Partial<Values>; swap: Swap } {
    switch (change.kind) {
      case "material":
        return this.#made("material", change.recipe);
      case "peers":
        return this.#made("peers", change.recipe);
      case "sealKeys":
        return this.#made("sealKeys", change.recipe);
      case "upstreamTls":
        return this.#made("upstreamTls", change.recipe);
    }
  }

  #made<K extends Kind>(kind: K, recipe: Recipes[K]) {
    const value = this.#make[kind](recipe);
    const store = this[kind] as Store<Values[K]> | undefined;
    const swap: Swap = (plane) => {
      if (store === undefined) throw new Error(`There are no ${kind}`);
      const previous: Current<Values[K]> = store.current;
      store.swap(value);
      return plane.applied[kind](store.current, previous);
    };
    return { candidate: { [kind]: value }, swap };
  }
}

function storeOf<T extends object>(
  initial: T | undefined,
  shrinks: (before: T, after: T) => boolean,
): Store<T> | undefined {
  return initial && new Store<T>({ initial, shrinks, same: Object.is });
}
