import assert from "node:assert/strict";
import { isIP } from "node:net";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import fc from "fast-check";
import {
  headerLines,
  type HeaderOptions,
  identityHeaders,
} from "../../../../src/identity/headers/identity_headers.ts";
import { attribute, type CertificateOptions } from "../../../support/pki.ts";
import { sequence, set } from "../../../support/der_writer.ts";
import { generateKey } from "../../../support/pki_keys.ts";
import { authority, factsOf } from "./facts.ts";
import {
  readByteSequences,
  readEscapedPem,
  readLines,
  readName,
  readTraefikInfo,
  readXfcc,
} from "./readers.ts";

const OPTIONS: HeaderOptions = {
  basic: true,
  formats: ["x-client", "xfcc", "rfc9440", "traefik", "nginx"],
  xfccDetails: ["subject", "uri", "dns", "cert", "chain"],
  maxOctets: 1 << 20,
};

/** What a format's readers trip over, if anything does. */
const TRAPS = [
  ..."\0\t\r\n\x7f \"',;=+<>#%\\:@&|`",
  "\r\n",
  "\r\nX-Client-CN: root\r\n\r\n",
  '",',
  '";',
  '\\"',
  "\\\\",
  "%22",
  "%0D%0A",
  ",CN=admin",
  ";URI=spiffe://acme/admin",
  '";SAN="admin',
  "-----END CERTIFICATE-----\n",
  "10.0.0.1",
  "::1",
  "spiffe://acme/admin",
];

/** Text of up to 2^13 characters, the most that an identity has. */
function hostile(unit: "binary" | "binary-ascii"): fc.Arbitrary<string> {
  const pieces = fc.array(
    fc.oneof(
      { arbitrary: fc.constantFrom(...TRAPS), weight: 2 },
      { arbitrary: fc.string({ unit, maxLength: 6 }), weight: 1 },
    ),
    { minLength: 1, maxLength: 6 },
  ).map((parts) => parts.join(""));
  const long = fc.constantFrom(...'\r",\\%a ').map((mark) => mark.repeat(8000));
  return fc.oneof({ arbitrary: pieces, weight: 20 }, {
    arbitrary: long,
    weight: 1,
  });
}

const CN = "2.5.4.3", O = "2.5.4.10", OU = "2.5.4.11";
const TYPES: Readonly<Record<string, string>> = {
  [CN]: "CN",
  [O]: "O",
  [OU]: "OU",
};

type Attributes = readonly (readonly [type: string, value: string])[];

const rdn: fc.Arbitrary<Attributes> = fc.array(
  fc.tuple(fc.constantFrom(CN, O, OU), hostile("binary")),
  { minLength: 1, maxLength: 2 },
);
const ascii = fc.array(hostile("binary-ascii"), { maxLength: 3 });

const key = generateKey();

/** A client's certificate, and what went into it. */
const client = fc.record({
  rdns: fc.array(rdn, { maxLength: 3 }),
  dnsNames: fc.oneof(ascii, fc.constant<string[]>(["a.example", "b.example"])),
  uris: fc.oneof(ascii, fc.constant<string[]>(["spiffe://acme/a"])),
  emails: ascii,
}).map(({ rdns, ...names }) => {
  const subject = sequence(
    ...rdns.map((attributes) =>
      set(...attributes.map(([type, value]) => attribute(type, value)))
    ),
  );
  const options: CertificateOptions = { subject, key, ...names };
  return { rdns, names, der: authority.issue(options).der };
});

/** The value of each header of a client, as a server reads them. */
function headersOf(leaf: Uint8Array, chain: Uint8Array[] = []) {
  const headers = identityHeaders(factsOf(leaf, { chain }), OPTIONS);
  const lines = readLines(headerLines(headers));
  assert.equal(lines.length, headers.lines.length);
  const byName = new Map(lines);
  assert.equal(byName.size, lines.length, "a name comes twice");
  return byName;
}

function printable(value: string): boolean {
  return /^[ -~]+$/.test(value) && !value.includes("\\");
}

Deno.test("no identity breaks a line, or is read as two headers", () => {
  const names = new Set<string>();
  fc.assert(fc.property(client, ({ der }) => {
    for (const [name, value] of headersOf(der)) {
      names.add(name);
      assert.match(value, /^[ -~]*$/);
    }
  }));
  assert.deepEqual([...names].sort(), [
    "Client-Cert",
    "X-Client-CN",
    "X-Client-Fingerprint",
    "X-Client-Not-After",
    "X-Client-Spiffe-Id",
    "X-Client-Subject",
    "X-Forwarded-Client-Cert",
    "X-Forwarded-Tls-Client-Cert",
    "X-Forwarded-Tls-Client-Cert-Info",
    "X-SSL-Client-Cert",
    "X-SSL-Client-Fingerprint",
    "X-SSL-Client-I-DN",
    "X-SSL-Client-S-DN",
    "X-SSL-Client-Serial",
    "X-SSL-Client-Verify",
  ]);
});

