import { createHash } from "node:crypto";
import type { Certificate } from "../x509/certificate.ts";
import { formatName } from "../x509/name.ts";

const COMMON_NAME = "2.5.4.3";
const SUBJECT_HASH_DIGITS = 16;

/** Who a client is, by its admitted certificate. Computed once a connection. */
export interface ClientIdentity {
  /**
   * The subject's commonName, unescaped: anything may stand in it. Of several
   * the last in encoded order, the most specific. Absent where it is missing,
   * empty or not a string.
   */
  readonly commonName?: string;
  /** The subject as an RFC 4514 string of printable ASCII; empty for an empty subject. */
  readonly subject: string;
  /** SHA-256 over the certificate's DER, lower-case hex. */
  readonly fingerprint: string;
  /** The first 16 hex digits of SHA-256 over the subject's DER: names a client in logs. */
  readonly subjectHash: string;
}

/** Reads the identity from a certificate. The caller has verified it. */
export function clientIdentity(leaf: Certificate): ClientIdentity {
  const commonName = leaf.subject.rdns.flat()
    .findLast((attribute) => attribute.oid === COMMON_NAME)?.value;
  return {
    ...(commonName && { commonName }),
    subject: formatName(leaf.subject),
    fingerprint: leaf.fingerprint,
    subjectHash: createHash("sha256").update(leaf.subject.der).digest("hex")
      .slice(0, SUBJECT_HASH_DIGITS),
  };
}
