import { type Certificate, equalOctets } from "./certificate.ts";
import { issuerProblem, validityAt } from "./issuer.ts";
import { nameConstraintsProblem } from "./name_constraints.ts";
import { verifySignature } from "./signature.ts";

const MAX_PRESENTED = 16;
const MAX_INTERMEDIATES_IN_PATH = 4;
const MAX_SIGNATURES = 32;

/** What is known of a certificate (RFC 5280 §6.3.3): `undetermined` where it cannot be told. */
export type RevocationStatus = "unrevoked" | "revoked" | "undetermined";

/** What a path is searched from and to. */
export interface PathQuery {
  readonly leaf: Certificate;
  /** As the client presented them, in any order; those of no use are ignored. */
  readonly intermediates: readonly Certificate[];
  /** The CAs that are trusted now. */
  readonly anchors: readonly Certificate[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Whether a certificate is revoked; without it, none is. It must not throw. */
  readonly revocationStatus?: (certificate: Certificate) => RevocationStatus;
}

/** A path from the leaf to its anchor, or why there is none. */
export type PathResult =
  | {
    readonly ok: true;
    readonly path: readonly Certificate[];
    readonly anchor: Certificate;
  }
  | {
    readonly ok: false;
    /**
     * `PATH_NOT_FOUND`: names and signatures lead to no anchor.
     * `PATH_REFUSED`: they lead on, but to what validation forbids.
     * `LEAF_REVOKED`, `CRL_EXPIRED`: the leaf is revoked, or may be. Of any
     * other certificate of the path that is `PATH_REFUSED`.
     */
    readonly code:
      | "PATH_NOT_FOUND"
      | "PATH_REFUSED"
      | "LEAF_REVOKED"
      | "CRL_EXPIRED";
    /** For the log: says where and what, without content of the certificates. */
    readonly detail: string;
  };

/**
 * Finds a path by RFC 5280 §6, conservatively: what it cannot judge it refuses.
 * Names are compared octet for octet; self-issued certificates count towards
 * path length and are held to name constraints like any other; policies are not
 * processed, so critical policy extensions refuse; the anchor is checked like
 * an intermediate, but that it may be of undetermined revocation: being an anchor
 * speaks for it until its issuer speaks against it. At most 16 certificates may be presented, 4 stand between
 * leaf and anchor, and 32 signatures are verified.
 */
export function findPath(query: PathQuery): PathResult {
  const { leaf, intermediates, anchors, now } = query;
  if (intermediates.length > MAX_PRESENTED) {
    return refused(`more than ${MAX_PRESENTED} intermediates were presented`);
  }
  if (anchors.some((anchor) => equalOctets(anchor.der, leaf.der))) {
    return refused("the leaf is itself a CA of the bundle");
  }
  const validity = validityAt(leaf, now);
  if (validity !== "valid") return refused(`the leaf is ${validity}`);
  if (leaf.extensions.unknownCritical.length > 0) {
    return refused("the leaf has a critical extension that is not supported");
  }
  switch (query.revocationStatus?.(leaf)) {
    case "revoked":
      return { ok: false, code: "LEAF_REVOKED", detail: "the leaf is revoked" };
    case "undetermined":
      return {
        ok: false,
        code: "CRL_EXPIRED",
        detail: "the CRL of the leaf's issuer has expired",
      };
  }
  return new Search(query).run();
}

function refused(detail: string): PathResult {
  return { ok: false, code: "PATH_REFUSED", detail };
}

/** A depth-first search from the leaf upwards, anchors before intermediates. */
class Search {
  readonly #query: PathQuery;
  #signatures = 0;
  #refusal: string | undefined;
  #unverified = false;

  constructor(query: PathQuery) {
    this.#query = query;
  }

