import assert from "node:assert/strict";
import * as der from "../../support/der_writer.ts";
import { createAuthority } from "../../support/pki.ts";
import {
  createCrl,
  type RevokedEntry,
  revokedEntry,
} from "../../support/pki_crl.ts";
import { extension, generalName } from "../../support/pki_extensions.ts";
import { assertCrlRefused, parseCrl } from "./crl_refusal.ts";

const root = createAuthority({ commonName: "Root" });
const SERIAL = Uint8Array.of(0x01, 0x02);

/** A CRL of one good entry with this one before it. */
function crlWith(entry: RevokedEntry): Uint8Array {
  return createCrl(root, {
    entries: [entry, { serial: Uint8Array.of(0x55) }],
  }).der;
}

/** A CRL whose list has `element` for an entry. */
function crlOf(element: Uint8Array): Uint8Array {
  return createCrl(root, { list: der.sequence(element) }).der;
}

const DATE = der.time(Date.UTC(2030, 0, 1));

Deno.test("parseCrl() takes an entry for whatever reason it is there", () => {
  for (const reason of [undefined, 0, 1, 2, 3, 4, 5, 6, 9, 10]) {
    const entry = {
      serial: SERIAL,
      ...(reason !== undefined && { reason }),
    };
    const { revoked } = parseCrl(crlWith(entry));
    assert.equal(revoked.has("0102"), true, `reason ${reason}`);
    assert.equal(revoked.has("55"), true, `after reason ${reason}`);
  }
});

Deno.test("parseCrl() refuses removeFromCRL, alone or beside another extension", () => {
  const invalidityDate = extension(
    "2.5.29.24",
    der.element(0x18, new TextEncoder().encode("20300101000000Z")),
  );
  for (const extraExtensions of [[], [invalidityDate]]) {
    assertCrlRefused(
      crlWith({ serial: SERIAL, reason: 8, extraExtensions }),
      "an entry has removeFromCRL, which only delta CRLs may",
    );
    const { revoked } = parseCrl(
      crlWith({ serial: SERIAL, reason: 1, extraExtensions }),
    );
    assert.equal(revoked.size, 2);
  }
});

Deno.test("parseCrl() refuses the entry of another issuer, which an indirect CRL has", () => {
  const issuer = der.sequence(generalName("directory", root.subject));
  assertCrlRefused(
    crlWith({
      serial: SERIAL,
      extraExtensions: [extension("2.5.29.29", issuer, { critical: true })],
    }),
    "it is an indirect CRL, which is not supported",
  );
});

Deno.test("parseCrl() refuses an unknown critical entry extension, and passes over others", () => {
  const entry = (critical: boolean): RevokedEntry => ({
    serial: SERIAL,
    extraExtensions: [extension("1.2.3.4", der.nullValue(), { critical })],
  });
  assertCrlRefused(
    crlWith(entry(true)),
    "unsupported critical entry extension 1.2.3.4",
  );
  assert.equal(parseCrl(crlWith(entry(false))).revoked.has("0102"), true);
});

Deno.test("parseCrl() refuses serial numbers that no certificate may have", () => {
  const serials = [
    "",
    "80",
    "ff",
    "0001",
    "007f",
    "01".repeat(21),
    "0080" + "00".repeat(20),
    "01".repeat(200),
  ];
  for (const hex of serials) {
    assertCrlRefused(
      crlWith({ serial: Uint8Array.fromHex(hex) }),
      "expected serial numbers of 1 to 20 octets, in shortest form and not negative",
    );
  }
});

const text = new TextEncoder();
const DATES: readonly [name: string, date: Uint8Array][] = [
  ["without seconds", der.element(0x17, text.encode("3001010000Z"))],
  ["in another zone", der.element(0x17, text.encode("300101000000+0100"))],
  ["without a zone", der.element(0x17, text.encode("3001010000000"))],
  ["with a fraction", der.element(0x18, text.encode("20300101000000.5Z"))],
  [
    "of four digits in UTCTime",
    der.element(0x17, text.encode("20300101000000Z")),
  ],
  [
    "of two digits in GeneralizedTime",
    der.element(0x18, text.encode("300101000000Z")),
  ],
  ["with a letter", der.element(0x17, text.encode("30010100000OZ"))],
  ["of another type", der.element(0x0c, text.encode("300101000000Z"))],
  ["without an octet", der.element(0x17)],
];
for (const [name, date] of DATES) {
  Deno.test(`parseCrl() refuses a revocation date ${name}`, () => {
    assertCrlRefused(
      crlWith({ serial: SERIAL, date }),
      "expected revocation dates in UTC, to the second",
    );
  });
}

Deno.test("parseCrl() takes revocation dates of both types, in the future too", () => {
  for (const year of [1999, 2049, 2050]) {
    const date = der.time(Date.UTC(year, 0, 1));
    assert.equal(parseCrl(crlWith({ serial: SERIAL, date })).revoked.size, 2);
  }
});

Deno.test("parseCrl() refuses an entry whose fields end elsewhere than it does", () => {
  const fields = "the fields of an entry do not fill it";
  const good = revokedEntry({ serial: SERIAL, date: DATE });
  // One octet less than its fields: what follows would be read as its date's end.
  const short = good.slice();
  short[1] = (short[1] ?? 0) - 1;
  assertCrlRefused(crlOf(der.concat([short, good])), fields);
  assertCrlRefused(
    crlOf(der.sequence(der.integer(SERIAL))),
    "it ends too early",
  );
  assertCrlRefused(
    crlOf(der.concat([der.sequence(der.integer(SERIAL)), good])),
    "expected revocation dates in UTC, to the second",
  );
});

Deno.test("parseCrl() refuses what is no extensions after the date", () => {
  const entry = (field: Uint8Array) =>
    crlOf(der.sequence(der.integer(SERIAL), DATE, field));
  assertCrlRefused(entry(der.nullValue()), "expected tag 0x30, found 0x05");
  assertCrlRefused(entry(der.sequence()), "it ends too early");
  assertCrlRefused(
    entry(
      der.concat([
        der.sequence(extension("1.2.3", der.nullValue())),
        der.nullValue(),
      ]),
    ),
    "unexpected octets after the last field",
  );
  const reason = extension("2.5.29.21", der.element(0x0a, Uint8Array.of(1)));
  assertCrlRefused(
    entry(der.sequence(reason, reason)),
    "extension 2.5.29.21 occurs twice",
  );
  assertCrlRefused(
    entry(der.sequence(extension("2.5.29.21", der.integer(1)))),
    "expected tag 0x0a, found 0x02",
  );
});
