import { type Element, open, readOid, Tag } from "./der.ts";
import { readString } from "./strings.ts";

/** One AttributeTypeAndValue (RFC 5280 §4.1.2.4). */
export interface NameAttribute {
  /** Dotted decimal, for example `2.5.4.3` for commonName. */
  readonly oid: string;
  /** The text, absent where the value is not of a string type. */
  readonly value?: string;
  /** The DER encoding of the value. */
  readonly der: Uint8Array;
}

/** A distinguished name. Two names are the same when their `der` is, octet for octet. */
export interface Name {
  readonly der: Uint8Array;
  /** The RDNSequence in encoded order: the most specific name comes last. */
  readonly rdns: readonly (readonly NameAttribute[])[];
}

/** Reads a Name; throws `CERT_INVALID` where an RDN is empty or a string breaks its type's rules. */
export function readName(element: Element): Name {
  const rdns: NameAttribute[][] = [];
  const cursor = open(element);
  while (!cursor.done) {
    const rdn: NameAttribute[] = [];
    const set = open(cursor.read(Tag.SET));
    do rdn.push(readAttribute(set.read(Tag.SEQUENCE))); while (!set.done);
    rdns.push(rdn);
  }
  return { der: element.der, rdns };
}

function readAttribute(element: Element): NameAttribute {
  const fields = open(element);
  const oid = readOid(fields.read(Tag.OID));
  const encoded = fields.read();
  fields.end();
  const value = readString(encoded);
  return { oid, der: encoded.der, ...(value !== undefined && { value }) };
}

/** The short names of RFC 4514 §3; every other type is written as its OID. */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  "2.5.4.3": "CN",
  "2.5.4.7": "L",
  "2.5.4.8": "ST",
  "2.5.4.10": "O",
  "2.5.4.11": "OU",
  "2.5.4.6": "C",
  "2.5.4.9": "STREET",
  "0.9.2342.19200300.100.1.25": "DC",
  "0.9.2342.19200300.100.1.1": "UID",
};

/**
 * The name as an RFC 4514 string, most specific RDN first. It consists of
 * printable ASCII alone, so it can stand in a header or a log line: see
 * {@linkcode escapeValue}.
 */
export function formatName(name: Name): string {
  return name.rdns.toReversed().map((rdn) => rdn.map(formatAttribute).join("+"))
    .join(",");
}

function formatAttribute(attribute: NameAttribute): string {
  const shortName = SHORT_NAMES[attribute.oid];
  // RFC 4514 §2.4: a type without a short name has its value in hex, so that
  // the encoding is not lost on a reader who does not know the type either.
  return shortName !== undefined && attribute.value !== undefined
    ? `${shortName}=${escapeValue(attribute.value)}`
    : `${attribute.oid}=#${attribute.der.toHex()}`;
}

/**
 * An attribute value escaped by RFC 4514 §2.4. Beyond what the RFC asks, every
 * octet of the UTF-8 form that is not printable ASCII becomes a `\XX` pair, and
 * so does a space at either end, which a header would lose.
 */
export function escapeValue(value: string): string {
  let escaped = "";
  const octets = new TextEncoder().encode(value);
  for (const [index, octet] of octets.entries()) {
    const character = String.fromCharCode(octet);
    const atEnd = index === 0 || index === octets.length - 1;
    if (octet < 0x20 || octet > 0x7e || (character === " " && atEnd)) {
      escaped += `\\${octet.toString(16).padStart(2, "0").toUpperCase()}`;
    } else if (
      '"+,;<>\\'.includes(character) || (character === "#" && index === 0)
    ) {
      escaped += `\\${character}`;
    } else escaped += character;
  }
  return escaped;
}
