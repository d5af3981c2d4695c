import assert from "node:assert/strict";
import * as der from "../../support/der_writer.ts";
import { createAuthority } from "../../support/pki.ts";
import { createCrl, issuingDistributionPoint } from "../../support/pki_crl.ts";
import { extension, generalName } from "../../support/pki_extensions.ts";
import { assertCrlRefused, parseCrl } from "./crl_refusal.ts";

const root = createAuthority({ commonName: "Root" });
const TRUE = Uint8Array.of(0xff);

/** A CRL with these extensions and no CRL number. */
function crlWith(...extraExtensions: Uint8Array[]): Uint8Array {
  return createCrl(root, { crlNumber: null, extraExtensions }).der;
}

function crlNumber(value: Uint8Array): Uint8Array {
  return extension("2.5.29.20", value);
}

Deno.test("parseCrl() does without extensions, and without a CRL number", () => {
  assert.equal(parseCrl(crlWith()).crlNumber, undefined);
});

Deno.test("parseCrl() reads CRL numbers up to 20 octets", () => {
  const largest = Uint8Array.of(0x7f, ...new Uint8Array(19).fill(0xff));
  assert.equal(
    parseCrl(crlWith(crlNumber(der.integer(largest)))).crlNumber,
    2n ** 159n - 1n,
  );
  assert.equal(parseCrl(crlWith(crlNumber(der.integer(0)))).crlNumber, 0n);
});

Deno.test("parseCrl() refuses CRL numbers that are negative or too long", () => {
  for (const octets of [Uint8Array.of(0x80), new Uint8Array(21).fill(0x7f)]) {
    assertCrlRefused(
      crlWith(crlNumber(der.integer(octets))),
      "expected a CRL number of at most 20 octets that is not negative",
    );
  }
});

Deno.test("parseCrl() refuses a delta CRL, marked critical or not", () => {
  for (const critical of [true, false]) {
    assertCrlRefused(
      crlWith(extension("2.5.29.27", der.integer(1), { critical })),
      "it is a delta CRL, which is not supported",
    );
  }
});

const FULL_NAME = der.context(
  0,
  der.context(0, generalName("uri", "http://ca.example/1.crl")),
);

Deno.test("parseCrl() takes a part of an issuer's list, and keeps the parts apart", () => {
  const scopes = [
    [FULL_NAME],
    [der.contextPrimitive(1, TRUE)],
    [der.contextPrimitive(2, TRUE)],
    [FULL_NAME, der.contextPrimitive(1, TRUE)],
  ].map((fields) =>
    parseCrl(crlWith(issuingDistributionPoint(...fields))).scope
  );
  assert.equal(new Set([...scopes, ""]).size, 5);
});

const DISTRIBUTION_POINTS: readonly [
  name: string,
  field: Uint8Array,
  problem: string,
][] = [
  [
    "of several issuers",
    der.contextPrimitive(4, TRUE),
    "it is an indirect CRL, which is not supported",
  ],
  [
    "of some reasons",
    der.contextPrimitive(3, Uint8Array.of(6, 0x40)),
    "it covers only some reasons, which is not supported",
  ],
  [
    "of attribute certificates",
    der.contextPrimitive(5, TRUE),
    "it covers attribute certificates alone",
  ],
  [
    "with a field that the grammar does not have",
    der.contextPrimitive(6, TRUE),
    "unexpected octets after the last field",
  ],
  [
    "with a flag that is no BOOLEAN",
    der.contextPrimitive(4, Uint8Array.of(1)),
    "expected a BOOLEAN of 00 or ff",
  ],
];
for (const [name, field, problem] of DISTRIBUTION_POINTS) {
  Deno.test(`parseCrl() refuses a CRL ${name}`, () => {
    assertCrlRefused(
      crlWith(issuingDistributionPoint(FULL_NAME, field)),
      problem,
    );
  });
}

Deno.test("parseCrl() refuses a critical extension that it does not know, and passes over others", () => {
  const unknown = (critical: boolean) =>
    crlWith(extension("1.2.3.4", der.nullValue(), { critical }));
  assertCrlRefused(unknown(true), "unsupported critical extension 1.2.3.4");
  assert.equal(parseCrl(unknown(false)).scope, "");
});

Deno.test("parseCrl() takes authorityKeyIdentifier, even if it is critical", () => {
  const identifier = der.sequence(der.contextPrimitive(0, new Uint8Array(20)));
  for (const critical of [true, false]) {
    parseCrl(crlWith(extension("2.5.29.35", identifier, { critical })));
  }
});

Deno.test("parseCrl() refuses an extension that stands twice", () => {
  assertCrlRefused(
    crlWith(crlNumber(der.integer(1)), crlNumber(der.integer(1))),
    "extension 2.5.29.20 occurs twice",
  );
});
