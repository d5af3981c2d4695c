import assert from "node:assert/strict";
import { isSpiffeId, spiffeIdOf } from "../../../src/identity/spiffe_id.ts";

const VALID = [
  "spiffe://acme",
  "spiffe://acme/ns/prod/sa/billing",
  "spiffe://acme.example_1-2/A-z_0.9",
  "spiffe://10.0.0.1/x",
  "spiffe://acme/.../..a/.b",
  "spiffe://acme/-",
];

const INVALID: readonly (readonly [why: string, text: string])[] = [
  ["no text", ""],
  ["no trust domain", "spiffe://"],
  ["an empty trust domain before a path", "spiffe:///ns/a"],
  ["one slash", "spiffe:/acme/a"],
  ["another scheme", "https://acme/a"],
  ["a scheme in capitals", "SPIFFE://acme/a"],
  ["a trust domain in capitals", "spiffe://Acme/a"],
  ["a trust domain with other letters", "spiffe://äcme/a"],
  ["percent-encoding in the trust domain", "spiffe://ac%6de/a"],
  ["user information", "spiffe://user@acme/a"],
  ["a port", "spiffe://acme:8443/a"],
  ["an empty port", "spiffe://acme:/a"],
  ["an IPv6 address", "spiffe://[::1]/a"],
  ["a trailing slash", "spiffe://acme/a/"],
  ["a trailing slash after the trust domain", "spiffe://acme/"],
  ["an empty segment", "spiffe://acme/a//b"],
  ["a segment .", "spiffe://acme/a/./b"],
  ["a segment ..", "spiffe://acme/a/../b"],
  ["a last segment ..", "spiffe://acme/a/.."],
  ["percent-encoding in the path", "spiffe://acme/a%2Fb"],
  ["other letters in the path", "spiffe://acme/ä"],
  ["a wildcard", "spiffe://acme/*"],
  ["a query", "spiffe://acme/a?b"],
  ["an empty query", "spiffe://acme/a?"],
  ["a fragment", "spiffe://acme/a#b"],
  ["a fragment after the trust domain", "spiffe://acme#"],
  ["a space before it", " spiffe://acme/a"],
  ["a line end after it", "spiffe://acme/a\n"],
  ["NUL within it", "spiffe://acme/a\0b"],
  ["a backslash", "spiffe://acme\\a"],
];

Deno.test("isSpiffeId() takes what the standard allows", () => {
  for (const text of VALID) assert.ok(isSpiffeId(text), text);
});

for (const [why, text] of INVALID) {
  Deno.test(`isSpiffeId() refuses ${why}`, () => {
    assert.equal(isSpiffeId(text), false);
  });
}

Deno.test("isSpiffeId() takes a trust domain of 255 octets and an ID of 2048, and no more", () => {
  const domain = `spiffe://${"d".repeat(255)}`;
  assert.ok(isSpiffeId(domain));
  assert.equal(isSpiffeId(`${domain}d`), false);
  const longest = "spiffe://acme/".padEnd(2048, "p");
  assert.ok(isSpiffeId(longest));
  assert.equal(isSpiffeId(`${longest}p`), false);
});

Deno.test("spiffeIdOf() finds the ID where it is the only URI", () => {
  assert.equal(spiffeIdOf(["spiffe://acme/a"]), "spiffe://acme/a");
});

Deno.test("spiffeIdOf() finds none beside another URI, whatever that is", () => {
  for (
    const uris of [
      [],
      ["https://acme/a"],
      ["spiffe://acme/a", "spiffe://acme/b"],
      ["spiffe://acme/a", "spiffe://acme/a"],
      ["spiffe://acme/a", "https://acme/a"],
      ["https://acme/a", "spiffe://acme/a"],
      ["spiffe://acme/a", ""],
      [""],
    ]
  ) assert.equal(spiffeIdOf(uris), undefined, JSON.stringify(uris));
});
