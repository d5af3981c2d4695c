import assert from "node:assert/strict";
import { crc32c } from "../../../src/net/crc32c.ts";

// RFC 3720 appendix B.4, whose table gives the octets in the order of the wire.
const VECTORS = [
  ["32 octets of zeroes", new Uint8Array(32), 0x8a9136aa],
  ["32 octets of ones", new Uint8Array(32).fill(0xff), 0x62a8ab43],
  [
    "32 rising octets",
    Uint8Array.from({ length: 32 }, (_, i) => i),
    0x46dd794e,
  ],
  ["the nine digits", new TextEncoder().encode("123456789"), 0xe3069283],
  ["nothing", new Uint8Array(0), 0],
] as const;

for (const [what, octets, checksum] of VECTORS) {
  Deno.test(`crc32c() of ${what} is what is published`, () => {
    assert.equal(crc32c(octets), checksum);
  });
}
