import type { Connections } from "./connections.ts";
import { SidecarError } from "./errors.ts";
import type { Logger } from "./log.ts";
import { changedFiles } from "./material/file_digests.ts";
import type { Admit, SwapListener } from "./material/store.ts";
import type { TlsMaterial } from "./material/tls_material.ts";
import type { Tally } from "./tally.ts";
import { type Standing, stands } from "./tls/standing.ts";

export interface TrustKeeperOptions {
  readonly connections: Connections<Standing>;
  readonly log: Logger;
  readonly tally: Tally;
  /** `REFUSE_LOCKOUT` */
  readonly refuseLockout: boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * Sees to it that live connections rest on what is trusted now, and that nobody
 * is locked out unnoticed.
 */
export class TrustKeeper {
  readonly #options: TrustKeeperOptions;

  constructor(options: TrustKeeperOptions) {
    this.#options = options;
  }

  /**
   * The lock-out guard: tells how many of the clients that are connected now a
   * candidate would refuse. With `REFUSE_LOCKOUT` one that would refuse all of
   * them is not taken (`LOCKOUT`) unless it was asked for.
   */
  readonly admit: Admit<TlsMaterial> = (candidate, _current, { asked }) => {
    const { connections, log, refuseLockout, now } = this.#options;
    const context = { material: candidate, now: now() };
    const clients = [...connections.grounds];
    const refused = clients.filter((standing) => !stands(standing, context));
    if (refused.length === 0) return;
    if (refuseLockout && !asked && refused.length === clients.length) {
      throw new SidecarError(
        "LOCKOUT",
        `Cannot take new trust: it would refuse all of the ${clients.length} ` +
          "clients connected now; SIGHUP takes it all the same",
      );
    }
    log.warning("new trust refuses clients that are connected now", {
      clients: clients.length,
      refused: refused.length,
    });
  };

  /** Tells of a swap and, where trust shrank, ends the connections that rested on what is gone. */
  readonly swapped: SwapListener = (current, previous) => {
    const { connections, log, tally, now } = this.#options;
    tally.add("reloads", "ok");
    const { material, generation } = current;
    log.info("material reloaded", {
      changed: changedFiles(previous.material.digests, material.digests),
      trust_generation: generation,
      not_after: new Date(material.certificate.notAfter).toISOString(),
      anchors: material.anchors.length,
    });
    for (const warning of material.warnings) log.warning(warning);
    if (generation === previous.generation) return;
    const context = { material, now: now() };
    const revoked = connections.reconsider((standing) =>
      stands(standing, context)
    );
    tally.add("connections_retired", "trust", revoked);
    log.info("trust shrank", {
      trust_generation: generation,
      retired: revoked,
    });
  };
}
