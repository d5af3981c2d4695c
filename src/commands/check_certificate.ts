import { formatIpAddress } from "../identity/ip_address.ts";
import type { CrlInForce } from "../material/revocation.ts";
import type { Certificate } from "../x509/certificate.ts";
import { readSingle, Tag } from "../x509/der.ts";
import type { GeneralName } from "../x509/general_name.ts";
import { formatName, readName } from "../x509/name.ts";
import type {
  CertificateReport,
  RevocationListReport,
} from "./check_report.ts";
import { standingAt, wholeDays } from "./check_time.ts";

/** What there is to say of a certificate at `now`, in milliseconds since the epoch. */
export function describeCertificate(
  certificate: Certificate,
  now: number,
): CertificateReport {
  const { subject, issuer, notBefore, notAfter } = certificate;
  return {
    subject: formatName(subject),
    issuer: formatName(issuer),
    serial: certificate.serialNumber,
    fingerprint: certificate.fingerprint,
    notBefore: rfc3339(notBefore),
    notAfter: rfc3339(notAfter),
    daysLeft: wholeDays(notAfter - now),
    standing: standingAt({ begin: notBefore, end: notAfter }, now),
  };
}

/** The subject alternative names, each behind its type. Those of rare types are left out. */
export function alternativeNames({ extensions }: Certificate): string[] {
  return (extensions.subjectAltName ?? []).flatMap((name) =>
    describeName(name) ?? []
  );
}

function describeName(name: GeneralName): string | undefined {
  switch (name.form) {
    case "dns":
      return `DNS:${name.value}`;
    case "uri":
      return `URI:${name.value}`;
    case "email":
      return `email:${name.value}`;
    case "ip":
      return `IP:${formatIpAddress(name.octets)}`;
    case "directory":
      return `DirName:${formatName(name.name)}`;
    case "other":
      return undefined;
  }
}

/** What there is to say of a CRL at `now`, in milliseconds since the epoch. */
export function describeCrl(
  crl: CrlInForce,
  now: number,
): RevocationListReport {
  const { issuer, place, thisUpdate, nextUpdate, revoked, crlNumber } = crl;
  const name = readName(readSingle(Uint8Array.fromHex(issuer), Tag.SEQUENCE));
  return {
    issuer: formatName(name),
    place,
    thisUpdate: rfc3339(thisUpdate),
    nextUpdate: rfc3339(nextUpdate),
    standing: standingAt({ begin: thisUpdate, end: nextUpdate }, now),
    entries: revoked.size,
    ...(crlNumber !== undefined && { number: String(crlNumber) }),
  };
}

/** A time in milliseconds since the epoch as text (RFC 3339). */
export function rfc3339(time: number): string {
  return new Date(time).toISOString();
}
