import { problemOf, SidecarError } from "../errors.ts";
import { type Certificate, parseCertificate } from "../x509/certificate.ts";
import { formatPem, parsePem } from "./pem.ts";

/** A certificate and where it stands, for example `certificate 2 (line 31) of "/etc/ca/ca.crt"`. */
export interface PlacedCertificate {
  readonly certificate: Certificate;
  readonly place: string;
}

/**
 * Parses a PEM file of certificates and nothing else, at least one. Throws
 * `PEM_INVALID` for the framing or another kind of block, and `code` for a
 * certificate that does not parse, naming its place and not its content.
 */
export function parseCertificates(
  octets: Uint8Array,
  { file, code }: { file: string; code: "CERT_INVALID" | "CA_INVALID" },
): PlacedCertificate[] {
  return parsePem(octets, file).map(({ label, der, line }, index) => {
    if (label !== "CERTIFICATE") {
      throw new SidecarError(
        "PEM_INVALID",
        `Cannot parse "${file}" line ${line}: expected only blocks of CERTIFICATE, found ${label}`,
      );
    }
    const place = `certificate ${index + 1} (line ${line}) of "${file}"`;
    try {
      return { certificate: parseCertificate(der), place };
    } catch (cause) {
      if (!(cause instanceof SidecarError)) throw cause;
      throw new SidecarError(
        code,
        `Cannot parse ${place}: ${problemOf(cause)}`,
        { cause },
      );
    }
  });
}

/** What such a file holds for these certificates, written anew from what was parsed. */
export function pemOf(certificates: readonly Certificate[]): string {
  return certificates.map(({ der }) => formatPem(der)).join("");
}
