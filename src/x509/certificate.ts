import { createHash } from "node:crypto";
import {
  type Cursor,
  type Element,
  malformed,
  open,
  readBitString,
  readInteger,
  readOid,
  readSingle,
  readSmallInteger,
  Tag,
} from "./der.ts";
import { type Extensions, readExtensions } from "./extensions.ts";
import { type Name, readName } from "./name.ts";
import { readTime } from "./time.ts";

/** The largest certificate that is read, in octets. */
const MAX_CERTIFICATE_OCTETS = 64 * 1024;
/** RFC 5280 §4.1.2.2, in octets of the value. */
export const MAX_SERIAL_OCTETS = 20;

/** An `AlgorithmIdentifier` (RFC 5280 §4.1.1.2): its OID and its raw parameters. */
export interface AlgorithmIdentifier {
  /** Dotted decimal, for example `1.2.840.10045.4.3.2`. */
  readonly oid: string;
  /** The whole DER encoding of the AlgorithmIdentifier. */
  readonly der: Uint8Array;
  /** The DER encoding of the parameters, absent where the field is absent. */
  readonly parameters?: Uint8Array;
}

/** What is signed, and how: a certificate or a CRL (RFC 5280 §4.1.1, §5.1.1). */
export interface Signed {
  /** The octets that the signature covers: DER of the TBSCertificate or TBSCertList. */
  readonly tbs: Uint8Array;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signatureValue: Uint8Array;
}

/** What one X.509 certificate says (RFC 5280 §4.1). Immutable. */
export interface Certificate extends Signed {
  readonly der: Uint8Array;
  /** SHA-256 over `der`, lower-case hex. */
  readonly fingerprint: string;
  readonly version: 1 | 2 | 3;
  /** The serial number's content octets, lower-case hex. */
  readonly serialNumber: string;
  readonly issuer: Name;
  readonly subject: Name;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  /** Milliseconds since the epoch; the certificate is still valid at this instant. */
  readonly notAfter: number;
  /** DER of the SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  /** Empty for versions 1 and 2. */
  readonly extensions: Extensions;
}

/**
 * Parses one DER certificate of at most 64 KiB. The certificate keeps a copy of
 * the input. Anything that RFC 5280 §4.1 does not allow throws `CERT_INVALID`;
 * so does a negative serial number or one of over 20 octets, while zero, which
 * old private authorities use, is let through. Nothing is verified here.
 */
export function parseCertificate(der: Uint8Array): Certificate {
  if (der.length > MAX_CERTIFICATE_OCTETS) {
    throw malformed(`expected at most ${MAX_CERTIFICATE_OCTETS} octets`);
  }
  // Not slice(), which on a Buffer gives a view of what the runtime may reuse.
  const outer = readSingle(new Uint8Array(der), Tag.SEQUENCE);
  const fields = open(outer);
  const tbs = fields.read(Tag.SEQUENCE);
  const signatureAlgorithm = readAlgorithmIdentifier(fields.read(Tag.SEQUENCE));
  const signatureValue = readBitString(fields.read(Tag.BIT_STRING), {
    unused: false,
  });
  fields.end();
  return {
    der: outer.der,
    fingerprint: createHash("sha256").update(outer.der).digest("hex"),
    ...readTbsCertificate(tbs, signatureAlgorithm),
    tbs: tbs.der,
    signatureAlgorithm,
    signatureValue,
  };
}

type TbsFields = Omit<Certificate, "der" | "fingerprint" | keyof Signed>;

function readTbsCertificate(
  element: Element,
  outerAlgorithm: AlgorithmIdentifier,
): TbsFields {
  const fields = open(element);
  const version = readVersion(fields);
  const serialNumber = readSerialNumber(fields.read(Tag.INTEGER));
  // RFC 5280 §4.1.1.2: the signed copy and the one beside the signature are the same.
  if (!equalOctets(fields.read(Tag.SEQUENCE).der, outerAlgorithm.der)) {
    throw malformed("expected the same signature algorithm within and without");
  }
  const issuer = readName(fields.read(Tag.SEQUENCE));
  const validity = open(fields.read(Tag.SEQUENCE));
  const notBefore = readTime(validity.read());
  const notAfter = readTime(validity.read());
  validity.end();
  const subject = readName(fields.read(Tag.SEQUENCE));
  const spki = readSubjectPublicKeyInfo(fields.read(Tag.SEQUENCE));
  if (version > 1) {
    // issuerUniqueID and subjectUniqueID: allowed, and of no use to us.
    fields.optional(0x81);
    fields.optional(0x82);
  }
  const explicit = version === 3 ? fields.optional(0xa3) : undefined;
  // Here a version 1 or 2 certificate that carries extensions is refused.
  fields.end();
  const extensions = explicit
    ? readExtensions(readSingle(explicit.content, Tag.SEQUENCE))
    : { unknownCritical: [] };
  return {
    version,
    serialNumber,
    issuer,
    subject,
    notBefore,
    notAfter,
    spki,
    extensions,
  };
}

function readVersion(fields: Cursor): 1 | 2 | 3 {
  const explicit = fields.optional(0xa0);
  if (!explicit) return 1;
  switch (readSmallInteger(readSingle(explicit.content, Tag.INTEGER))) {
    case 1:
      return 2;
    case 2:
      return 3;
    default:
      // 0 is the DEFAULT, which DER leaves out.
      throw malformed("expected version 1, 2 or 3");
  }
}

function readSerialNumber(element: Element): string {
  const octets = readInteger(element);
  const [first = 0] = octets;
  if (first >= 0x80) {
    throw malformed("expected a serial number that is not negative");
  }
  if (octets.length > MAX_SERIAL_OCTETS + (first === 0 ? 1 : 0)) {
    throw malformed(
      `expected a serial number of at most ${MAX_SERIAL_OCTETS} octets`,
    );
  }
  return octets.toHex();
}

/** Reads an AlgorithmIdentifier; throws `CERT_INVALID`. */
export function readAlgorithmIdentifier(element: Element): AlgorithmIdentifier {
  const fields = open(element);
  const oid = readOid(fields.read(Tag.OID));
  const parameters = fields.done ? undefined : fields.read().der;
  fields.end();
  return { oid, der: element.der, ...(parameters && { parameters }) };
}

function readSubjectPublicKeyInfo(element: Element): Uint8Array {
  const fields = open(element);
  readAlgorithmIdentifier(fields.read(Tag.SEQUENCE));
  readBitString(fields.read(Tag.BIT_STRING), { unused: false });
  fields.end();
  return element.der;
}

/** Whether two arrays hold the same octets: how names, keys and certificates are compared. */
export function equalOctets(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, index) => octet === b[index]);
}
