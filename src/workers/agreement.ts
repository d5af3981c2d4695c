import type { DataPlane, Values } from "../data_plane.ts";
import type { InForce } from "../followed_store.ts";
import { guardAgainstLockout, sumOf } from "../lockout.ts";
import type { Logger } from "../log.ts";
import type {
  Beginning,
  Change,
  Dialogue,
  Kind,
  Question,
  Recipes,
} from "./messages.ts";
import { TrustEpoch } from "./trust_epoch.ts";

export interface AgreementOptions {
  /** Asks all workers, and gives the answers of those that are waited for. */
  askAll<Q extends Question>(
    question: Q,
    ask: Dialogue[Q]["ask"],
  ): Promise<Dialogue[Q]["answer"][]>;
  /** Lets no worker begin, and nothing else change, meanwhile. */
  inTurn<T>(act: () => Promise<T>): Promise<T>;
  /** `REFUSE_LOCKOUT` */
  readonly refuseLockout: boolean;
  readonly log: Logger;
}

/** What there is to know of one kind of value. */
export interface ChangeRules<T> {
  /** Whether trust shrinks from one value to the next. */
  shrinks(before: T, after: T): boolean;
  /** Whether one value is as good as another. */
  same(before: T, after: T): boolean;
}

/**
 * Has all workers go by the same values. Each makes a new value before any has it
 * in force. Where it takes trust away, the epoch rises before the first goes by
 * it, so that none lets a client in on what another has given up. A value counts
 * when all have it but those that do not answer, which come to it, or are ended.
 */
export class Agreement {
  readonly applied: DataPlane["applied"];
  readonly #options: AgreementOptions;
  readonly #epoch = new TrustEpoch();
  /** What each value can be made of. */
  readonly #recipes = new WeakMap<object, unknown>();
  /** What each kind of value is. */
  readonly #changes = new Map<Kind, Change>();
  /** How many connections the last change of a kind ended. */
  readonly #retired = new Map<Kind, number | undefined>();
  /** The last change. */
  #number = 0;

  constructor(options: AgreementOptions) {
    this.#options = options;
    const retired = (kind: Kind) => () => this.#retired.get(kind);
    this.applied = {
      material: retired("material"),
      peers: retired("peers"),
      sealKeys: retired("sealKeys"),
      upstreamTls: retired("upstreamTls"),
    };
  }

  /** What a worker begins with, to go by what the others do. */
  get state(): Pick<Beginning, "epoch" | "changes"> {
    const { memory, value } = this.#epoch;
    return { epoch: { memory, value }, changes: [...this.#changes.values()] };
  }

  /** How a value of a kind gets into force: in all workers, and then here. */
  inForce<K extends Kind>(
    kind: K,
    { shrinks, same }: ChangeRules<Values[K]>,
  ): InForce<Values[K], Recipes[K]> {
    let last: Values[K] | undefined;
    return {
      onMade: (value, recipe) => void this.#recipes.set(value, recipe),
      agree: (value, { asked }) =>
        this.#options.inTurn(async () => {
          if (last !== undefined && same(last, value)) return;
          // Made of what `onMade` told of it, so it is of this kind.
          const change = { kind, recipe: this.#recipes.get(value) } as Change;
          const narrower = last !== undefined && shrinks(last, value);
          await this.#change(change, { asked, narrower });
          this.#changes.set(kind, change);
          last = value;
        }),
      applied: this.applied[kind],
    };
  }

  /** Puts a change in force in all workers, or in none: throws `LOCKOUT`. */
  async #change(
    change: Change,
    { asked, narrower }: { asked: boolean; narrower: boolean },
  ): Promise<void> {
    const { askAll, refuseLockout, log } = this.#options;
    const number = ++this.#number;
    const effects = await askAll("prepare", { number, change });
    try {
      guardAgainstLockout(
        sumOf(effects.filter((effect) => effect !== null)),
        { asked, refuseLockout, log },
      );
    } catch (error) {
      await askAll("discard", null);
      throw error;
    }
    const epoch = narrower ? this.#epoch.rise() : this.#epoch.value;
    const retired = await askAll("commit", { number, epoch });
    const sum = retired.reduce<number>((sum, count) => sum + (count ?? 0), 0);
    this.#retired.set(change.kind, narrower ? sum : undefined);
  }
}
