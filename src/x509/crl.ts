import { createHash } from "node:crypto";
import { problemOf, SidecarError } from "../errors.ts";
import {
  type Certificate,
  equalOctets,
  readAlgorithmIdentifier,
  type Signed,
} from "./certificate.ts";
import { readRevokedSerials } from "./crl_entries.ts";
import { type CrlExtensions, readCrlExtensions } from "./crl_extensions.ts";
import {
  type Cursor,
  type Element,
  malformed,
  open,
  readBitString,
  readSingle,
  readSmallInteger,
  Tag,
} from "./der.ts";
import { type Name, readName } from "./name.ts";
import { SerialSet } from "./serial_set.ts";
import { verifySignature } from "./signature.ts";
import { readTime } from "./time.ts";

/** The largest CRL that is read, in octets: some 400,000 entries. */
export const MAX_CRL_OCTETS = 16 * 1024 * 1024;

/** What one certificate revocation list says (RFC 5280 §5.1). Immutable. */
export interface Crl extends Signed, CrlExtensions {
  /** SHA-256 over the DER encoding, lower-case hex. */
  readonly fingerprint: string;
  readonly issuer: Name;
  /** Milliseconds since the epoch. */
  readonly thisUpdate: number;
  /** Milliseconds since the epoch; the CRL is still in force at this instant. */
  readonly nextUpdate: number;
  /** Serial numbers of the issuer's certificates. */
  readonly revoked: SerialSet;
}

/**
 * Parses one DER CertificateList of at most 16 MiB. All but `revoked` are views
 * of the input, which must not change, and keep it in memory. Nothing is
 * verified here.
 *
 * Throws `CRL_INVALID` for what RFC 5280 §5 does not allow, for a CRL without
 * nextUpdate (§5.1.2.5), and for delta and indirect CRLs and critical extensions
 * that are not supported. Version 1, which some tools write where no extension
 * is asked for, is taken: it says the same.
 */
export function parseCrl(der: Uint8Array): Crl {
  try {
    return readCrl(der);
  } catch (cause) {
    if (!(cause instanceof SidecarError)) throw cause;
    // The DER readers speak of a certificate.
    throw new SidecarError(
      "CRL_INVALID",
      `Cannot parse the CRL: ${problemOf(cause)}`,
      { cause },
    );
  }
}

/**
 * Whether `issuer` has the CRL's issuer name, may sign CRLs, and did sign this
 * one. RFC 5280 §6.3.3 f: keyUsage, where present, has cRLSign. The algorithms
 * are those of {@linkcode verifySignature}. Never throws.
 */
export function verifyCrlSignature(crl: Crl, issuer: Certificate): boolean {
  return equalOctets(crl.issuer.der, issuer.subject.der) &&
    issuer.extensions.keyUsage?.cRLSign !== false &&
    verifySignature(crl, issuer.spki);
}

function readCrl(der: Uint8Array): Crl {
  if (der.length > MAX_CRL_OCTETS) {
    throw malformed(`expected at most ${MAX_CRL_OCTETS} octets`);
  }
  const fields = open(readSingle(der, Tag.SEQUENCE));
  const tbs = fields.read(Tag.SEQUENCE);
  const signatureAlgorithm = readAlgorithmIdentifier(fields.read(Tag.SEQUENCE));
  const signatureValue = readBitString(fields.read(Tag.BIT_STRING), {
    unused: false,
  });
  fields.end();
  return {
    fingerprint: createHash("sha256").update(der).digest("hex"),
    ...readTbsCertList(tbs, signatureAlgorithm.der),
    tbs: tbs.der,
    signatureAlgorithm,
    signatureValue,
  };
}

type TbsFields = Omit<Crl, "fingerprint" | keyof Signed>;

function readTbsCertList(
  element: Element,
  outerAlgorithm: Uint8Array,
): TbsFields {
  const fields = open(element);
  const version = readVersion(fields);
  // RFC 5280 §5.1.1.2: the signed copy and the one beside the signature are the same.
  if (!equalOctets(fields.read(Tag.SEQUENCE).der, outerAlgorithm)) {
    throw malformed("expected the same signature algorithm within and without");
  }
  const issuer = readName(fields.read(Tag.SEQUENCE));
  const thisUpdate = readTime(fields.read());
  const nextUpdateField = fields.optional(Tag.UTC_TIME) ??
    fields.optional(Tag.GENERALIZED_TIME);
  if (!nextUpdateField) throw malformed("expected nextUpdate, found none");
  const nextUpdate = readTime(nextUpdateField);
  if (nextUpdate < thisUpdate) {
    throw malformed("expected nextUpdate not to be before thisUpdate");
  }
  const entries = fields.optional(Tag.SEQUENCE);
  const explicit = version === 2 ? fields.optional(0xa0) : undefined;
  // Here a version 1 CRL that carries extensions is refused.
  fields.end();
  // Before the entries, so that a delta or indirect CRL is called by its name.
  const extensions = explicit
    ? readCrlExtensions(readSingle(explicit.content, Tag.SEQUENCE))
    : { scope: "" };
  const revoked = entries
    ? readRevokedSerials(entries, { extensions: version === 2 })
    : new SerialSet(new Uint8Array());
  return { issuer, thisUpdate, nextUpdate, ...extensions, revoked };
}

function readVersion(fields: Cursor): 1 | 2 {
  const element = fields.optional(Tag.INTEGER);
  if (!element) return 1;
  // Unlike a certificate's, the field is absent or 1, which stands for version 2.
  if (readSmallInteger(element) !== 1) {
    throw malformed("expected version 1 or 2");
  }
  return 2;
}
