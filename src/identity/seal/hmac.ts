import { createHash } from "node:crypto";
import { BLOCK, compress, INITIAL_STATE, STATE_WORDS } from "./sha256.ts";

const ALPHABET =
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Octets that `HmacPrefix.finish` needs behind the message: padding and length. */
export const PADDING_ROOM = BLOCK + 8;

/**
 * An HMAC-SHA-256 key (RFC 2104), both of its padded blocks hashed in advance.
 *
 * Ours instead of `node:crypto`'s, because all that a connection's requests have
 * in common can be hashed once, and nothing native is made and collected with
 * each request. By `bench/seal_bench.ts` a whole seal takes 4 µs, whatever
 * certificates are in the headers; `node:crypto`'s MAC alone 5 µs, and 6 to 11
 * with one certificate; WebCrypto's 40 µs.
 */
export class HmacSha256 {
  readonly #inner: Int32Array;
  readonly #outer: Int32Array;

  /** The key is copied; one over 64 octets is hashed first (RFC 2104 §2). */
  constructor(key: Uint8Array) {
    const short = key.length > BLOCK
      ? createHash("sha256").update(key).digest()
      : key;
    this.#inner = padded(short, 0x36);
    this.#outer = padded(short, 0x5c);
  }

  /** What is left to do after a message's first part, which many have in common. */
  begin(prefix: Uint8Array): HmacPrefix {
    const state = this.#inner.slice();
    let at = 0;
    for (; at + BLOCK <= prefix.length; at += BLOCK) {
      compress(state, prefix, at);
    }
    return new HmacPrefix(state, this.#outer, {
      rest: prefix.slice(at),
      hashed: BLOCK + at,
    });
  }
}

function padded(key: Uint8Array, pad: number): Int32Array {
  const block = new Uint8Array(BLOCK).fill(pad);
  for (let i = 0; i < key.length; i++) block[i]! ^= key[i]!;
  const state = INITIAL_STATE.slice();
  compress(state, block, 0);
  block.fill(0);
  return state;
}

const digest = new Uint8Array(4 * STATE_WORDS);
const state = new Int32Array(STATE_WORDS);
const outerBlock = new Uint8Array(BLOCK);

/** The first part of a message under a key: made by `HmacSha256.begin`. */
export class HmacPrefix {
  readonly #state: Int32Array;
  readonly #outer: Int32Array;
  readonly #hashed: number;
  /** The prefix's last octets, which fill no block: the message goes on from them. */
  readonly rest: Uint8Array;

  constructor(
    inner: Int32Array,
    outer: Int32Array,
    { rest, hashed }: { rest: Uint8Array; hashed: number },
  ) {
    this.#state = inner;
    this.#outer = outer;
    this.rest = rest;
    this.#hashed = hashed;
  }

  /**
   * The MAC, in base64. `message[0..length)` is `rest` and what follows it; behind
   * must be room for `PADDING_ROOM` octets, which are written over.
   */
  finish(message: Uint8Array, length: number): string {
    state.set(this.#state);
    const end = pad(message, length, this.#hashed + length);
    for (let at = 0; at < end; at += BLOCK) compress(state, message, at);
    writeWords(outerBlock, state);
    pad(outerBlock, 4 * STATE_WORDS, BLOCK + 4 * STATE_WORDS);
    state.set(this.#outer);
    compress(state, outerBlock, 0);
    writeWords(digest, state);
    return base64(digest);
  }
}

/** Pads the message's end (FIPS 180-4 §5.1.1); returns where its last block ends. */
function pad(message: Uint8Array, length: number, total: number): number {
  const end = Math.ceil((length + 9) / BLOCK) * BLOCK;
  message[length] = 0x80;
  message.fill(0, length + 1, end - 5);
  // Lengths in bits; a head is never so long that more than 40 bits are needed.
  message[end - 5] = total / 2 ** 29;
  message[end - 4] = total >>> 21;
  message[end - 3] = total >>> 13;
  message[end - 2] = total >>> 5;
  message[end - 1] = total << 3;
  return end;
}

function writeWords(bytes: Uint8Array, words: Int32Array): void {
  for (let i = 0; i < STATE_WORDS; i++) {
    const word = words[i]!;
    bytes[4 * i] = word >>> 24;
    bytes[4 * i + 1] = word >>> 16;
    bytes[4 * i + 2] = word >>> 8;
    bytes[4 * i + 3] = word;
  }
}

/** A digest in base64 (RFC 4648 §4): quicker than the runtime's, which cross into native code. */
function base64(bytes: Uint8Array): string {
  let text = "";
  const last = bytes.length - 2;
  for (let i = 0; i < last; i += 3) {
    const bits = bytes[i]! << 16 | bytes[i + 1]! << 8 | bytes[i + 2]!;
    text += ALPHABET[bits >> 18]! + ALPHABET[bits >> 12 & 63]! +
      ALPHABET[bits >> 6 & 63]! + ALPHABET[bits & 63]!;
  }
  const bits = bytes[last]! << 16 | bytes[last + 1]! << 8;
  return text + ALPHABET[bits >> 18]! + ALPHABET[bits >> 12 & 63]! +
    ALPHABET[bits >> 6 & 63]! + "=";
}
