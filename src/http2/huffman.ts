/**
 * How many bits the code of each octet has, and last that of EOS (RFC 7541
 * Appendix B). The code is canonical: shorter codes come first and, among
 * codes of one length, those of smaller octets, so that lengths say it all.
 */
export const CODE_LENGTHS: Uint8Array = Uint8Array.from(
  // deno-fmt-ignore
  [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
    28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
    5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
    6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
    21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    30,
  ],
);

const EOS = 256;

/** More bits than this are no padding (RFC 7541 §5.2). */
const MAX_PADDING_BITS = 7;

/** A step ends a code: its low octet is the octet that the code stands for. */
const EMITS = 0x100;

/** A step ends the code of EOS, which no string may have. */
const FAILS = 0x200;

/**
 * The code as an automaton that takes four bits a step. A state is a place
 * within the code tree, as the number of its first step; a step is the next
 * state in the upper 16 bits, and what it does in the lower.
 */
const STEPS = new Int32Array(256 * 16);

/** 1 at the number of a state in which a string may end: at a code's end, or within padding. */
const MAY_END = new Uint8Array(256 * 16);

buildAutomaton();

function buildAutomaton(): void {
  // Two cells a node: a child node, the complement of a leaf's octet, or 0.
  const tree = new Int32Array(2 * 256);
  let nodes = 1;
  let code = 0;
  for (let length = 1; length <= 30; length++, code <<= 1) {
    for (let symbol = 0; symbol <= EOS; symbol++) {
      if (CODE_LENGTHS[symbol] !== length) continue;
      let node = 0;
      for (let bit = length - 1; bit > 0; bit--) {
        const cell = 2 * node + (code >>> bit & 1);
        if (tree[cell] === 0) tree[cell] = nodes++;
        node = tree[cell]!;
      }
      tree[2 * node + (code & 1)] = ~symbol;
      code++;
    }
  }
  for (let node = 0; node < nodes; node++) {
    for (let bits = 0; bits < 16; bits++) {
      let at = node;
      let action = 0;
      for (let bit = 3; bit >= 0; bit--) {
        const next = tree[2 * at + (bits >>> bit & 1)]!;
        at = next < 0 ? 0 : next;
        if (next === ~EOS) action = FAILS;
        else if (next < 0) action = EMITS | ~next;
      }
      STEPS[16 * node + bits] = 16 * at << 16 | action;
    }
  }
  for (let node = 0, bits = 0; bits <= MAX_PADDING_BITS; bits++) {
    MAY_END[16 * node] = 1;
    node = tree[2 * node + 1]!;
  }
}

/** How many octets `octets` octets of Huffman code can stand for: no code is shorter than 5 bits. */
export function huffmanBound(octets: number): number {
  return Math.floor(octets * 8 / 5);
}

/**
 * Decodes the string `source[start..end)` into `target` from `at` on, where
 * there must be room for `huffmanBound` octets. Returns the position after the
 * last octet, or -1 where the string has EOS in it or ends with what is no
 * padding (RFC 7541 §5.2). Positional, because it runs with every string.
 */
export function decodeHuffman(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
): number {
  let state = 0;
  for (let i = start; i < end; i++) {
    const octet = source[i]!;
    const high = STEPS[state + (octet >>> 4)]!;
    if ((high & EMITS) !== 0) target[at++] = high;
    const low = STEPS[(high >>> 16) + (octet & 15)]!;
    if ((low & EMITS) !== 0) target[at++] = low;
    if (((high | low) & FAILS) !== 0) return -1;
    state = low >>> 16;
  }
  return MAY_END[state] === 1 ? at : -1;
}
