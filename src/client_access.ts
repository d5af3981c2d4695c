import type { AccessCode, AdmissionCode } from "./errors.ts";
import {
  AccessPolicy,
  type AccessVerdict,
  type PeerJudge,
  sameVerdict,
} from "./identity/access_policy.ts";
import type { AccessRules } from "./identity/access_rules.ts";
import type { TlsMaterial } from "./material/tls_material.ts";
import { rejudge, type Standing } from "./tls/standing.ts";

/** A client was let in. */
export type Admitted = Extract<AccessVerdict, { admitted: true }>;

/** A client may not enter, though its certificate is good. */
export type NotAdmitted = Extract<AccessVerdict, { admitted: false }>;

/** Why a client is in: what its certificate rests on, and what the rules say of it. */
export interface Admittance {
  readonly standing: Standing;
  readonly verdict: Admitted;
  /** Until when both hold, in milliseconds since the epoch. */
  readonly notAfter: number;
}

/** By what clients are judged at a time. */
export interface Trust {
  readonly material: TlsMaterial;
  readonly policy: AccessPolicy;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Decides which of the clients whose certificates are good may enter. */
export class ClientAccess {
  readonly #rules: AccessRules;
  readonly #audit: boolean;
  #policy: AccessPolicy;
  /** One for all connections of a client, so that they are reconsidered once. */
  #admittances = new WeakMap<Standing, Admittance>();

  /** With `audit` everybody enters, and the verdict says who would not have. */
  constructor({ rules, audit }: { rules: AccessRules; audit: boolean }) {
    this.#rules = rules;
    this.#audit = audit;
    this.#policy = this.policyWith(undefined);
  }

  get policy(): AccessPolicy {
    return this.#policy;
  }

  /** The policy that there would be with other pinned peers. */
  policyWith(peers: PeerJudge | undefined): AccessPolicy {
    return new AccessPolicy({
      rules: this.#rules,
      audit: this.#audit,
      ...(peers && { peers }),
    });
  }

  /** Judges by these pinned peers from now on. */
  pin(peers: PeerJudge): void {
    this.#policy = this.policyWith(peers);
    this.#admittances = new WeakMap();
  }

  /** Judges a client that was just admitted by its certificate, at `now` in milliseconds since the epoch. */
  judge(standing: Standing, now: number): Admittance | NotAdmitted {
    const known = this.#admittances.get(standing);
    if (known !== undefined && now <= known.notAfter) return known;
    const verdict = this.#policy.decide(standing.client, now);
    if (!verdict.admitted) return verdict;
    const admittance = admittanceOf(standing, verdict);
    this.#admittances.set(standing, admittance);
    return admittance;
  }
}

/**
 * Why a client that is in would be refused under `trust`; undefined where it
 * would not.
 */
export function refusalUnder(
  { standing }: Admittance,
  trust: Trust,
): AdmissionCode | AccessCode | undefined {
  const judgement = rejudge(standing, trust);
  if (!judgement.ok) return judgement.code;
  const verdict = trust.policy.decide(judgement.standing.client, trust.now);
  return verdict.admitted ? undefined : verdict.code;
}

/**
 * Why a client that is in may stay under `trust`, the same object where nothing
 * has changed; undefined where it may not, or where the application was told of
 * another peer than it would be now.
 */
export function reconsider(
  admittance: Admittance,
  trust: Trust,
): Admittance | undefined {
  const judgement = rejudge(admittance.standing, trust);
  if (!judgement.ok) return undefined;
  const { standing } = judgement;
  const verdict = trust.policy.decide(standing.client, trust.now);
  if (!verdict.admitted || !sameVerdict(admittance.verdict, verdict)) {
    return undefined;
  }
  const now = admittanceOf(standing, verdict);
  return standing === admittance.standing &&
      now.notAfter === admittance.notAfter
    ? admittance
    : now;
}

function admittanceOf(standing: Standing, verdict: Admitted): Admittance {
  const notAfter = Math.min(standing.notAfter, verdict.until);
  return { standing, verdict, notAfter };
}
