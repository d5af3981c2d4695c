import assert from "node:assert/strict";
import { canonicalIpv6 } from "../../../src/net/ip_address.ts";

Deno.test("canonicalIpv6() writes each address in one way (RFC 5952 §4)", () => {
  for (
    const [text, expected] of [
      ["2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
      ["2001:db8::0001", "2001:db8::1"],
      ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
      ["0:0:0:0:0:0:0:0", "::"],
      ["::1", "::1"],
      ["fe80::1", "fe80::1"],
      ["::ffff:192.0.2.1", "192.0.2.1"],
      ["::FFFF:c000:201", "192.0.2.1"],
      ["0:0:0:0:0:ffff:0:ff", "0.0.0.255"],
    ] as const
  ) assert.equal(canonicalIpv6(text), expected, text);
});

Deno.test("canonicalIpv6() refuses what is no IPv6 address alone", () => {
  for (
    const text of [
      "",
      "192.0.2.1",
      "[::1]",
      "::1]",
      "fe80::1%eth0",
      "1::2::3",
      "1:2:3:4:5:6:7",
      "1:2:3:4:5:6:7:8:9",
      "::12345",
      "::g",
      " ::1",
      "::1\n",
      "::1/64",
      "::1@",
    ]
  ) assert.equal(canonicalIpv6(text), undefined, text);
});
