import assert from "node:assert/strict";
import { clientIdentity } from "../../../src/identity/client_identity.ts";
import { parseCertificate } from "../../../src/x509/certificate.ts";
import {
  bmpString,
  context,
  contextPrimitive,
  element,
  ia5String,
  nullValue,
  sequence,
  set,
  utf8String,
} from "../../support/der_writer.ts";
import {
  attribute,
  type CertificateOptions,
  createAuthority,
  distinguishedName,
} from "../../support/pki.ts";
import { extension, generalName } from "../../support/pki_extensions.ts";

const CN = "2.5.4.3";
const OU = "2.5.4.11";
const authority = createAuthority();

function identify(options: CertificateOptions) {
  return clientIdentity(parseCertificate(authority.issue(options).der));
}

function alternativeNames(...names: Uint8Array[]): CertificateOptions {
  return { extraExtensions: [extension("2.5.29.17", sequence(...names))] };
}

function units(...values: (string | Uint8Array)[]): readonly string[] {
  const subject = distinguishedName(
    ...values.map((value) => [OU, value] as const),
  );
  return identify({ subject }).organizationalUnits;
}

const ODD: readonly (readonly [why: string, value: string])[] = [
  ["NUL", "acme.example\0.evil"],
  ["CR LF", "a\r\nX-Client-CN: root"],
  ["quotes, commas and semicolons", 'a",b;c="d'],
  ["backslashes", "a\\\\,b\\"],
  ["blanks at both ends", " a "],
  ["a wildcard", "*.acme.example"],
  ["capitals", "API.Acme.Example"],
  ["nothing", ""],
];

for (const [why, value] of ODD) {
  Deno.test(`clientIdentity() keeps alternative names with ${why} as they are`, () => {
    const identity = identify({
      dnsNames: [value],
      uris: [value],
      emails: [value],
    });
    assert.deepEqual(identity.dnsNames, [value]);
    assert.deepEqual(identity.uris, [value]);
    assert.deepEqual(identity.emails, [value]);
    assert.equal("spiffeId" in identity, false);
  });
}

Deno.test("clientIdentity() reads OUs of every string type, unescaped and in encoded order", () => {
  assert.deepEqual(
    units(
      "Bücher 書",
      bmpString("Ωmega"),
      ia5String("a\0b\r\nc"),
      element(0x14, Uint8Array.of(0xe4)),
      'a,b+c"d',
    ),
    ["Bücher 書", "Ωmega", "a\0b\r\nc", "ä", 'a,b+c"d'],
  );
});

Deno.test("clientIdentity() reads OUs that share an RDN, and passes over those that are empty or no string", () => {
  const subject = sequence(
    set(attribute(OU, "a"), attribute(CN, "c"), attribute(OU, "b")),
    set(attribute(OU, "")),
    set(attribute(OU, nullValue())),
  );
  const { organizationalUnits, commonName } = identify({ subject });
  assert.deepEqual(organizationalUnits, ["a", "b"]);
  assert.equal(commonName, "c");
});

Deno.test("clientIdentity() lets an empty common name hide those before it", () => {
  const subject = distinguishedName([CN, "first"], [CN, ""]);
  assert.equal("commonName" in identify({ subject }), false);
});

Deno.test("clientIdentity() tells an IPv4-mapped address from the address in it", () => {
  const { ipAddresses } = identify({
    ips: ["192.0.2.1", "00000000000000000000ffffc0000201"],
  });
  assert.deepEqual(ipAddresses, ["192.0.2.1", "::ffff:192.0.2.1"]);
});

Deno.test("clientIdentity() keeps the order of names of one form, whatever stands between", () => {
  const identity = identify(alternativeNames(
    generalName("uri", "spiffe://acme/a"),
    generalName("dns", "b"),
    generalName("directory", distinguishedName([CN, "x"])),
    generalName("dns", "a"),
    contextPrimitive(8, Uint8Array.of(0x2a)),
    context(
      0,
      element(0x06, Uint8Array.of(0x2a)),
      context(0, utf8String("upn")),
    ),
    generalName("dns", "b"),
  ));
  assert.deepEqual(identity.dnsNames, ["b", "a", "b"]);
  assert.equal(identity.spiffeId, "spiffe://acme/a");
});

Deno.test("clientIdentity() finds no SPIFFE ID where there are two URIs", () => {
  const uris = ["spiffe://acme/a", "https://acme/a"];
  const identity = identify({ uris });
  assert.deepEqual(identity.uris, uris);
  assert.equal("spiffeId" in identity, false);
});

function refusal(expected: string) {
  return {
    code: "LEAF_MALFORMED",
    message: `Cannot identify the client: expected ${expected}`,
  };
}

Deno.test("clientIdentity() takes 1024 alternative names of all forms together, and no more", () => {
  const ips = Array.from(
    { length: 1023 },
    (_, i) => `10.0.${i >> 8}.${i & 255}`,
  );
  const identity = identify({ ips, dnsNames: ["a"] });
  assert.equal(identity.ipAddresses.length, 1023);
  assert.throws(
    () => identify({ ips, dnsNames: ["a", "b"] }),
    refusal("at most 1024 subject alternative names, not 1025"),
  );
  // Those that are not told to anyone count as well.
  const registeredId = contextPrimitive(8, Uint8Array.of(0x2a));
  assert.throws(
    () =>
      identify(alternativeNames(
        ...Array.from({ length: 10_000 }, () => registeredId),
      )),
    refusal("at most 1024 subject alternative names, not 10000"),
  );
});

Deno.test("clientIdentity() takes 1024 OUs, and no more", () => {
  const names = Array.from({ length: 1024 }, (_, index) => `${index}`);
  assert.deepEqual(units(...names), names);
  assert.throws(
    () => units(...names, "one more"),
    refusal("at most 1024 organizational units, not 1025"),
  );
});

Deno.test("clientIdentity() takes names of 8192 characters, and cuts none that is longer", () => {
  const longest = "a".repeat(8192);
  const tooLong = `${longest}a`;
  const wanted = refusal("names of at most 8192 characters, not 8193");
  const options = (name: string): CertificateOptions[] => [
    { dnsNames: [name] },
    { uris: [name] },
    { emails: [name] },
    { commonName: name },
    { subject: distinguishedName([OU, name]) },
  ];
  for (const taken of options(longest)) assert.ok(identify(taken));
  for (const refused of options(tooLong)) {
    assert.throws(() => identify(refused), wanted);
  }
});
