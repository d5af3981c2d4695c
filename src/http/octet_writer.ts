import { TOKEN_LOWER } from "./octets.ts";

/**
 * Octets put together for one write. Grows as needed, is used again and again.
 */
export class OctetWriter {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  get capacity(): number {
    return this.#bytes.length;
  }

  /** What was put in since `clear`, valid until the next change. */
  get octets(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  /** Appends octets. */
  add(octets: Uint8Array): void {
    this.#reserve(octets.length);
    this.#bytes.set(octets, this.#length);
    this.#length += octets.length;
  }

  /** Appends `source[start..end)`. */
  addRange(source: Uint8Array, start: number, end: number): void {
    const length = end - start;
    this.#reserve(length);
    const bytes = this.#bytes;
    let at = this.#length;
    if (length < 64) {
      // A loop beats making a view for the few octets that most pieces are.
      for (let i = start; i < end; i++) bytes[at++] = source[i]!;
    } else {
      bytes.set(source.subarray(start, end), at);
    }
    this.#length += length;
  }

  /** Appends text of which each character is one octet (ISO 8859-1). */
  addLatin1(text: string): void {
    this.#reserve(text.length);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
    this.#length = at;
  }

  /** Appends one octet. */
  addOctet(octet: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = octet;
  }

  /** Appends a number below 2^32 in network byte order. */
  addUint32(value: number): void {
    this.#reserve(4);
    const bytes = this.#bytes;
    const at = this.#length;
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
    this.#length = at + 4;
  }

  /** Appends the token `source[start..end)` in lower case. */
  addLowerCase(source: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = start; i < end; i++) bytes[at++] = TOKEN_LOWER[source[i]!]!;
    this.#length = at;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const bytes = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
  }
}
