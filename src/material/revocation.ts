import type { Certificate } from "../x509/certificate.ts";
import type { Crl } from "../x509/crl.ts";
import type { RevocationStatus } from "../x509/path.ts";

/** What a CRL knows a certificate by: little enough to be remembered for each client. */
export interface CertificateReference {
  /** DER of the issuer's name in hex. */
  readonly issuer: string;
  /** The serial number's content octets in hex. */
  readonly serialNumber: string;
}

/** The reference of a certificate. */
export function referenceOf(certificate: Certificate): CertificateReference {
  return {
    issuer: certificate.issuer.der.toHex(),
    serialNumber: certificate.serialNumber,
  };
}

/** A CRL whose signature was verified, without what is of no use after that. */
export interface CrlInForce extends
  Pick<
    Crl,
    "fingerprint" | "thisUpdate" | "nextUpdate" | "crlNumber" | "revoked"
  > {
  /** DER of the issuer's name in hex. */
  readonly issuer: string;
  /** Where it was read, for example `CRL 1 (line 1) of "/etc/ca/crl.pem"`. */
  readonly place: string;
}

/** How {@linkcode Revocation} judges. */
export interface RevocationOptions {
  /** `CRL_EXPIRED`: whether clients are refused when the CRL of their issuer has expired. */
  readonly onExpired: "refuse" | "warn";
  /** When it was built, in milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Which certificates are revoked: those that any CRL in force of their issuer's
 * name lists. CAs of one name share their CRLs, so that a CA that changed its
 * key goes on to be heard on the certificates of the old one. A CA without a CRL
 * revokes nothing. Immutable.
 */
export class Revocation {
  readonly #byIssuer: ReadonlyMap<string, readonly CrlInForce[]>;
  readonly #refusesExpired: boolean;
  readonly #builtAt: number;

  constructor(
    crls: readonly CrlInForce[],
    { onExpired, now }: RevocationOptions,
  ) {
    this.#byIssuer = Map.groupBy(crls, ({ issuer }) => issuer);
    this.#refusesExpired = onExpired === "refuse";
    this.#builtAt = now;
    Object.freeze(this);
  }

  /**
   * Whether a certificate is revoked; `undetermined` where the CRL of its issuer
   * does not list it and had expired at `now`, in milliseconds since the epoch,
   * unless `CRL_EXPIRED` is `warn`. Takes the same time whatever the CRLs hold.
   */
  statusOf(
    { issuer, serialNumber }: CertificateReference,
    now: number,
  ): RevocationStatus {
    const crls = this.#byIssuer.get(issuer) ?? [];
    if (crls.some(({ revoked }) => revoked.has(serialNumber))) return "revoked";
    return this.#isUndetermined(crls, now) ? "undetermined" : "unrevoked";
  }

  /**
   * Whether nothing speaks against a path that was found earlier, from the leaf
   * to the anchor. As in `findPath`, the anchor may be undetermined.
   */
  admitsPath(path: readonly CertificateReference[], now: number): boolean {
    return path.every((reference, height) => {
      const status = this.statusOf(reference, now);
      return status === "unrevoked" ||
        (status === "undetermined" && height > 0 && height === path.length - 1);
    });
  }

  /** The CRLs whose nextUpdate is before `now`, refused for or not. */
  expired(now: number): readonly CrlInForce[] {
    return this.all().filter((crl) => isExpired(crl, now));
  }

  /**
   * Whether this refuses anything that `before` did not: a certificate is newly
   * listed, an issuer has its first CRL, or its CRL has newly expired under
   * `CRL_EXPIRED=refuse`, each judged when it was built. Goes once through the
   * CRLs that are not the same in both.
   */
  grewSince(before: Revocation): boolean {
    for (const [issuer, crls] of this.#byIssuer) {
      const earlier = before.#byIssuer.get(issuer);
      if (!earlier) return true;
      const undetermined = this.#isUndetermined(crls, this.#builtAt);
      if (undetermined && !before.#isUndetermined(earlier, before.#builtAt)) {
        return true;
      }
      const known = new Set(earlier.map(({ fingerprint }) => fingerprint));
      const revokedBefore = earlier.map(({ revoked }) => revoked);
      const grew = crls.some(({ fingerprint, revoked }) =>
        !known.has(fingerprint) && !revoked.isCoveredBy(revokedBefore)
      );
      if (grew) return true;
    }
    return false;
  }

  /** All CRLs in force. */
  all(): readonly CrlInForce[] {
    return [...this.#byIssuer.values()].flat();
  }

  #isUndetermined(crls: readonly CrlInForce[], now: number): boolean {
    return this.#refusesExpired && crls.some((crl) => isExpired(crl, now));
  }
}

function isExpired({ nextUpdate }: CrlInForce, now: number): boolean {
  // Said so that a clock that gives NaN finds every CRL expired.
  return !(now <= nextUpdate);
}
