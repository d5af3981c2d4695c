import * as der from "./der_writer.ts";
import { type Authority, toPem } from "./pki.ts";
import { extension } from "./pki_extensions.ts";
import { type SignatureAlgorithm, signatureScheme } from "./pki_keys.ts";

/** One revoked certificate of a CRL. */
export interface RevokedEntry {
  /** Content octets of the serial number. */
  readonly serial: Uint8Array;
  /** A CRLReason by number (RFC 5280 §5.3.1); none by default. */
  readonly reason?: number;
  /** DER of the revocation date, in place of an hour ago. */
  readonly date?: Uint8Array;
  /** DER of whole entry Extensions, after the reason. */
  readonly extraExtensions?: readonly Uint8Array[];
}

/** What goes into a CRL. Everything has a default that makes a good one. */
export interface CrlOptions {
  readonly entries?: readonly RevokedEntry[];
  /** 1 carries no extensions, unless `extraExtensions` says so. */
  readonly version?: 1 | 2;
  /** Milliseconds since the epoch; an hour ago, a day from now. `null` leaves nextUpdate out. */
  readonly thisUpdate?: number;
  readonly nextUpdate?: number | null;
  /** 1 by default; `null` leaves it out. */
  readonly crlNumber?: number | null;
  /** DER of whole Extensions: see `extension`. */
  readonly extraExtensions?: readonly Uint8Array[];
  readonly signatureAlgorithm?: SignatureAlgorithm;
  /** DER of the AlgorithmIdentifier within, in place of the one without. */
  readonly innerAlgorithm?: Uint8Array;
  /** DER of the issuer's name, in place of the authority's. */
  readonly issuer?: Uint8Array;
  /** DER of the revokedCertificates field, in place of `entries`. */
  readonly list?: Uint8Array;
}

/** A CRL in both encodings. */
export interface IssuedCrl {
  readonly der: Uint8Array<ArrayBuffer>;
  readonly pem: string;
}

const HOUR = 3_600_000;

/** Makes a CRL that `authority` signs. */
export function createCrl(
  authority: Pick<Authority, "key" | "subject">,
  options: CrlOptions = {},
): IssuedCrl {
  const signature = signatureScheme(authority.key, options.signatureAlgorithm);
  const { version = 2, thisUpdate = Date.now() - HOUR } = options;
  const { nextUpdate = Date.now() + 24 * HOUR } = options;
  const extensions = crlExtensions({ ...options, version });
  const tbs = der.sequence(
    ...(version === 2 ? [der.integer(1)] : []),
    options.innerAlgorithm ?? signature.identifier,
    options.issuer ?? authority.subject,
    der.time(thisUpdate),
    ...(nextUpdate === null ? [] : [der.time(nextUpdate)]),
    ...revokedCertificates(options),
    ...(extensions.length > 0
      ? [der.context(0, der.sequence(...extensions))]
      : []),
  );
  const crl = der.sequence(
    tbs,
    signature.identifier,
    der.bitString(signature.sign(tbs)),
  );
  return { der: crl, pem: toPem(crl, "X509 CRL") };
}

/** `count` entries with random-looking serial numbers of 16 octets, the same ones each time. */
export function manyEntries(count: number): RevokedEntry[] {
  return Array.from({ length: count }, (_, index) => {
    const serial = new Uint8Array(16).fill(0x5a);
    new DataView(serial.buffer).setUint32(4, Math.imul(index, 0x9e3779b1));
    return { serial, reason: 1 };
  });
}

/** DER of an issuingDistributionPoint extension with the given fields within. */
export function issuingDistributionPoint(
  ...fields: Uint8Array[]
): Uint8Array<ArrayBuffer> {
  return extension("2.5.29.28", der.sequence(...fields), { critical: true });
}

/** DER of one entry of revokedCertificates. */
export function revokedEntry(
  { serial, reason, date, extraExtensions = [] }: RevokedEntry,
): Uint8Array<ArrayBuffer> {
  const extensions = [
    ...(reason === undefined
      ? []
      : [extension("2.5.29.21", der.element(0x0a, Uint8Array.of(reason)))]),
    ...extraExtensions,
  ];
  return der.sequence(
    der.integer(serial),
    date ?? der.time(Date.now() - HOUR),
    ...(extensions.length > 0 ? [der.sequence(...extensions)] : []),
  );
}

function revokedCertificates({ entries, list }: CrlOptions): Uint8Array[] {
  if (list) return [list];
  // RFC 5280 §5.1.2.6: a list without an entry is absent.
  if (!entries || entries.length === 0) return [];
  // Joined before, as 100,000 arguments are more than a call takes.
  return [der.sequence(der.concat(entries.map(revokedEntry)))];
}

function crlExtensions(
  { version, crlNumber = 1, extraExtensions = [] }: CrlOptions,
): Uint8Array[] {
  const numbered = version === 2 && crlNumber !== null;
  return [
    ...(numbered ? [extension("2.5.29.20", der.integer(crlNumber))] : []),
    ...extraExtensions,
  ];
}
