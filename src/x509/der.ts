import { SidecarError } from "../errors.ts";

/** Identifier octets of the DER types that certificates are made of (X.690 §8.1.2). */
export const Tag = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  NULL: 0x05,
  OID: 0x06,
  UTC_TIME: 0x17,
  GENERALIZED_TIME: 0x18,
  SEQUENCE: 0x30,
  SET: 0x31,
} as const;

const MAX_OID_OCTETS = 64;

/** The error that every malformed encoding ends in: code `CERT_INVALID`. */
export function malformed(problem: string): SidecarError {
  return new SidecarError(
    "CERT_INVALID",
    `Cannot parse the certificate: ${problem}`,
  );
}

/** One tag-length-value triple. The arrays are views of the input, not copies. */
export interface Element {
  readonly tag: number;
  /** The whole encoding, identifier and length octets included. */
  readonly der: Uint8Array;
  readonly content: Uint8Array;
}

/**
 * Walks the elements of one constructed encoding from first to last. Lengths
 * must be definite and minimal (X.690 §10.1), tags below 31, strings primitive
 * (§10.2). Every method throws `CERT_INVALID` and no other error. Nothing here
 * descends by itself: a reader opens only what its grammar names, so no nesting
 * in the input can exhaust the stack.
 */
export class Cursor {
  readonly #octets: Uint8Array;
  #offset = 0;

  constructor(octets: Uint8Array) {
    this.#octets = octets;
  }

  get done(): boolean {
    return this.#offset === this.#octets.length;
  }

  /** Where the next octet to be read stands in the octets given. */
  get offset(): number {
    return this.#offset;
  }

  /** The next element; it must carry `tag` where one is given. */
  read(tag?: number): Element {
    const start = this.#offset;
    const found = this.#octets[start] ?? 0;
    const length = this.enter(tag);
    const contentStart = this.#offset;
    this.skip(length);
    return {
      tag: found,
      der: this.#octets.subarray(start, this.#offset),
      content: this.#octets.subarray(contentStart, this.#offset),
    };
  }

  /**
   * Steps into the next element, as {@linkcode read} checks it, and returns the
   * length of its content. For lists so long that an object for each element
   * would cost too much: who uses it must see to it that the elements within end
   * where this one does.
   */
  enter(tag?: number): number {
    const found = this.#octet();
    if (tag !== undefined && found !== tag) {
      throw malformed(`expected tag 0x${hex(tag)}, found 0x${hex(found)}`);
    }
    checkIdentifier(found);
    const length = this.#length();
    if (length > this.#octets.length - this.#offset) {
      throw malformed("an element is longer than what holds it");
    }
    return length;
  }

  /** Steps over `count` octets, of which {@linkcode enter} said that they are there. */
  skip(count: number): void {
    this.#offset += count;
  }

  /** The next element if it carries `tag`, for fields that are OPTIONAL or have a DEFAULT. */
  optional(tag: number): Element | undefined {
    return this.#octets[this.#offset] === tag ? this.read(tag) : undefined;
  }

  /** Refuses what is left over. */
  end(): void {
    if (!this.done) throw malformed("unexpected octets after the last field");
  }

  #octet(): number {
    const octet = this.#octets[this.#offset];
    if (octet === undefined) throw malformed("it ends too early");
    this.#offset++;
    return octet;
  }

  #length(): number {
    const first = this.#octet();
    if (first < 0x80) return first;
    const count = first & 0x7f;
    // 0x80 is the indefinite form; three octets already exceed every input we take.
    if (count < 1 || count > 3) {
      throw malformed("expected a definite length of at most 3 octets");
    }
    let length = 0;
    for (let i = 0; i < count; i++) length = length << 8 | this.#octet();
    if (length < 0x80 || length < 1 << 8 * (count - 1)) {
      throw malformed("expected a length in its shortest form");
    }
    return length;
  }
}

function hex(octet: number): string {
  return octet.toString(16).padStart(2, "0");
}

