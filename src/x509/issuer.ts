import type { Certificate } from "./certificate.ts";

/** KeyPurposeIds (RFC 5280 §4.2.1.12). */
const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
const ANY_EXTENDED_KEY_USAGE = "2.5.29.37.0";

/** Where `now`, in milliseconds since the epoch, stands to the validity period; both ends belong to it. */
export function validityAt(
  certificate: Certificate,
  now: number,
): "valid" | "expired" | "not yet valid" {
  if (now < certificate.notBefore) return "not yet valid";
  // A clock that gives NaN compares false with everything and must not admit.
  return now <= certificate.notAfter ? "valid" : "expired";
}

/** Whether extended key usage is absent or includes clientAuth or anyExtendedKeyUsage. */
export function allowsClientAuth({ extensions }: Certificate): boolean {
  const purposes = extensions.extendedKeyUsage;
  return purposes === undefined || purposes.includes(CLIENT_AUTH) ||
    purposes.includes(ANY_EXTENDED_KEY_USAGE);
}

/**
 * Why a certificate must not issue client certificates, whatever the time and
 * its place in a path (RFC 5280 §6.1.4 k, n, o); undefined where it may. Like
 * webpki and Go this asks extended key usage of authorities, too.
 */
export function issuerProblem(certificate: Certificate): string | undefined {
  const { basicConstraints, keyUsage, unknownCritical } =
    certificate.extensions;
  if (certificate.version !== 3) {
    return `it is X.509 version ${certificate.version}, not 3`;
  }
  if (certificate.subject.rdns.length === 0) return "its subject is empty";
  if (!basicConstraints?.ca) return "it is not a CA by its basicConstraints";
  if (keyUsage && !keyUsage.keyCertSign) {
    return "its keyUsage lacks keyCertSign";
  }
  if (!allowsClientAuth(certificate)) {
    return "its extended key usage lacks clientAuth";
  }
  if (unknownCritical.length > 0) {
    return `it has critical extensions that are not supported: ${
      unknownCritical.join(", ")
    }`;
  }
  return undefined;
}
