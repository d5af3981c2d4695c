/**
 * Writes DER, and with `raw` anything that is not quite DER: the opposite of
 * src/x509/der.ts, on purpose without a line in common with it.
 */

/** Joins octet strings. */
export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(
    parts.reduce((sum, part) => sum + part.length, 0),
  );
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** One element: an identifier octet, the shortest length, the content. */
export function element(
  tag: number,
  ...content: Uint8Array[]
): Uint8Array<ArrayBuffer> {
  const body = concat(content);
  const length = [];
  for (let rest = body.length; rest > 0; rest >>>= 8) {
    length.unshift(rest & 0xff);
  }
  const header = body.length < 0x80
    ? [tag, body.length]
    : [tag, 0x80 | length.length, ...length];
  return concat([Uint8Array.from(header), body]);
}

/** Octets from hex; spaces are ignored. */
export function raw(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(hex.replaceAll(" ", ""));
}

export function sequence(...fields: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return element(0x30, ...fields);
}

export function set(...members: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return element(0x31, ...members);
}

/** A context-specific element; constructed, as an EXPLICIT tag is, unless told otherwise. */
export function context(
  number: number,
  ...content: Uint8Array[]
): Uint8Array<ArrayBuffer> {
  return element(0xa0 | number, ...content);
}

/** A context-specific primitive element, as an IMPLICIT tag on a string is. */
export function contextPrimitive(
  number: number,
  content: Uint8Array,
): Uint8Array<ArrayBuffer> {
  return element(0x80 | number, content);
}

/** An INTEGER from a number or from its content octets. */
export function integer(value: number | Uint8Array): Uint8Array<ArrayBuffer> {
  if (value instanceof Uint8Array) return element(0x02, value);
  const octets = [value & 0xff];
  for (let rest = value >> 8; rest > 0; rest >>= 8) octets.unshift(rest & 0xff);
  if ((octets[0] ?? 0) >= 0x80) octets.unshift(0);
  return element(0x02, Uint8Array.from(octets));
}

export function boolean(value: boolean): Uint8Array<ArrayBuffer> {
  return element(0x01, Uint8Array.of(value ? 0xff : 0x00));
}

export function octetString(...content: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return element(0x04, ...content);
}

export function bitString(
  octets: Uint8Array,
  unused = 0,
): Uint8Array<ArrayBuffer> {
  return element(0x03, Uint8Array.of(unused), octets);
}

export function nullValue(): Uint8Array<ArrayBuffer> {
  return element(0x05);
}

/** An OBJECT IDENTIFIER from dotted decimal. */
export function oid(dotted: string): Uint8Array<ArrayBuffer> {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const octets: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const groups = [arc % 128];
    for (
      let left = Math.floor(arc / 128);
      left > 0;
      left = Math.floor(left / 128)
    ) {
      groups.unshift(0x80 | left % 128);
    }
    octets.push(...groups);
  }
  return element(0x06, Uint8Array.from(octets));
}

export function utf8String(text: string): Uint8Array<ArrayBuffer> {
  return element(0x0c, new TextEncoder().encode(text));
}

export function printableString(text: string): Uint8Array<ArrayBuffer> {
  return element(0x13, new TextEncoder().encode(text));
}

export function ia5String(text: string): Uint8Array<ArrayBuffer> {
  return element(0x16, new TextEncoder().encode(text));
}

export function bmpString(text: string): Uint8Array<ArrayBuffer> {
  const units = Array.from(text, (character) => character.charCodeAt(0));
  return element(
    0x1e,
    Uint8Array.from(units.flatMap((unit) => [unit >> 8, unit & 0xff])),
  );
}

/** A Time in the form that RFC 5280 §4.1.2.5 asks for at that year. */
export function time(epochMilliseconds: number): Uint8Array<ArrayBuffer> {
  const digits =
    new Date(epochMilliseconds).toISOString().replace(/\..*|[-:T]/g, "") + "Z";
  const year = Number(digits.slice(0, 4));
  const text = new TextEncoder();
  return year >= 1950 && year < 2050
    ? element(0x17, text.encode(digits.slice(2)))
    : element(0x18, text.encode(digits));
}
