import {
  type Admittance,
  type ClientAccess,
  reconsider,
  refusalUnder,
  type Trust,
} from "./client_access.ts";
import type { Connections } from "./connections.ts";
import type { Deadline, Deadlines } from "./deadlines.ts";
import { SidecarError } from "./errors.ts";
import type { Peers } from "./identity/peers.ts";
import type { Logger } from "./log.ts";
import { changedFiles } from "./material/file_digests.ts";
import type { Admit, Current, SwapListener } from "./material/store.ts";
import type { TlsMaterial } from "./material/tls_material.ts";
import type { Observations } from "./observations/observations.ts";

/** How often trust is looked at again when its files should have changed and have not, in milliseconds. */
const OVERDUE_MS = 30_000;

/** The client of a connection is not in: each of its requests is refused. */
interface Refused {
  readonly refused: true;
  readonly notAfter: number;
}

/** Why a connection is there. */
export type Grounds = Admittance | Refused;

/** For a connection whose every request is refused: it may stay for that. */
export const REFUSED: Refused = Object.freeze({
  refused: true,
  notAfter: Infinity,
});

export interface TrustKeeperOptions {
  readonly connections: Connections<Grounds>;
  readonly access: ClientAccess;
  readonly deadlines: Deadlines;
  readonly log: Logger;
  readonly observations: Observations;
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
  #material: TlsMaterial | undefined;
  /** For when time alone changes what the material in force is worth. */
  #deadline: Deadline | undefined;

  constructor(options: TrustKeeperOptions) {
    this.#options = options;
  }

  /** Begins with the first material. */
  begin({ material }: Current): void {
    this.#material = material;
    this.#deadline = this.#options.deadlines.add(() => this.#overdue());
    this.#watch(material);
  }

  /** Leaves no timer. */
  end(): void {
    if (this.#deadline) this.#options.deadlines.remove(this.#deadline);
  }

  /** What a connection rests on now, by what it rested on so far; undefined where nothing is left. */
  readonly rejudge = (grounds: Grounds): Grounds | undefined =>
    "refused" in grounds
      ? grounds
      : reconsider(grounds, this.#trust(this.#material!));

  /**
   * The lock-out guard: tells how many of the clients that are connected now a
   * candidate would refuse. With `REFUSE_LOCKOUT` one that would refuse all of
   * them is not taken (`LOCKOUT`) unless it was asked for.
   */
  readonly admit: Admit<TlsMaterial> = (candidate, current, { asked }) => {
    this.#guard({
      before: this.#trust(current),
      after: this.#trust(candidate),
      asked,
    });
  };

  /** The same for pinned peers. */
  readonly admitPeers: Admit<Peers> = (candidate, current, { asked }) => {
    const { access } = this.#options;
    const material = this.#material!;
    this.#guard({
      before: this.#trust(material, access.policyWith(current)),
      after: this.#trust(material, access.policyWith(candidate)),
      asked,
    });
  };

  #guard(
    { before, after, asked }: { before: Trust; after: Trust; asked: boolean },
  ): void {
    const { connections, log, refuseLockout } = this.#options;
    const clients = [...connections.grounds]
      .filter((grounds): grounds is Admittance => !("refused" in grounds))
      .filter((admittance) => refusalUnder(admittance, before) === undefined);
    const refused = clients.flatMap((admittance) =>
      refusalUnder(admittance, after) ?? []
    );
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
  }

  #trust(material: TlsMaterial, policy = this.#options.access.policy): Trust {
    return { material, policy, now: this.#options.now() };
  }

  /** Tells of a swap and, where trust shrank, ends the connections that rested on what is gone. */
  readonly swapped: SwapListener = (current, previous) => {
    const { log, observations: { journal } } = this.#options;
    const { material, generation } = current;
    this.#material = material;
    // Before anything that could fail.
    const retired = generation === previous.generation
      ? undefined
      : this.#reconsider();
    this.#watch(material);
    const changed = changedFiles(previous.material.digests, material.digests);
    journal.reloaded({
      what: "TLS material",
      outcome: "ok",
      detail: changed.length === 0 ? "at its time" : changed.join(", "),
    });
    log.info("material reloaded", {
      changed,
      trust_generation: generation,
      not_after: new Date(material.certificate.notAfter).toISOString(),
      anchors: material.anchors.length,
    });
    for (const warning of material.warnings) log.warning(warning);
    if (retired === undefined) return;
    log.info("trust shrank", { trust_generation: generation, retired });
  };

  /** The same for pinned peers, by whom clients are judged from now on. */
  readonly peersSwapped: SwapListener<Peers> = (current, previous) => {
    const { access, log, observations: { journal } } = this.#options;
    const { material: peers, generation } = current;
    access.pin(peers);
    // Also where nobody lost anything: a connection says which peer it is.
    const retired = this.#reconsider();
    const { length } = peers.describe().peers;
    journal.reloaded({
      what: "pinned peers",
      outcome: "ok",
      detail: `${length} peers`,
    });
    log.info("pinned peers reloaded", {
      peers: length,
      ...(generation !== previous.generation && { retired }),
    });
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
    const { connections, observations } = this.#options;
    const retired = connections.reconsider();
    observations.tally.add("connections_retired", "trust", retired);
    return retired;
  }
}
