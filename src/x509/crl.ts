import { createHash } from "node:crypto";
import { problemOf, SidecarError } from "../errors.ts";
import {
  type Certificate,
  equalOctets,
  readAlgorithmIdentifier,
  type Signed,
} from "./certificate.ts";
import { readRevokedSerials } from "./crl_entries.ts";
import {
  type CrlExtensions,
  readCrlExtensions,
  readCrlKeyIdentifier,
} from "./crl_extensions.ts";
import {
  type Cursor,
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

/** What is needed of a CRL to find and check its signer (RFC 5280 §5.1.1). Immutable. */
export interface CrlEnvelope extends Signed {
  /** SHA-256 over the DER encoding, lower-case hex. */
  readonly fingerprint: string;
  readonly issuer: Name;
}

/** What one certificate revocation list says (RFC 5280 §5.1). Immutable. */
export interface Crl extends CrlEnvelope, CrlExtensions {
  /** Milliseconds since the epoch. */
  readonly thisUpdate: number;
  /** Milliseconds since the epoch; the CRL is still in force at this instant. */
  readonly nextUpdate: number;
  /** Serial numbers of the issuer's certificates. */
  readonly revoked: SerialSet;
}

/**
 * Reads the envelope of one DER CertificateList of at most 16 MiB, and nothing
 * of its entries and extensions: what nobody signed costs little more than its
 * hash. All but the fingerprint are views of the input, which must not change,
 * and keep it in memory. Nothing is verified here. Throws `CRL_INVALID` for what
 * RFC 5280 §5.1.1 does not allow.
 */
export function parseCrlEnvelope(der: Uint8Array): CrlEnvelope {
  return asCrl(() => readEnvelope(der));
}

/**
 * Reads the rest of a CRL, for the caller who has verified its signature.
 *
 * Throws `CRL_INVALID` for what RFC 5280 §5 does not allow, for a CRL without
 * nextUpdate (§5.1.2.5), and for delta and indirect CRLs and critical extensions
 * that are not supported. Version 1, which some tools write where no extension
 * is asked for, is taken: it says the same.
 */
export function parseCrlContent(envelope: CrlEnvelope): Crl {
  return asCrl(() => ({ ...envelope, ...readContent(envelope) }));
}

/**
 * The key that a CRL says it was signed by (RFC 5280 §5.2.1), verified or not;
 * undefined where it names none. Passes over the entries unread. Throws
 * `CRL_INVALID` for what does not parse.
 */
export function parseCrlKeyIdentifier(
  envelope: CrlEnvelope,
): Uint8Array | undefined {
  return asCrl(() => {
    const { extensions } = readFields(envelope);
    return extensions && readCrlKeyIdentifier(extensions);
  });
}

/**
 * Whether `issuer` has the CRL's issuer name, may sign CRLs, and did sign this
 * one. RFC 5280 §6.3.3 f: keyUsage, where present, has cRLSign. The algorithms
 * are those of {@linkcode verifySignature}. Never throws.
 */
export function verifyCrlSignature(
  crl: CrlEnvelope,
  issuer: Certificate,
): boolean {
  return equalOctets(crl.issuer.der, issuer.subject.der) &&
    issuer.extensions.keyUsage?.cRLSign !== false &&
    verifySignature(crl, issuer.spki);
}

function asCrl<T>(read: () => T): T {
  try {
    return read();
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

function readEnvelope(der: Uint8Array): CrlEnvelope {
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
  const head = open(tbs);
  readVersion(head);
  // RFC 5280 §5.1.1.2: the signed copy and the one beside the signature are the same.
  if (!equalOctets(head.read(Tag.SEQUENCE).der, signatureAlgorithm.der)) {
    throw malformed("expected the same signature algorithm within and without");
  }
  return {
    fingerprint: createHash("sha256").update(der).digest("hex"),
    issuer: readName(head.read(Tag.SEQUENCE)),
    tbs: tbs.der,
    signatureAlgorithm,
    signatureValue,
  };
}

function readContent(
  envelope: CrlEnvelope,
): Omit<Crl, keyof CrlEnvelope> {
  const { version, thisUpdate, nextUpdate, entries, extensions } = readFields(
    envelope,
  );
  // Before the entries, so that a delta or indirect CRL is called by its name.
  const said = extensions ? readCrlExtensions(extensions) : { scope: "" };
  const revoked = entries
    ? readRevokedSerials(entries, { extensions: version === 2 })
    : new SerialSet(new Uint8Array());
  return { thisUpdate, nextUpdate, ...said, revoked };
}

/** The fields behind the envelope's; entries and extensions are not gone into. */
function readFields({ tbs }: CrlEnvelope) {
  const fields = open(readSingle(tbs, Tag.SEQUENCE));
  const version = readVersion(fields);
  // The algorithm and the issuer, which the envelope has.
  fields.read(Tag.SEQUENCE);
  fields.read(Tag.SEQUENCE);
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
  const extensions = explicit && readSingle(explicit.content, Tag.SEQUENCE);
  return { version, thisUpdate, nextUpdate, entries, extensions };
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
