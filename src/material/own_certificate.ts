import { SidecarError } from "../errors.ts";
import type { Certificate } from "../x509/certificate.ts";
import { parseCertificates } from "./certificate_file.ts";
import type { PrivateKey } from "./private_key.ts";

/** id-kp-serverAuth and id-kp-clientAuth (RFC 5280 §4.2.1.12). */
const PURPOSES = {
  serverAuth: { oid: "1.3.6.1.5.5.7.3.1", peer: "clients" },
  clientAuth: { oid: "1.3.6.1.5.5.7.3.2", peer: "servers" },
} as const;

/** The certificate that the sidecar shows, and what comes with it. */
export interface OwnCertificate {
  readonly certificate: Certificate;
  /** The certificates after the first, as the file orders them. */
  readonly chain: readonly Certificate[];
  readonly warnings: readonly string[];
  /** When `certificate` expires and that becomes a warning, in milliseconds since the epoch. */
  readonly changesAt: number;
}

/**
 * Reads the sidecar's own certificate, which comes first, and its chain. Throws
 * `PEM_INVALID` and `CERT_INVALID` for what does not parse, `KEY_MISMATCH` where
 * `key` is not the first certificate's, `CERT_NOT_YET_VALID` and `CERT_EXPIRED`
 * where `now`, in milliseconds since the epoch, is outside its validity. That the
 * certificate with the fingerprint `served` has expired is a warning. So is a
 * chain that is out of order or out of its validity, and a certificate that is
 * not for `purpose`: many peers can do without the one and do not mind the
 * other. What the runtime cannot serve is `CERT_INVALID`.
 */
export function readOwnCertificate(
  octets: Uint8Array,
  file: string,
  { key, now, served, purpose = "serverAuth" }: {
    key: PrivateKey;
    now: number;
    served?: string | undefined;
    purpose?: keyof typeof PURPOSES;
  },
): OwnCertificate {
  const [first, ...rest] = parseCertificates(octets, {
    file,
    code: "CERT_INVALID",
  });
  // parseCertificates() gives at least one.
  if (!first) throw new TypeError(`no certificate in "${file}"`);
  checkKey([first, ...rest].map((entry) => entry.certificate), { key, file });
  const { certificate } = first;
  checkServable(certificate, file);
  const expired = now > certificate.notAfter;
  const tolerated = expired && certificate.fingerprint === served;
  if (!tolerated) checkValidity(certificate, { now, file });
  const chainWarnings = rest.flatMap(({ certificate, place }, index) => {
    const above = (rest[index - 1] ?? first).certificate;
    return [
      ...(isIssuer(certificate, above)
        ? []
        : [`${place} did not issue the one before it`]),
      ...(now < certificate.notBefore || now > certificate.notAfter
        ? [`${place} is outside its validity`]
        : []),
    ];
  });
  return {
    certificate,
    chain: rest.map((entry) => entry.certificate),
    warnings: [
      ...(tolerated
        ? [
          `"${file}" is served on although it was valid until ${
            rfc3339(certificate.notAfter)
          }`,
        ]
        : []),
      ...purposeWarnings(certificate, { file, purpose }),
      ...chainWarnings,
    ],
    changesAt: expired ? Infinity : certificate.notAfter + 1,
  };
}

function checkKey(
  [leaf, ...rest]: readonly Certificate[],
  { key, file }: { key: PrivateKey; file: string },
): void {
  const matches = (certificate: Certificate) =>
    equalOctets(certificate.spki, key.spki);
  if (leaf && matches(leaf)) return;
  const position = rest.findIndex(matches) + 2;
  throw new SidecarError(
    "KEY_MISMATCH",
    position > 1
      ? `Cannot serve "${file}": expected the certificate of "${key.file}" first, found it as number ${position}`
      : `Cannot serve "${file}": expected the certificate of "${key.file}", found that of another`,
  );
}

/** With such a certificate every handshake would fail, where the old one works. */
function checkServable(
  { version, extensions: { unknownCritical } }: Certificate,
  file: string,
): void {
  const problem = version !== 3
    ? `expected X.509 version 3, found ${version}`
    : unknownCritical.length > 0
    ? `unsupported critical extension ${unknownCritical.join(", ")}`
    : undefined;
  if (problem === undefined) return;
  throw new SidecarError("CERT_INVALID", `Cannot serve "${file}": ${problem}`);
}

/** RFC 5280 §4.2.1.12, §4.2.1.9. */
function purposeWarnings(
  { extensions: { extendedKeyUsage, basicConstraints } }: Certificate,
  { file, purpose }: { file: string; purpose: keyof typeof PURPOSES },
): string[] {
  const { oid, peer } = PURPOSES[purpose];
  return [
    ...(extendedKeyUsage?.includes(oid) ?? true
      ? []
      : [`"${file}" is not for ${purpose}: ${peer} may refuse it`]),
    ...(basicConstraints?.ca
      ? [`"${file}" is the certificate of a CA: ${peer} may refuse it`]
      : []),
  ];
}

function checkValidity(
  { notBefore, notAfter }: Certificate,
  { now, file }: { now: number; file: string },
): void {
  if (now < notBefore) {
    throw new SidecarError(
      "CERT_NOT_YET_VALID",
      `Cannot serve "${file}": the certificate is valid from ${
        rfc3339(notBefore)
      }, and it is ${rfc3339(now)}`,
    );
  }
  if (now > notAfter) {
    throw new SidecarError(
      "CERT_EXPIRED",
      `Cannot serve "${file}": the certificate was valid until ${
        rfc3339(notAfter)
      }, and it is ${rfc3339(now)}`,
    );
  }
}

function isIssuer(issuer: Certificate, subject: Certificate): boolean {
  return equalOctets(issuer.subject.der, subject.issuer.der);
}

function equalOctets(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, index) => octet === b[index]);
}

function rfc3339(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