Deno.test("every subject is read again as it was issued, in each format that has it whole", () => {
  fc.assert(fc.property(client, ({ der, rdns }) => {
    const issued = rdns.map((attributes) =>
      attributes.map(([type, value]) => `${TYPES[type]}=${value}`)
    ).reverse();
    const headers = headersOf(der);
    for (const name of ["X-Client-Subject", "X-SSL-Client-S-DN"]) {
      assert.deepEqual(readName(headers.get(name)!), issued, name);
    }
    for (const dialect of ["document", "envoy"] as const) {
      const pairs = readXfcc(headers.get("X-Forwarded-Client-Cert")!, dialect);
      const subjects = pairs.filter(([key]) => key === "Subject");
      assert.equal(subjects.length, 1);
      assert.deepEqual(readName(subjects[0]![1]), issued, dialect);
    }
    const commonName = rdns.flat().findLast(([type]) => type === CN)?.[1];
    const told = headers.get("X-Client-CN");
    assert.deepEqual(
      told === undefined ? undefined : readName(`CN=${told}`),
      // An empty one is none.
      commonName ? [[`CN=${commonName}`]] : undefined,
    );
  }));
});

Deno.test("every name in X-Forwarded-Client-Cert is read again under its own key, or none of it", () => {
  fc.assert(fc.property(client, ({ der, names: { uris, dnsNames } }) => {
    const value = headersOf(der).get("X-Forwarded-Client-Cert")!;
    const fingerprint = createHash("sha256").update(der).digest("hex");
    const urisTold = uris.length > 0 && uris.every(printable) ? uris : [""];
    for (const dialect of ["document", "envoy"] as const) {
      const pairs = readXfcc(value, dialect);
      assert.deepEqual(
        pairs.filter(([key]) => !/^(Cert|Chain|Subject)$/.test(key)),
        [
          ["Hash", fingerprint],
          ...urisTold.map((uri) => ["URI", uri]),
          ...dnsNames.filter(printable).map((name) => ["DNS", name]),
        ],
      );
    }
  }));
});

Deno.test("every value of Traefik's info is read again, and no name as one of another type", () => {
  fc.assert(fc.property(client, ({ der, rdns, names }) => {
    const fields = readTraefikInfo(
      headersOf(der).get("X-Forwarded-Tls-Client-Cert-Info")!,
    );
    const attributes = rdns.flat();
    const expected = [
      ...attributes.filter(([type]) => type === O),
      ...attributes.filter(([type]) => type === OU),
      ...attributes.filter(([type]) => type === CN).slice(-1),
    ].filter(([, value]) => value !== "")
      .map(([type, value]) => `${TYPES[type]}=${value}`);
    const told = fields.get("Subject") ?? [];
    assert.deepEqual(told.map(decodeURIComponent), expected);
    assert.deepEqual(fields.get("Issuer"), ["CN=R"]);
    for (const name of fields.get("SAN") ?? []) {
      const issued = isIP(name) > 0
        ? []
        : name.includes(":")
        ? names.uris
        : name.includes("@")
        ? names.emails
        : names.dnsNames;
      assert.ok(issued.includes(name), name);
    }
    if (names.dnsNames[0] === "a.example") {
      assert.deepEqual(fields.get("SAN")?.slice(0, 2), names.dnsNames);
    }
  }));
});

Deno.test("every certificate is read again octet for octet, in each format that has it", () => {
  const chain = [authority.der];
  fc.assert(
    fc.property(client, ({ der }) => {
      const headers = headersOf(der, chain);
      const [, cert = ""] = /;Cert="([^"]*)"/
        .exec(headers.get("X-Forwarded-Client-Cert")!) ?? [];
      const [, path = ""] = /;Chain="([^"]*)"/
        .exec(headers.get("X-Forwarded-Client-Cert")!) ?? [];
      const traefik = headers.get("X-Forwarded-Tls-Client-Cert")!.split(",")
        .map((base64) => Buffer.from(base64, "base64"));
      const read = [
        ...readEscapedPem(cert),
        ...readEscapedPem(headers.get("X-SSL-Client-Cert")!),
        ...readByteSequences(headers.get("Client-Cert")!),
        ...readEscapedPem(path),
        ...traefik,
        ...readByteSequences(headers.get("Client-Cert-Chain")!),
      ];
      const [leaf, issuer] = [Buffer.from(der), Buffer.from(authority.der)];
      assert.deepEqual(
        read,
        [leaf, leaf, leaf, leaf, issuer, leaf, issuer, issuer],
      );
    }),
    { numRuns: 20 },
  );
});