function checkIdentifier(tag: number): void {
  const number = tag & 0x1f;
  if (number === 0x1f) throw malformed("expected a tag number below 31");
  if ((tag & 0xc0) !== 0) return;
  if (number === 0) throw malformed("unexpected end-of-contents octets");
  const constructed = number === 0x10 || number === 0x11;
  if (constructed !== ((tag & 0x20) !== 0)) {
    throw malformed(
      `tag 0x${hex(tag)} has the wrong primitive or constructed bit`,
    );
  }
}

/** Reads `der` as exactly one element with `tag`. */
export function readSingle(der: Uint8Array, tag: number): Element {
  const cursor = new Cursor(der);
  const element = cursor.read(tag);
  cursor.end();
  return element;
}

/** A cursor over the content of a constructed element. */
export function open(element: Element): Cursor {
  if ((element.tag & 0x20) === 0) {
    throw malformed("expected a constructed element");
  }
  return new Cursor(element.content);
}

/** A BOOLEAN's value; DER knows 00 and FF alone (X.690 §11.1). */
export function readBoolean(element: Element): boolean {
  const [octet] = element.content;
  if (element.content.length !== 1 || (octet !== 0x00 && octet !== 0xff)) {
    throw malformed("expected a BOOLEAN of 00 or ff");
  }
  return octet === 0xff;
}

/** An INTEGER's content octets, checked to be the shortest form (X.690 §8.3.2). */
export function readInteger(element: Element): Uint8Array {
  const [first, second = 0] = element.content;
  if (first === undefined) {
    throw malformed("expected an INTEGER of at least one octet");
  }
  const padded = element.content.length > 1 &&
    (first === 0x00 && second < 0x80 || first === 0xff && second >= 0x80);
  if (padded) throw malformed("expected an INTEGER in its shortest form");
  return element.content;
}

/** A non-negative INTEGER that fits in 31 bits, such as a version or a path length. */
export function readSmallInteger(element: Element): number {
  const octets = readInteger(element);
  if (octets.length > 4 || (octets[0] ?? 0) >= 0x80) {
    throw malformed("expected an INTEGER from 0 to 2147483647");
  }
  return octets.reduce((value, octet) => value << 8 | octet, 0);
}

/**
 * A BIT STRING's octets. The unused bits must be zero (X.690 §11.2.1).
 *
 * @param element The element to read.
 * @param options `unused: false` refuses a string that does not end on an octet.
 */
export function readBitString(
  element: Element,
  options?: { unused: boolean },
): Uint8Array {
  const [unused] = element.content;
  const bits = element.content.subarray(1);
  if (unused === undefined || unused > 7 || (unused > 0 && bits.length === 0)) {
    throw malformed("expected a BIT STRING with 0 to 7 unused bits");
  }
  if (unused > 0 && options?.unused === false) {
    throw malformed("expected a BIT STRING of whole octets");
  }
  if (((bits.at(-1) ?? 0) & ((1 << unused) - 1)) !== 0) {
    throw malformed("expected the unused bits of a BIT STRING to be zero");
  }
  return bits;
}

/** An OBJECT IDENTIFIER in dotted decimal (X.690 §8.19): at most 64 octets, arcs below 2^53. */
export function readOid(element: Element): string {
  const octets = element.content;
  if (octets.length === 0 || octets.length > MAX_OID_OCTETS) {
    throw malformed(
      `expected an OBJECT IDENTIFIER of 1 to ${MAX_OID_OCTETS} octets`,
    );
  }
  const arcs: number[] = [];
  let arc = 0;
  let starting = true;
  for (const octet of octets) {
    if (starting && octet === 0x80) {
      throw malformed("an OBJECT IDENTIFIER has a padded arc");
    }
    arc = arc * 128 + (octet & 0x7f);
    if (arc > Number.MAX_SAFE_INTEGER) {
      throw malformed("an OBJECT IDENTIFIER has an arc too large");
    }
    starting = octet < 0x80;
    if (!starting) continue;
    if (arcs.length === 0) {
      const root = Math.min(2, Math.floor(arc / 40));
      arcs.push(root, arc - 40 * root);
    } else arcs.push(arc);
    arc = 0;
  }
  if (!starting) throw malformed("an OBJECT IDENTIFIER ends within an arc");
  return arcs.join(".");
}
