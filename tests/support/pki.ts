import { type KeyObject, randomBytes } from "node:crypto";
import * as der from "./der_writer.ts";
import {
  type Constraints,
  extensionsOf,
  type KeyUsageName,
} from "./pki_extensions.ts";
import {
  generateKey,
  type KeyAlgorithm,
  type SignatureAlgorithm,
  signatureScheme,
  spkiOf,
} from "./pki_keys.ts";

export const PURPOSE = {
  any: "2.5.29.37.0",
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
} as const;

/** What goes into a certificate. Everything has a default that makes a good one. */
export interface CertificateOptions {
  readonly commonName?: string;
  /** DER of the whole subject, in place of `commonName`: see {@linkcode distinguishedName}. */
  readonly subject?: Uint8Array;
  readonly dnsNames?: readonly string[];
  readonly uris?: readonly string[];
  readonly emails?: readonly string[];
  /** Dotted IPv4, or the octets of any address in hex. */
  readonly ips?: readonly string[];
  /** OIDs; for a leaf serverAuth and clientAuth, for an authority none. `[]` leaves it out. */
  readonly eku?: readonly string[];
  /** For a leaf digitalSignature, for an authority keyCertSign and cRLSign. `[]` leaves it out. */
  readonly keyUsage?: readonly KeyUsageName[];
  /** `null` leaves basicConstraints out. */
  readonly ca?: boolean | null;
  readonly pathLength?: number;
  readonly nameConstraints?: Constraints;
  /** Milliseconds since the epoch; an hour ago, a day from now. */
  readonly notBefore?: number;
  readonly notAfter?: number;
  /** 1 and 2 carry no extensions, unless `extraExtensions` says so. */
  readonly version?: 1 | 2 | 3;
  /** DER of whole Extensions: see `extension`. */
  readonly extraExtensions?: readonly Uint8Array[];
  readonly keyAlgorithm?: KeyAlgorithm;
  /** A key to use again, for cross-signed and self-issued certificates. */
  readonly key?: KeyObject;
  /** Content octets of the serial number; 16 random ones by default. */
  readonly serial?: Uint8Array;
  readonly signatureAlgorithm?: SignatureAlgorithm;
  /** DER of the issuer's name as the certificate states it, in place of the issuer's own. */
  readonly issuer?: Uint8Array;
}

/** A certificate and its key. */
export interface Issued {
  readonly der: Uint8Array<ArrayBuffer>;
  readonly certPem: string;
  /** PKCS#8. */
  readonly keyPem: string;
  readonly key: KeyObject;
  /** This certificate and the intermediates above it, without the root. */
  readonly chainPem: string;
  /** DER of the subject. */
  readonly subject: Uint8Array;
}

/** A certification authority, root or intermediate. */
export interface Authority extends Issued {
  issue(options?: CertificateOptions): Issued;
  issueAuthority(options?: CertificateOptions): Authority;
}

const HOUR = 3_600_000;

/** Makes a self-signed authority. */
export function createAuthority(options: CertificateOptions = {}): Authority {
  const key = options.key ?? generateKey(options.keyAlgorithm);
  const subject = subjectOf(options, "Test Root");
  const issuer = { key, subject, intermediates: "" };
  return asAuthority(
    certify({ ...authorityDefaults(options), key, subject }, issuer),
  );
}

/** One RDN for each pair of type and value; a value may be the DER of any string type. */
export function distinguishedName(
  ...attributes: readonly (readonly [oid: string, value: string | Uint8Array])[]
): Uint8Array<ArrayBuffer> {
  return der.sequence(
    ...attributes.map(([type, value]) => der.set(attribute(type, value))),
  );
}

/** One AttributeTypeAndValue, for RDNs of several. */
export function attribute(
  type: string,
  value: string | Uint8Array,
): Uint8Array<ArrayBuffer> {
  return der.sequence(
    der.oid(type),
    typeof value === "string" ? der.utf8String(value) : value,
  );
}

/** Octets as PEM. */
export function toPem(octets: Uint8Array, label = "CERTIFICATE"): string {
  const lines = octets.toBase64().match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""]
    .join("\n");
}

interface Issuer {
  readonly key: KeyObject;
  readonly subject: Uint8Array;
  /** PEM of the intermediates from this issuer up, empty for a root. */
  readonly intermediates: string;
}

type Resolved = CertificateOptions & {
  readonly key: KeyObject;
  readonly subject: Uint8Array;
};

function asAuthority(issued: Issued, intermediates = ""): Authority {
  const issuer = { key: issued.key, subject: issued.subject, intermediates };
  return {
    ...issued,
    issue(options = {}) {
      const key = options.key ?? generateKey(options.keyAlgorithm);
      const defaults: CertificateOptions = {
        eku: [PURPOSE.serverAuth, PURPOSE.clientAuth],
        keyUsage: ["digitalSignature"],
        ca: false,
      };
      const subject = subjectOf(options, "Test Leaf");
      return certify({ ...defaults, ...options, key, subject }, issuer);
    },
    issueAuthority(options = {}) {
      const key = options.key ?? generateKey(options.keyAlgorithm);
      const subject = subjectOf(options, "Test Intermediate");
      const child = certify(
        { ...authorityDefaults(options), key, subject },
        issuer,
      );
      return asAuthority(child, child.chainPem);
    },
  };
}

function authorityDefaults(options: CertificateOptions): CertificateOptions {
  return { ca: true, keyUsage: ["keyCertSign", "cRLSign"], ...options };
}

function subjectOf(options: CertificateOptions, fallback: string): Uint8Array {
  return options.subject ??
    distinguishedName(["2.5.4.3", options.commonName ?? fallback]);
}

function certify(options: Resolved, issuer: Issuer): Issued {
  const signature = signatureScheme(issuer.key, options.signatureAlgorithm);
  const tbs = tbsCertificate(options, {
    issuer,
    algorithm: signature.identifier,
  });
  const certificate = der.sequence(
    tbs,
    signature.identifier,
    der.bitString(signature.sign(tbs)),
  );
  const certPem = toPem(certificate);
  return {
    der: certificate,
    certPem,
    keyPem: String(options.key.export({ type: "pkcs8", format: "pem" })),
    key: options.key,
    chainPem: certPem + issuer.intermediates,
    subject: options.subject,
  };
}

function tbsCertificate(
  options: Resolved,
  by: { issuer: Issuer; algorithm: Uint8Array },
): Uint8Array<ArrayBuffer> {
  const { version = 3 } = options;
  const serial = options.serial ?? Uint8Array.of(0x01, ...randomBytes(15));
  const { notBefore = Date.now() - HOUR, notAfter = Date.now() + 24 * HOUR } =
    options;
  const list = version === 3
    ? extensionsOf(options, by.issuer)
    : [...(options.extraExtensions ?? [])];
  return der.sequence(
    ...(version > 1 ? [der.context(0, der.integer(version - 1))] : []),
    der.integer(serial),
    by.algorithm,
    options.issuer ?? by.issuer.subject,
    der.sequence(der.time(notBefore), der.time(notAfter)),
    options.subject,
    spkiOf(options.key),
    ...(list.length > 0 ? [der.context(3, der.sequence(...list))] : []),
  );
}
