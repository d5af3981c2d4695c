import assert from "node:assert/strict";
import { clientHeaders } from "../../../src/identity/client_headers.ts";
import { clientIdentity } from "../../../src/identity/client_identity.ts";
import { parseCertificate } from "../../../src/x509/certificate.ts";
import {
  bmpString,
  element,
  ia5String,
  sequence,
} from "../../support/der_writer.ts";
import { createAuthority, distinguishedName } from "../../support/pki.ts";

const CN = "2.5.4.3";
const authority = createAuthority();

function headersOf(subject: Uint8Array): string {
  const { der } = authority.issue({ subject });
  return new TextDecoder().decode(
    clientHeaders(clientIdentity(parseCertificate(der))),
  );
}

Deno.test("clientHeaders() writes the common name and the subject", () => {
  assert.equal(
    headersOf(
      distinguishedName(["2.5.4.6", "DE"], ["2.5.4.10", "Org"], [CN, "client"]),
    ),
    "X-Client-CN: client\r\nX-Client-Subject: CN=client,O=Org,C=DE\r\n",
  );
});

Deno.test("clientHeaders() writes no X-Client-CN without a common name", () => {
  assert.equal(
    headersOf(distinguishedName(["2.5.4.10", "Org"])),
    "X-Client-Subject: O=Org\r\n",
  );
  assert.equal(headersOf(sequence()), "X-Client-Subject: \r\n");
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
  Deno.test(`clientHeaders() is not broken by ${why}`, () => {
    assert.equal(
      headersOf(distinguishedName([CN, value])),
      `X-Client-CN: ${escaped}\r\nX-Client-Subject: CN=${escaped}\r\n`,
    );
  });
}

Deno.test("clientHeaders() refuses a value of more than 8192 characters rather than cut it", () => {
  const longest = "a".repeat(8189);
  assert.match(
    headersOf(distinguishedName([CN, longest])),
    /^X-Client-CN: a{8189}\r\n/,
  );
  assert.throws(() => headersOf(distinguishedName([CN, "a".repeat(8190)])), {
    code: "LEAF_MALFORMED",
    message:
      "Cannot write X-Client-Subject of 8193 characters: expected at most 8192",
  });
  assert.throws(() => headersOf(distinguishedName([CN, "ä".repeat(1366)])), {
    code: "LEAF_MALFORMED",
    message:
      "Cannot write X-Client-CN of 8196 characters: expected at most 8192",
  });
});
