import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import fc from "fast-check";
import {
  HmacSha256,
  PADDING_ROOM,
} from "../../../../src/identity/seal/hmac.ts";

function mac(key: Uint8Array, prefix: Uint8Array, rest: Uint8Array): string {
  const begun = new HmacSha256(key).begin(prefix);
  const length = begun.rest.length + rest.length;
  const message = new Uint8Array(length + PADDING_ROOM).fill(0xee);
  message.set(begun.rest);
  message.set(rest, begun.rest.length);
  return begun.finish(message, length);
}

Deno.test("HmacSha256 agrees with RFC 4231", () => {
  const ascii = (text: string) => new TextEncoder().encode(text);
  const cases: readonly [Uint8Array, Uint8Array, string][] = [
    [
      new Uint8Array(20).fill(0x0b),
      ascii("Hi There"),
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
    ],
    [
      ascii("Jefe"),
      ascii("what do ya want for nothing?"),
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ],
    [
      new Uint8Array(131).fill(0xaa),
      ascii("Test Using Larger Than Block-Size Key - Hash Key First"),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ],
  ];
  for (const [key, message, hex] of cases) {
    const expected = Buffer.from(hex, "hex").toString("base64");
    assert.equal(mac(key, new Uint8Array(0), message), expected);
    assert.equal(mac(key, message, new Uint8Array(0)), expected);
  }
});

Deno.test("HmacSha256 agrees with node:crypto, wherever the message is parted", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 140 }),
      fc.uint8Array({ maxLength: 300 }),
      fc.uint8Array({ maxLength: 300 }),
      (key, prefix, rest) => {
        const expected = createHmac("sha256", key).update(prefix).update(rest)
          .digest("base64");
        assert.equal(mac(key, prefix, rest), expected);
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("HmacSha256 agrees with node:crypto at every length around a block's end", () => {
  const key = new Uint8Array(32).fill(7);
  for (let length = 0; length <= 200; length++) {
    const message = Uint8Array.from({ length }, (_, i) => i);
    const expected = createHmac("sha256", key).update(message).digest("base64");
    assert.equal(mac(key, new Uint8Array(0), message), expected);
  }
});

Deno.test("a message's first part serves many messages", () => {
  const key = new Uint8Array(32).fill(7);
  const prefix = new Uint8Array(100).fill(1);
  const begun = new HmacSha256(key).begin(prefix);
  for (const rest of [[1, 2, 3], [], [9]]) {
    const length = begun.rest.length + rest.length;
    const message = new Uint8Array(length + PADDING_ROOM);
    message.set(begun.rest);
    message.set(rest, begun.rest.length);
    const expected = createHmac("sha256", key).update(prefix)
      .update(new Uint8Array(rest)).digest("base64");
    assert.equal(begun.finish(message, length), expected);
  }
});

Deno.test("HmacSha256 counts more than 2^24 octets", () => {
  const key = new Uint8Array(32).fill(7);
  const long = new Uint8Array(2 ** 24 + 5).fill(0x61);
  const expected = createHmac("sha256", key).update(long).digest("base64");
  assert.equal(mac(key, long, new Uint8Array(0)), expected);
});
