import type { Config } from "./config/config.ts";
import type { LocalDataPlane, Values } from "./data_plane.ts";
import { peersShrink } from "./followed_peers.ts";
import type { InForce } from "./followed_store.ts";
import { guardAgainstLockout } from "./lockout.ts";
import type { Logger } from "./log.ts";
import { sameMaterial, trustShrinks } from "./material/trust.ts";
import type { Recipes } from "./workers/messages.ts";
import type { Workers } from "./workers/workers.ts";

/** How each value that follows files gets into force. */
export type AllInForce = {
  readonly [K in keyof Values]: InForce<Values[K], Recipes[K]>;
};

/** In the one data plane that this thread has, once it has it. */
export function inForceHere(
  plane: () => LocalDataPlane | undefined,
  { refuseLockout, log }: Pick<Config, "refuseLockout"> & { log: Logger },
): AllInForce {
  const applied = <K extends keyof Values>(
    kind: K,
  ): InForce<Values[K], Recipes[K]>["applied"] =>
  (current, previous) => plane()?.applied[kind](current, previous);
  const guard = (
    candidate: Parameters<LocalDataPlane["effectOf"]>[0],
    asked: boolean,
  ) => {
    const effect = plane()?.effectOf(candidate);
    if (effect) guardAgainstLockout(effect, { asked, refuseLockout, log });
  };
  return {
    material: {
      admit: (material, _, { asked }) => guard({ material }, asked),
      applied: applied("material"),
    },
    peers: {
      admit: (peers, _, { asked }) => guard({ peers }, asked),
      applied: applied("peers"),
    },
    sealKeys: { applied: applied("sealKeys") },
    upstreamTls: { applied: applied("upstreamTls") },
  };
}

/** In all workers, and then in what this thread shows. */
export function inForceEverywhere(workers: Workers): AllInForce {
  const same = Object.is;
  const shrinks = () => false;
  return {
    material: workers.inForce("material", {
      shrinks: trustShrinks,
      same: sameMaterial,
    }),
    peers: workers.inForce("peers", { shrinks: peersShrink, same }),
    sealKeys: workers.inForce("sealKeys", { shrinks, same }),
    upstreamTls: workers.inForce("upstreamTls", { shrinks, same }),
  };
}
