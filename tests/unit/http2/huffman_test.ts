import assert from "node:assert/strict";
import fc from "fast-check";
import {
  CODE_LENGTHS,
  decodeHuffman,
  huffmanBound,
} from "../../../src/http2/huffman.ts";
import { latin1, octetsOf } from "../../support/octet_reader.ts";
import { bits, huffman, HUFFMAN_CODES } from "./hpack_writer.ts";

const EOS = 256;

/** What the octets stand for; undefined where they are no Huffman code. */
function decoded(code: Uint8Array): string | undefined {
  const target = new Uint8Array(huffmanBound(code.length) + 1).fill(0xee);
  const end = decodeHuffman(code, 0, code.length, target, 0);
  assert.equal(target.at(-1), 0xee, "it wrote beyond its bound");
  return end < 0 ? undefined : latin1(target.subarray(0, end));
}

/** Rows of RFC 7541 Appendix B, some of each length. */
const ROWS = [
  [0, "1111111111000"],
  [1, "11111111111111111011000"],
  [9, "111111111111111111101010"],
  [10, "111111111111111111111111111100"],
  [32, "010100"],
  [33, "1111111000"],
  [48, "00000"],
  [92, "1111111111111110000"],
  [97, "00011"],
  [116, "01001"],
  [122, "1111011"],
  [127, "1111111111111111111111111100"],
  [199, "1111111111111111111101100"],
  [255, "11111111111111111111101110"],
  [EOS, "1".repeat(30)],
] as const;

Deno.test("the Huffman code is that of RFC 7541 Appendix B", () => {
  assert.equal(CODE_LENGTHS.length, 257);
  for (const [symbol, code] of ROWS) {
    assert.equal(HUFFMAN_CODES[symbol], code, `symbol ${symbol}`);
  }
});

Deno.test("the Huffman code is complete, and none of it is the beginning of another", () => {
  const sum = CODE_LENGTHS.reduce((all, length) => all + 2 ** (30 - length), 0);
  assert.equal(sum, 2 ** 30);
  const codes = [...HUFFMAN_CODES].sort();
  for (let i = 1; i < codes.length; i++) {
    assert.ok(!codes[i]!.startsWith(codes[i - 1]!), codes[i]!);
  }
});

Deno.test("decodeHuffman() knows every octet, behind every other", () => {
  for (let first = 0; first < 256; first++) {
    for (let second = 0; second < 256; second++) {
      const text = String.fromCharCode(first, second);
      assert.equal(decoded(huffman(text)), text);
    }
  }
});

Deno.test("decodeHuffman() undoes the code of any text", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => {
    const text = latin1(octets);
    assert.equal(decoded(huffman(text)), text);
  }));
});

Deno.test("decodeHuffman() takes no more and no other octets than have that code", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), (octets) => {
      const text = decoded(octets);
      if (text !== undefined) assert.deepEqual(huffman(text), octets);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("decodeHuffman() takes up to 7 ones at the end for padding, RFC 7541 §5.2", () => {
  // Codes of 5 bits each: eight of them fill five octets.
  for (let count = 0; count <= 8; count++) {
    const code = HUFFMAN_CODES[0x30]!.repeat(count);
    assert.equal(decoded(bits(code)), "0".repeat(count));
    // Five zeros are a code; fewer are not, nor are they padding.
    const padding = -code.length & 7;
    if (padding > 0 && padding < 5) {
      assert.equal(decoded(bits(code, "0")), undefined);
    }
    assert.equal(decoded(bits(`${code}${"1".repeat(8)}`)), undefined);
  }
});

Deno.test("decodeHuffman() refuses EOS wherever it stands", () => {
  const eos = HUFFMAN_CODES[EOS]!;
  const a = HUFFMAN_CODES[0x61]!;
  for (const code of [eos, a + eos, eos + a, a + eos + a, eos + eos]) {
    for (let shift = 0; shift < 8; shift++) {
      assert.equal(decoded(bits(a.repeat(shift) + code)), undefined);
    }
  }
});

Deno.test("huffmanBound() is met by the shortest codes", () => {
  const text = "0".repeat(64);
  assert.equal(huffmanBound(huffman(text).length), octetsOf(text).length);
});
