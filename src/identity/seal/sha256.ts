const WORDS_OF_BLOCK = 16;
const ROUNDS = 64;

/** Octets of a block. */
export const BLOCK = 64;

/** Words of a state, and of a digest. */
export const STATE_WORDS = 8;

/** The first 32 bits of the fraction of `root(n)` for each of the first primes n. */
function fractions(count: number, root: (prime: number) => number): Int32Array {
  const words = new Int32Array(count);
  let found = 0;
  for (let n = 2; found < count; n++) {
    let prime = true;
    for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = false;
    if (prime) words[found++] = (root(n) % 1) * 2 ** 32;
  }
  return words;
}

/** The state to begin with (FIPS 180-4 §5.3.3). */
export const INITIAL_STATE: Int32Array = fractions(STATE_WORDS, Math.sqrt);

const K = fractions(ROUNDS, Math.cbrt);

/** The message schedule, made anew for each block. */
const W = new Int32Array(ROUNDS);

/**
 * Takes the block at `bytes[at..at+64)` into the state: the SHA-256 compression
 * function (FIPS 180-4 §6.2.2). Positional, because it runs several times with
 * every request.
 *
 * It is here because `node:crypto` hands out no state between two blocks, so its
 * HMAC begins anew with each request: see `hmac.ts` for what that costs.
 */
export function compress(
  state: Int32Array,
  bytes: Uint8Array,
  at: number,
): void {
  for (let i = 0; i < WORDS_OF_BLOCK; i++, at += 4) {
    W[i] = bytes[at]! << 24 | bytes[at + 1]! << 16 | bytes[at + 2]! << 8 |
      bytes[at + 3]!;
  }
  for (let i = WORDS_OF_BLOCK; i < ROUNDS; i++) {
    const x = W[i - 15]!;
    const y = W[i - 2]!;
    const s0 = (x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3;
    const s1 = (y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10;
    W[i] = (s0 + W[i - 7]! | 0) + (s1 + W[i - 16]! | 0) | 0;
  }
  let a = state[0]!, b = state[1]!, c = state[2]!, d = state[3]!;
  let e = state[4]!, f = state[5]!, g = state[6]!, h = state[7]!;
  for (let i = 0; i < ROUNDS; i++) {
    const s1 = (e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7);
    const choice = g ^ e & (f ^ g);
    const t1 = (h + s1 | 0) + (choice + (K[i]! + W[i]! | 0) | 0) | 0;
    const s0 = (a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^
      (a >>> 22 | a << 10);
    const majority = a & b ^ c & (a ^ b);
    h = g;
    g = f;
    f = e;
    e = d + t1 | 0;
    d = c;
    c = b;
    b = a;
    a = t1 + (s0 + majority | 0) | 0;
  }
  state[0] = state[0]! + a | 0;
  state[1] = state[1]! + b | 0;
  state[2] = state[2]! + c | 0;
  state[3] = state[3]! + d | 0;
  state[4] = state[4]! + e | 0;
  state[5] = state[5]! + f | 0;
  state[6] = state[6]! + g | 0;
  state[7] = state[7]! + h | 0;
}
