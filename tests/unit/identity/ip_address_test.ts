import assert from "node:assert/strict";
import { isIP } from "node:net";
import fc from "fast-check";
import { formatIpAddress } from "../../../src/identity/ip_address.ts";

const TEXTS: readonly (readonly [hex: string, text: string])[] = [
  ["c0000201", "192.0.2.1"],
  ["00000000", "0.0.0.0"],
  ["ffffffff", "255.255.255.255"],
  ["20010db8000000000000000000000001", "2001:db8::1"],
  // RFC 5952 §4.2.2: one zero group alone is not shortened.
  ["20010db8000000010001000100010001", "2001:db8:0:1:1:1:1:1"],
  // §4.2.3: the longest run, and of equals the first.
  ["20010000000000010000000000000001", "2001:0:0:1::1"],
  ["20010db8000000000001000000000001", "2001:db8::1:0:0:1"],
  // §4.3: lower case.
  ["20010DB8AAAABBBBCCCCDDDDEEEE0AAA", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:aaa"],
  ["00000000000000000000000000000000", "::"],
  ["00000000000000000000000000000001", "::1"],
  ["00010000000000000000000000000000", "1::"],
  ["00100000000000000000000000000000", "10::"],
  ["01000000000100000000000000000100", "100:0:1::100"],
  // §5: an address with an IPv4 address in it says so, and is not that address.
  ["00000000000000000000ffffc0000201", "::ffff:192.0.2.1"],
  ["00000000000000000000ffff00000000", "::ffff:0.0.0.0"],
  ["000000000000000000000000c0000201", "::c000:201"],
  ["0064ff9b0000000000000000c0000201", "64:ff9b::c000:201"],
];

for (const [hex, text] of TEXTS) {
  Deno.test(`formatIpAddress() writes ${text}`, () => {
    assert.equal(formatIpAddress(Uint8Array.fromHex(hex)), text);
  });
}

/** Octets that are often zero, for runs of zero groups to come about. */
const address = fc.uint8Array({ minLength: 16, maxLength: 16, max: 3 })
  .map((octets) => octets.map((octet) => octet === 1 ? 0xab : octet & 2));

Deno.test("formatIpAddress() writes what the URL standard writes, in any IPv6 address", () => {
  fc.assert(fc.property(address, (octets) => {
    const text = formatIpAddress(octets);
    assert.equal(isIP(text), 6);
    const groups = octets.toHex().match(/.{4}/g)!.join(":");
    const expected = new URL(`http://[${groups}]`).hostname.slice(1, -1);
    assert.equal(text, expected);
  }));
});
