/**
 * Octets that are put together, one message after another in the same place. It
 * grows as needed.
 */
export class Message {
  #bytes: Uint8Array<ArrayBuffer>;
  /** Octets behind the message that can always be written over. */
  readonly #room: number;
  length = 0;

  constructor(capacity: number, room = 0) {
    this.#bytes = new Uint8Array(capacity + room);
    this.#room = room;
  }

  /** The message, the room behind it, and what more there is. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Begins the next one. */
  clear(): void {
    this.length = 0;
  }

  add(octets: Uint8Array): void {
    this.#reserve(octets.length);
    this.#bytes.set(octets, this.length);
    this.length += octets.length;
  }

  /** Appends text of which each character is one octet (ISO 8859-1). */
  addLatin1(text: string): void {
    this.#reserve(text.length);
    const bytes = this.#bytes;
    let at = this.length;
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
    this.length = at;
  }

  #reserve(more: number): void {
    const needed = this.length + more + this.#room;
    if (needed <= this.#bytes.length) return;
    const bytes = new Uint8Array(2 * needed);
    bytes.set(this.#bytes);
    this.#bytes = bytes;
  }
}
