import {
  type Cursor,
  type Element,
  malformed,
  open,
  readBitString,
  readBoolean,
  readOid,
  readSingle,
  readSmallInteger,
  Tag,
} from "./der.ts";
import {
  type GeneralName,
  readGeneralName,
  readGeneralNames,
} from "./general_name.ts";

/** Which kinds of key use the certificate asserts (RFC 5280 §4.2.1.3). */
export interface KeyUsage {
  readonly digitalSignature: boolean;
  readonly keyCertSign: boolean;
  readonly cRLSign: boolean;
}

/** RFC 5280 §4.2.1.9. */
export interface BasicConstraints {
  readonly ca: boolean;
  /** How many intermediates may follow below this one. */
  readonly pathLength?: number;
}

/** The bases of the permitted and excluded subtrees (RFC 5280 §4.2.1.10). */
export interface NameConstraints {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

/** What a certificate's extensions say; a field is absent where its extension is. */
export interface Extensions {
  readonly basicConstraints?: BasicConstraints;
  readonly keyUsage?: KeyUsage;
  /** KeyPurposeIds in dotted decimal. */
  readonly extendedKeyUsage?: readonly string[];
  readonly subjectAltName?: readonly GeneralName[];
  readonly nameConstraints?: NameConstraints;
  /** The keyIdentifier of the issuer's key. */
  readonly authorityKeyIdentifier?: Uint8Array;
  readonly subjectKeyIdentifier?: Uint8Array;
  /** OIDs of critical extensions that nothing here processes: a path must refuse them. */
  readonly unknownCritical: readonly string[];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Reads one extension's value into the field it belongs to. */
const READERS: Readonly<
  Record<string, (extensions: Mutable<Extensions>, value: Uint8Array) => void>
> = {
  "2.5.29.14": (extensions, value) => {
    extensions.subjectKeyIdentifier =
      readSingle(value, Tag.OCTET_STRING).content;
  },
  "2.5.29.15": (extensions, value) => {
    extensions.keyUsage = readKeyUsage(value);
  },
  "2.5.29.17": (extensions, value) => {
    extensions.subjectAltName = readGeneralNames(
      readSingle(value, Tag.SEQUENCE),
    );
  },
  "2.5.29.19": (extensions, value) => {
    extensions.basicConstraints = readBasicConstraints(value);
  },
  "2.5.29.30": (extensions, value) => {
    extensions.nameConstraints = readNameConstraints(value);
  },
  "2.5.29.35": (extensions, value) => {
    const fields = open(readSingle(value, Tag.SEQUENCE));
    const keyIdentifier = fields.optional(0x80);
    // The issuer's name and serial number, which no path search needs.
    fields.optional(0xa1);
    fields.optional(0x82);
    fields.end();
    if (keyIdentifier) {
      extensions.authorityKeyIdentifier = keyIdentifier.content;
    }
  },
  "2.5.29.37": (extensions, value) => {
    extensions.extendedKeyUsage = readExtendedKeyUsage(value);
  },
};

/**
 * Reads the Extensions field (RFC 5280 §4.1.2.9). An extension that occurs
 * twice (§4.2) or whose value does not parse throws `CERT_INVALID`.
 */
export function readExtensions(element: Element): Extensions {
  const unknownCritical: string[] = [];
  const extensions: Mutable<Extensions> = { unknownCritical };
  for (const { oid, critical, value } of readExtensionList(element)) {
    const reader = READERS[oid];
    if (reader) reader(extensions, value);
    else if (critical) unknownCritical.push(oid);
  }
  return extensions;
}

/** One Extension (RFC 5280 §4.2), its value still encoded. */
export interface Extension {
  /** Dotted decimal. */
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Uint8Array;
}

/** Reads Extensions, at least one and each once, of a certificate or a CRL; throws `CERT_INVALID`. */
export function readExtensionList(element: Element): readonly Extension[] {
  const extensions = new Map<string, Extension>();
  const list = open(element);
  do {
    const fields = open(list.read(Tag.SEQUENCE));
    const oid = readOid(fields.read(Tag.OID));
    if (extensions.has(oid)) throw malformed(`extension ${oid} occurs twice`);
    const critical = readDefaultFalse(fields);
    const value = fields.read(Tag.OCTET_STRING).content;
    fields.end();
    extensions.set(oid, { oid, critical, value });
  } while (!list.done);
  return [...extensions.values()];
}

/** DER leaves a DEFAULT out, yet an explicit FALSE is common in the field and says the same. */
function readDefaultFalse(fields: Cursor): boolean {
  const element = fields.optional(Tag.BOOLEAN);
  return element !== undefined && readBoolean(element);
}

function readBasicConstraints(value: Uint8Array): BasicConstraints {
  const fields = open(readSingle(value, Tag.SEQUENCE));
  const ca = readDefaultFalse(fields);
  const pathLength = fields.optional(Tag.INTEGER);
  fields.end();
  return {
    ca,
    ...(pathLength && { pathLength: readSmallInteger(pathLength) }),
  };
}

function readKeyUsage(value: Uint8Array): KeyUsage {
  const [first = 0] = readBitString(readSingle(value, Tag.BIT_STRING));
  return {
    digitalSignature: (first & 0x80) !== 0,
    keyCertSign: (first & 0x04) !== 0,
    cRLSign: (first & 0x02) !== 0,
  };
}

function readExtendedKeyUsage(value: Uint8Array): readonly string[] {
  const purposes: string[] = [];
  const cursor = open(readSingle(value, Tag.SEQUENCE));
  do purposes.push(readOid(cursor.read(Tag.OID))); while (!cursor.done);
  return purposes;
}

function readNameConstraints(value: Uint8Array): NameConstraints {
  const fields = open(readSingle(value, Tag.SEQUENCE));
  const permitted = fields.optional(0xa0);
  const excluded = fields.optional(0xa1);
  fields.end();
  if (!permitted && !excluded) {
    throw malformed("expected name constraints that constrain something");
  }
  return {
    permitted: permitted ? readSubtrees(permitted) : [],
    excluded: excluded ? readSubtrees(excluded) : [],
  };
}

function readSubtrees(element: Element): readonly GeneralName[] {
  const bases: GeneralName[] = [];
  const cursor = open(element);
  do {
    const subtree = open(cursor.read(Tag.SEQUENCE));
    bases.push(readGeneralName(subtree.read(), [8, 32]));
    // minimum is always 0, which DER leaves out, and maximum is always absent.
    subtree.end();
  } while (!cursor.done);
  return bases;
}
