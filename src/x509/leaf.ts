import type { AdmissionCode } from "../errors.ts";
import { type Certificate, equalOctets } from "./certificate.ts";
import { allowsClientAuth, validityAt } from "./issuer.ts";

/** The moment to judge at, in milliseconds since the epoch, and the CAs of the bundle. */
export interface LeafContext {
  readonly now: number;
  readonly anchors: readonly Certificate[];
}

/**
 * Why a certificate, by itself, cannot be a client's; undefined where it can.
 * It is no proof of trust without {@linkcode findPath}.
 */
export function checkClientLeaf(
  leaf: Certificate,
  { now, anchors }: LeafContext,
): AdmissionCode | undefined {
  const { basicConstraints, keyUsage, unknownCritical } = leaf.extensions;
  // A CA of the bundle that is presented as it stands passes the runtime's
  // verifier unchecked, and so does any version 1 certificate.
  if (anchors.some((anchor) => equalOctets(anchor.der, leaf.der))) {
    return "LEAF_IS_CA";
  }
  if (leaf.version !== 3) return "LEAF_VERSION";
  if (basicConstraints?.ca) return "LEAF_IS_CA";
  const validity = validityAt(leaf, now);
  if (validity === "not yet valid") return "LEAF_NOT_YET_VALID";
  if (validity === "expired") return "LEAF_EXPIRED";
  if (!allowsClientAuth(leaf)) return "LEAF_KEY_USAGE";
  if (keyUsage && !keyUsage.digitalSignature) return "LEAF_KEY_USAGE";
  if (unknownCritical.length > 0) return "PATH_REFUSED";
  return undefined;
}
