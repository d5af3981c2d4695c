import { type Element, malformed } from "./der.ts";

/** Identifier octets of the character string types (X.680 §41). */
const UTF8 = 0x0c;
const NUMERIC = 0x12;
const PRINTABLE = 0x13;
const TELETEX = 0x14;
const IA5 = 0x16;
const VISIBLE = 0x1a;
const UNIVERSAL = 0x1c;
const BMP = 0x1e;

// "*" and "&" are no PrintableString characters, but public authorities have
// used them for decades, and every verifier takes them.
const PRINTABLE_TEXT = /^[A-Za-z0-9 '()+,\-./:=?*&]*$/;

/**
 * The text of a character string, or undefined where the element is not one.
 * T61String is read as Latin-1, as is the custom. Throws `CERT_INVALID` on
 * octets that the type does not allow.
 */
export function readString(element: Element): string | undefined {
  switch (element.tag) {
    case UTF8:
      return decodeUtf8(element.content);
    case NUMERIC:
      return matching(element.content, /^[0-9 ]*$/);
    case PRINTABLE:
      return matching(element.content, PRINTABLE_TEXT);
    case TELETEX:
      return latin1(element.content);
    case IA5:
      return readIa5(element.content);
    case VISIBLE:
      return matching(element.content, /^[ -~]*$/);
    case UNIVERSAL:
      return decodeCodePoints(element.content, 4);
    case BMP:
      return decodeCodePoints(element.content, 2);
    default:
      return undefined;
  }
}

/** The text of an IA5String's content octets: ASCII, control characters included. */
export function readIa5(octets: Uint8Array): string {
  if (octets.some((octet) => octet > 0x7f)) {
    throw malformed("expected ASCII in an IA5String");
  }
  return latin1(octets);
}

function latin1(octets: Uint8Array): string {
  let text = "";
  for (const octet of octets) text += String.fromCharCode(octet);
  return text;
}

function matching(octets: Uint8Array, pattern: RegExp): string {
  const text = latin1(octets);
  if (!pattern.test(text)) {
    throw malformed("a string has characters outside its type's alphabet");
  }
  return text;
}

function decodeUtf8(octets: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      octets,
    );
  } catch {
    throw malformed("expected UTF-8 in a UTF8String");
  }
}

function decodeCodePoints(octets: Uint8Array, width: 2 | 4): string {
  if (octets.length % width !== 0) {
    throw malformed(`expected ${width} octets a character`);
  }
  let text = "";
  for (let i = 0; i < octets.length; i += width) {
    let codePoint = 0;
    for (const octet of octets.subarray(i, i + width)) {
      codePoint = codePoint * 256 + octet;
    }
    const surrogate = codePoint >= 0xd800 && codePoint <= 0xdfff;
    if (codePoint > 0x10ffff || surrogate) {
      throw malformed("a string has an invalid code point");
    }
    text += String.fromCodePoint(codePoint);
  }
  return text;
}
