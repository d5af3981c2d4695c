/** A key is as long as SHA-256's output at least (RFC 2104 §3). */
export const MIN_KEY_OCTETS = 32;
const MAX_KEY_OCTETS = 64;

/** Two, so that one can take the other's place while messages under both are under way. */
const MAX_KEYS = 2;

const HEX = /^(?:[0-9a-f]{2})+$/i;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const BASE64_URL = /^[A-Za-z0-9_-]+={0,2}$/;

/** What a key file holds, or what is wrong with it: never a word of its content. */
export type KeyFile =
  | { readonly keys: readonly Uint8Array<ArrayBuffer>[] }
  | { readonly problem: string };

/**
 * Reads a key file: one or two lines, each a key of 32 to 64 octets in hex or in
 * base64 (RFC 4648 §4, §5; padded or not). Empty lines, and those that begin
 * with `#`, count for nothing. A line of nothing but hex digits is hex.
 *
 * The first key signs. Both verify.
 */
export function readKeyFile(text: string): KeyFile {
  const lines = text.split("\n").map((line) => line.trim());
  const keys: Uint8Array<ArrayBuffer>[] = [];
  for (const [index, line] of lines.entries()) {
    if (line === "" || line.startsWith("#")) continue;
    if (keys.length === MAX_KEYS) {
      return problem(`at most ${MAX_KEYS} keys`, index);
    }
    const key = decode(line);
    if (key === undefined) return problem("a key in base64 or hex", index);
    if (key.length < MIN_KEY_OCTETS || key.length > MAX_KEY_OCTETS) {
      return problem(
        `a key of ${MIN_KEY_OCTETS} to ${MAX_KEY_OCTETS} octets, not ${key.length}`,
        index,
      );
    }
    keys.push(key);
  }
  const [first, second] = keys;
  if (first === undefined) return { problem: "expected a key, found none" };
  if (second !== undefined && sameOctets(first, second)) {
    return { problem: "expected two keys, found the same one twice" };
  }
  return { keys };
}

function problem(expected: string, index: number): KeyFile {
  return { problem: `expected ${expected}, in line ${index + 1}` };
}

function decode(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (HEX.test(text)) {
    return Uint8Array.from(
      { length: text.length / 2 },
      (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16),
    );
  }
  if (!BASE64.test(text) && !BASE64_URL.test(text)) return undefined;
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(binary, (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

function sameOctets(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, i) => octet === b[i]);
}
