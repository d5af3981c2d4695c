import type { AccessCode } from "../errors.ts";
import type { AccessRules } from "./access_rules.ts";
import type { ClientIdentity } from "./client_identity.ts";
import type { PeerClaim, PeerVerdict } from "./peers.ts";
import type { RuleForm } from "./rule_grammar.ts";

/** What let a client in: a rule, a pin, or that nothing keeps it out. */
export type AdmittedBy =
  | "any"
  | RuleForm
  | "peer-spki"
  | "peer-spiffe"
  | "bootstrap"
  | "audit";

/** Why a client may not enter. */
export interface Reason {
  readonly code: AccessCode;
  readonly detail: string;
}

/** Whether a client may enter. */
export type AccessVerdict =
  | {
    readonly admitted: true;
    readonly by: AdmittedBy;
    /** The text of the rule that lets it in, where one does. */
    readonly rule?: string;
    /** The id of the pinned peer that it is. */
    readonly peer?: string;
    /**
     * When the question must be asked anew, in milliseconds since the epoch;
     * Infinity where time alone changes nothing.
     */
    readonly until: number;
    /** Why it would not have been let in but for the audit. */
    readonly wouldRefuse?: Reason;
  }
  | Reason & {
    readonly admitted: false;
    /** Whether its connection ends at once, whatever refusals otherwise look like. */
    readonly close: boolean;
  };

/** Knows the pinned peers. */
export interface PeerJudge {
  /** `now` in milliseconds since the epoch. */
  judge(claim: PeerClaim, now: number): PeerVerdict;
}

/**
 * Decides whether a verified client may enter, by the access rules and the pinned
 * peers. A pinned peer enters whatever the rules say, and whoever claims its name
 * with another key never does. Without rules and peers, every verified client
 * enters. With `audit` all do, and the verdict says who would not have.
 * Immutable: other rules or peers are another policy.
 */
export class AccessPolicy {
  readonly #rules: AccessRules;
  readonly #peers: PeerJudge | undefined;

  readonly #audit: boolean;

  constructor(
    { rules, peers, audit = false }: {
      rules: AccessRules;
      peers?: PeerJudge;
      audit?: boolean;
    },
  ) {
    this.#rules = rules;
    this.#peers = peers;
    this.#audit = audit;
  }

  /** The verdict on a client at `now`, in milliseconds since the epoch. */
  decide(identity: ClientIdentity, now: number): AccessVerdict {
    const verdict = this.#enforced(identity, now);
    if (verdict.admitted || !this.#audit) return verdict;
    const { code, detail } = verdict;
    return {
      admitted: true,
      by: "audit",
      until: Infinity,
      wouldRefuse: { code, detail },
    };
  }

  #enforced(identity: ClientIdentity, now: number): AccessVerdict {
    const pinned = this.#peers?.judge(identity, now);
    if (pinned === undefined) return this.#byRules(identity);
    switch (pinned.kind) {
      case "accepted":
        return {
          admitted: true,
          by: `peer-${pinned.by}`,
          peer: pinned.peer,
          until: Infinity,
        };
      case "rejected":
        return {
          admitted: false,
          code: "ACCESS_PIN_MISMATCH",
          detail: pinned.detail,
          close: true,
        };
      case "unpinned":
        if (!pinned.refuse) return this.#byRules(identity);
        return pinned.bootstrap
          ? this.#byRules(identity, pinned.until)
          : refused("ACCESS_NOT_PINNED", "it is none of the pinned peers");
    }
  }

  /** `bootstrapUntil` where nothing but the bootstrap keeps the client from being refused. */
  #byRules(identity: ClientIdentity, bootstrapUntil?: number): AccessVerdict {
    const until = bootstrapUntil ?? Infinity;
    if (this.#rules.empty) {
      const by = bootstrapUntil === undefined ? "any" : "bootstrap";
      return { admitted: true, by, until };
    }
    const match = this.#rules.match(identity);
    return match === undefined
      ? refused("ACCESS_NOT_ALLOWED", "no rule allows it")
      : { admitted: true, ...match, until };
  }
}

/**
 * Whether a live connection may go on as it is when its client's verdict was `a`
 * and has become `b`: the application is told of the same peer, or the same
 * refusal stands. By which rule a client enters makes no difference to it.
 */
export function sameVerdict(a: AccessVerdict, b: AccessVerdict): boolean {
  if (a.admitted) return b.admitted && a.peer === b.peer;
  return !b.admitted && a.code === b.code && a.close === b.close;
}

function refused(code: AccessCode, detail: string): AccessVerdict {
  return { admitted: false, code, detail, close: false };
}
