import { CODE_LENGTHS } from "../../../src/http2/huffman.ts";
import { octetsOf } from "../../support/octet_reader.ts";

/** `0482 6402`: octets in hexadecimal digits, with spaces as one likes. */
export function hex(digits: string): Uint8Array {
  return Uint8Array.from(
    digits.replaceAll(" ", "").match(/../g) ?? [],
    (octet) => parseInt(octet, 16),
  );
}

/** An integer (RFC 7541 §5.1) behind `first`, with a prefix of so many bits. */
export function integer(value: number, prefix: number, first = 0): number[] {
  const full = 2 ** prefix - 1;
  if (value < full) return [first | value];
  const octets = [first | full];
  let rest = value - full;
  for (; rest >= 128; rest = Math.floor(rest / 128)) {
    octets.push(rest % 128 + 128);
  }
  return [...octets, rest];
}

/** The code of each symbol as binary digits: canonical, by length and then by symbol. */
export const HUFFMAN_CODES: readonly string[] = (() => {
  const codes: string[] = [];
  const symbols = [...CODE_LENGTHS.keys()].sort((a, b) =>
    CODE_LENGTHS[a]! - CODE_LENGTHS[b]! || a - b
  );
  let code = 0;
  let length = 0;
  for (const symbol of symbols) {
    code *= 2 ** (CODE_LENGTHS[symbol]! - length);
    length = CODE_LENGTHS[symbol]!;
    codes[symbol] = (code++).toString(2).padStart(length, "0");
  }
  return codes;
})();

/** Binary digits as octets, filled up with `padding`. */
export function bits(digits: string, padding = "1"): Uint8Array {
  const whole = digits.padEnd(8 * Math.ceil(digits.length / 8), padding);
  return Uint8Array.from(
    whole.match(/.{8}/g) ?? [],
    (octet) => parseInt(octet, 2),
  );
}

export function huffman(text: string): Uint8Array {
  return bits(
    [...octetsOf(text)].map((octet) => HUFFMAN_CODES[octet]).join(""),
  );
}

/** A string literal (RFC 7541 §5.2). */
export function string(text: string, coded = false): number[] {
  const octets = coded ? huffman(text) : octetsOf(text);
  return [...integer(octets.length, 7, coded ? 0x80 : 0), ...octets];
}

/** How a literal is represented (RFC 7541 §6.2). */
export const LITERALS = {
  indexing: [6, 0x40],
  plain: [4, 0],
  never: [4, 0x10],
} as const;

/** A literal field; its name is an index or text. */
export function literal(
  kind: keyof typeof LITERALS,
  [name, value]: readonly [number | string, string],
  coded = false,
): number[] {
  const [prefix, first] = LITERALS[kind];
  return typeof name === "number"
    ? [...integer(name, prefix, first), ...string(value, coded)]
    : [first, ...string(name, coded), ...string(value, coded)];
}

export function indexed(index: number): number[] {
  return integer(index, 7, 0x80);
}

export function sizeUpdate(size: number): number[] {
  return integer(size, 5, 0x20);
}
