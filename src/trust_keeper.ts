import type { Connections } from "./connections.ts";
import type { Deadline, Deadlines } from "./deadlines.ts";
import { SidecarError } from "./errors.ts";
import type { Logger } from "./log.ts";
import { changedFiles } from "./material/file_digests.ts";
import type { Admit, Current, SwapListener } from "./material/store.ts";
import type { TlsMaterial } from "./material/tls_material.ts";
import type { Tally } from "./tally.ts";
import { rejudge, type Standing } from "./tls/standing.ts";

/** How often trust is looked at again when its files should have changed and have not, in milliseconds. */
const OVERDUE_MS = 30_000;

export interface TrustKeeperOptions {
  readonly connections: Connections<Standing>;
  readonly deadlines: Deadlines;
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
  /** For when time alone changes what the material in force is worth. */
  #deadline: Deadline | undefined;

  constructor(options: TrustKeeperOptions) {
    this.#options = options;
  }

  /** Begins with the first material. */
  begin({ material }: Current): void {
    this.#deadline = this.#options.deadlines.add(() => this.#overdue());
    this.#watch(material);
  }

  /** Leaves no timer. */
  end(): void {
    if (this.#deadline) this.#options.deadlines.remove(this.#deadline);
  }

  /**
   * The lock-out guard: tells how many of the clients that are connected now a
   * candidate would refuse. With `REFUSE_LOCKOUT` one that would refuse all of
   * them is not taken (`LOCKOUT`) unless it was asked for.
   */
  readonly admit: Admit<TlsMaterial> = (candidate, current, { asked }) => {
    const { connections, log, refuseLockout, now } = this.#options;
    const time = now();
    const clients = [...connections.grounds].filter((standing) =>
      rejudge(standing, { material: current, now: time }).ok
    );
    const refused = clients.flatMap((standing) => {
      const judgement = rejudge(standing, { material: candidate, now: time });
      return judgement.ok ? [] : [judgement.code];
    });
    if (refused.length === 0) return;
    // To name a client in a CRL is to mean it, were it the only one.
    const lockedOut = refused.filter((code) => code !== "LEAF_REVOKED");
    if (
      refuseLockout && !asked && lockedOut.length > 0 &&
      refused.length === clients.length
    ) {
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
    const { log, tally } = this.#options;
    const { material, generation } = current;
    // Before anything that could fail.
    const retired = generation === previous.generation
      ? undefined
      : this.#reconsider();
    this.#watch(material);
    tally.add("reloads", "ok");
    log.info("material reloaded", {
      changed: changedFiles(previous.material.digests, material.digests),
      trust_generation: generation,
      not_after: new Date(material.certificate.notAfter).toISOString(),
      anchors: material.anchors.length,
    });
    for (const warning of material.warnings) log.warning(warning);
    if (retired === undefined) return;
    log.info("trust shrank", { trust_generation: generation, retired });
  };

  #watch({ changesAt }: TlsMaterial): void {
    this.#deadline?.arm(Math.max(0, changesAt - this.#options.now()));
  }

  /**
   * A CRL or CA of the material in force has expired. As a rule the files are
   * loaded anew just then; where they are broken, trust ends all the same.
   */
  #overdue(): void {
    this.#reconsider();
    this.#deadline?.arm(OVERDUE_MS);
  }

  #reconsider(): number {
    const { connections, tally } = this.#options;
    const retired = connections.reconsider();
    tally.add("connections_retired", "trust", retired);
    return retired;
  }
}
