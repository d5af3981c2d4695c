import assert from "node:assert/strict";
import {
  nameLines,
  xClientLines,
} from "../../../../src/identity/headers/x_client.ts";
import {
  bmpString,
  element,
  ia5String,
  sequence,
} from "../../../support/der_writer.ts";
import { distinguishedName } from "../../../support/pki.ts";
import { authority, exampleFacts, factsOf } from "./facts.ts";

const CN = "2.5.4.3";

function namesOf(subject: Uint8Array) {
  return nameLines(factsOf(authority.issue({ subject }).der));
}

Deno.test("nameLines() writes the common name and the subject", () => {
  assert.deepEqual(
    namesOf(
      distinguishedName(["2.5.4.6", "DE"], ["2.5.4.10", "Org"], [CN, "client"]),
    ),
    [["X-Client-CN", "client"], ["X-Client-Subject", "CN=client,O=Org,C=DE"]],
  );
});

Deno.test("nameLines() writes no X-Client-CN without a common name", () => {
  assert.deepEqual(
    namesOf(distinguishedName(["2.5.4.10", "Org"])),
    [["X-Client-Subject", "O=Org"]],
  );
  assert.deepEqual(namesOf(sequence()), [["X-Client-Subject", ""]]);
});

const BREAKING: readonly (readonly [
  why: string,
  value: Uint8Array | string,
  escaped: string,
])[] = [
  [
    "CR LF and a header",
    "a\r\nX-Client-CN: root",
    "a\\0D\\0AX-Client-CN: root",
  ],
  ["a bare LF", ia5String("a\nb"), "a\\0Ab"],
  ["NUL", ia5String("root\0.evil"), "root\\00.evil"],
  ["quotes, commas and backslashes", 'a"b,c\\d', 'a\\"b\\,c\\\\d'],
  ["CR LF in a BMPString", bmpString("a\r\nb"), "a\\0D\\0Ab"],
  ["a character whose low octet is LF", bmpString("a\u010ab"), "a\\C4\\8Ab"],
  [
    "a Latin-1 T61String",
    element(0x14, Uint8Array.of(0xe4, 0x85)),
    "\\C3\\A4\\C2\\85",
  ],
  ["a UniversalString", element(0x1c, Uint8Array.of(0, 0, 0, 0x0d)), "\\0D"],
  ["line separators", "a\u2028b\u0085c", "a\\E2\\80\\A8b\\C2\\85c"],
  ["spaces at both ends", " a ", "\\20a\\20"],
];

for (const [why, value, escaped] of BREAKING) {
  Deno.test(`nameLines() is not broken by ${why}`, () => {
    assert.deepEqual(namesOf(distinguishedName([CN, value])), [
      ["X-Client-CN", escaped],
      ["X-Client-Subject", `CN=${escaped}`],
    ]);
  });
}

Deno.test("xClientLines() writes fingerprint and last second as openssl has them", () => {
  assert.deepEqual(xClientLines(exampleFacts), [
    [
      "X-Client-Fingerprint",
      "bfaf1f7e070f9fa8dd62905f158da73f84a1136624fbafcc9393c8f7287a69eb",
    ],
    ["X-Client-Not-After", "2021-01-23T22:55:33Z"],
  ]);
});

Deno.test("xClientLines() writes the peer's id and the SPIFFE ID where there are any", () => {
  const { der } = authority.issue({
    uris: ["spiffe://acme/ns/a/sa/b"],
    notAfter: Date.UTC(2060, 0, 31),
  });
  const lines = xClientLines(factsOf(der, { peer: "billing" }));
  assert.deepEqual(lines.slice(0, 2), [
    ["X-Client-Id", "billing"],
    ["X-Client-Spiffe-Id", "spiffe://acme/ns/a/sa/b"],
  ]);
  assert.deepEqual(lines.at(-1), [
    "X-Client-Not-After",
    "2060-01-31T00:00:00Z",
  ]);
});

Deno.test("xClientLines() writes no SPIFFE ID where there are two URIs", () => {
  const { der } = authority.issue({ uris: ["spiffe://a/b", "spiffe://a/c"] });
  const names = xClientLines(factsOf(der)).map(([name]) => name);
  assert.deepEqual(names, ["X-Client-Fingerprint", "X-Client-Not-After"]);
});
