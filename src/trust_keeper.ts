import {
  type Admittance,
  type ClientAccess,
  reconsider,
  refusalUnder,
  type Trust,
} from "./client_access.ts";
import type { Connections } from "./connections.ts";
import type { Deadline, Deadlines } from "./deadlines.ts";
import type { Peers } from "./identity/peers.ts";
import type { Effect } from "./lockout.ts";
import type { Current } from "./material/store.ts";
import type { TlsMaterial } from "./material/tls_material.ts";
import type { Tally } from "./tally.ts";

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
  readonly tally: Tally;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Sees to it that live connections rest on what is trusted now. */
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

  /** What a candidate would do to the clients that are connected now. */
  effectOf(candidate: { material: TlsMaterial } | { peers: Peers }): Effect {
    const { connections, access } = this.#options;
    const material = this.#material!;
    const before = this.#trust(material);
    const after = "material" in candidate
      ? this.#trust(candidate.material)
      : this.#trust(material, access.policyWith(candidate.peers));
    const clients = [...connections.grounds]
      .filter((grounds): grounds is Admittance => !("refused" in grounds))
      .filter((admittance) => refusalUnder(admittance, before) === undefined);
    const refused = clients.flatMap((admittance) =>
      refusalUnder(admittance, after) ?? []
    );
    return {
      clients: clients.length,
      refused: refused.length,
      lockedOut: refused.filter((code) => code !== "LEAF_REVOKED").length,
    };
  }

  #trust(material: TlsMaterial, policy = this.#options.access.policy): Trust {
    return { material, policy, now: this.#options.now() };
  }

  /**
   * Goes by new material from now on. Where trust shrank it ends the connections
   * that rested on what is gone, and gives their number; else undefined.
   */
  materialSwapped(current: Current, previous: Current): number | undefined {
    this.#material = current.material;
    // Before anything that could fail.
    const retired = current.generation === previous.generation
      ? undefined
      : this.#reconsider();
    this.#watch(current.material);
    return retired;
  }

  /** The same for pinned peers, by whom clients are judged from now on. */
  peersSwapped(
    current: Current<Peers>,
    previous: Current<Peers>,
  ): number | undefined {
    this.#options.access.pin(current.material);
    // Also where nobody lost anything: a connection says which peer it is.
    const retired = this.#reconsider();
    return current.generation === previous.generation ? undefined : retired;
  }

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