  run(): PathResult {
    const path = this.#extend([this.#query.leaf]);
    const anchor = path?.at(-1);
    if (path && anchor) return { ok: true, path, anchor };
    if (this.#refusal !== undefined) return refused(this.#refusal);
    const detail = this.#unverified
      ? "an issuer of the right name is there, but its key did not make the signature, " +
        "or the algorithm is not supported"
      : "no path leads to a CA of the bundle";
    return { ok: false, code: "PATH_NOT_FOUND", detail };
  }

  #extend(path: readonly Certificate[]): readonly Certificate[] | undefined {
    for (const anchor of this.#issuers(this.#query.anchors, path)) {
      const whole = [...path, anchor];
      if (this.#admits(whole) && this.#constraintsHold(whole)) return whole;
    }
    for (const intermediate of this.#issuers(this.#query.intermediates, path)) {
      const longer = [...path, intermediate];
      if (longer.length - 1 > MAX_INTERMEDIATES_IN_PATH) {
        this.#refuse(
          `more than ${MAX_INTERMEDIATES_IN_PATH} intermediates are needed`,
        );
      } else if (this.#admits(longer)) {
        const whole = this.#extend(longer);
        if (whole) return whole;
      }
    }
    return undefined;
  }

  /** Those that may have issued the path's last certificate, by name; likely ones first. */
  #issuers(
    candidates: readonly Certificate[],
    path: readonly Certificate[],
  ): readonly Certificate[] {
    const last = path.at(-1);
    if (!last) return [];
    const keyIdentifier = last.extensions.authorityKeyIdentifier;
    const likely = (candidate: Certificate) =>
      keyIdentifier !== undefined &&
      equalOctets(
        candidate.extensions.subjectKeyIdentifier ?? new Uint8Array(),
        keyIdentifier,
      );
    return candidates
      .filter((candidate) =>
        equalOctets(candidate.subject.der, last.issuer.der)
      )
      // One entity twice in a path adds nothing and would let a search go round.
      .filter((candidate) =>
        !path.some((member) => sameEntity(member, candidate))
      )
      .toSorted((a, b) => Number(likely(b)) - Number(likely(a)));
  }

  /** Whether the last certificate of `path` issued the one before it and was allowed to. */
  #admits(path: readonly Certificate[]): boolean {
    const [subject, issuer] = path.slice(-2);
    if (!subject || !issuer) return false;
    if (this.#signatures === MAX_SIGNATURES) {
      return this.#refuse(
        `more than ${MAX_SIGNATURES} signatures would have to be verified`,
      );
    }
    this.#signatures++;
    if (!verifySignature(subject, issuer.spki)) {
      this.#unverified = true;
      return false;
    }
    const problem = issuerProblem(issuer) ??
      this.#placeProblem(issuer, path.length - 2) ??
      this.#revocationProblem(issuer);
    return problem === undefined || this.#refuse(at(path.length - 1, problem));
  }

  #placeProblem(
    issuer: Certificate,
    intermediatesBelow: number,
  ): string | undefined {
    const validity = validityAt(issuer, this.#query.now);
    if (validity !== "valid") return `it is ${validity}`;
    const limit = issuer.extensions.basicConstraints?.pathLength ?? Infinity;
    return intermediatesBelow > limit
      ? "its path length constraint is exceeded"
      : undefined;
  }

  #revocationProblem(issuer: Certificate): string | undefined {
    switch (this.#query.revocationStatus?.(issuer)) {
      case "revoked":
        return "it is revoked";
      case "undetermined":
        return this.#query.anchors.includes(issuer)
          ? undefined
          : "the CRL of its issuer has expired";
      default:
        return undefined;
    }
  }

  /**
   * Asked only of whole paths: constraints below an anchor come from those that
   * it vouches for, so that a stranger cannot make us compare names at length.
   */
  #constraintsHold(path: readonly Certificate[]): boolean {
    for (const [height, issuer] of path.entries()) {
      const constraints = issuer.extensions.nameConstraints;
      // On a leaf, which issues nothing, they say nothing.
      if (!constraints || height === 0) continue;
      for (const [lower, certificate] of path.slice(0, height).entries()) {
        const problem = nameConstraintsProblem(constraints, certificate);
        if (problem !== undefined) return this.#refuse(at(lower, problem));
      }
    }
    return true;
  }

  /** Keeps the first refusal, which belongs to the likeliest path; false, for the caller to return. */
  #refuse(detail: string): false {
    this.#refusal ??= detail;
    return false;
  }
}

function sameEntity(a: Certificate, b: Certificate): boolean {
  return equalOctets(a.subject.der, b.subject.der) &&
    equalOctets(a.spki, b.spki);
}

function at(height: number, problem: string): string {
  return height === 0
    ? `leaf: ${problem}`
    : `certificate ${height} above the leaf: ${problem}`;
}
