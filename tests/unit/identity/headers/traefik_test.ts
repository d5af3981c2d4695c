import assert from "node:assert/strict";
import { traefikLines } from "../../../../src/identity/headers/traefik.ts";
import { ia5String } from "../../../support/der_writer.ts";
import {
  type CertificateOptions,
  createAuthority,
  distinguishedName,
} from "../../../support/pki.ts";
import { authority, exampleFacts, factsOf, RFC_9440 } from "./facts.ts";
import { readTraefikInfo } from "./readers.ts";

const [DC, C, ST, L] = [
  "0.9.2342.19200300.100.1.25",
  "2.5.4.6",
  "2.5.4.8",
  "2.5.4.7",
];
const [O, OU, CN] = ["2.5.4.10", "2.5.4.11", "2.5.4.3"];
const [SERIAL_NUMBER, EMAIL] = ["2.5.4.5", "1.2.840.113549.1.9.1"];

function infoOf(leaf: Uint8Array): string {
  const lines = traefikLines(factsOf(leaf), { certificates: false });
  assert.deepEqual(lines.map(([name]) => name), [
    "X-Forwarded-Tls-Client-Cert-Info",
  ]);
  return lines[0]![1];
}

function fieldOf(key: string, options: CertificateOptions): string[] {
  const info = infoOf(authority.issue(options).der);
  return readTraefikInfo(info).get(key) ?? [];
}

Deno.test("traefikLines() writes certificates as bare base64, joined by commas", () => {
  assert.deepEqual(traefikLines(exampleFacts, { certificates: true })[0], [
    "X-Forwarded-Tls-Client-Cert",
    `${RFC_9440.client},${RFC_9440.intermediate}`,
  ]);
});

Deno.test("traefikLines() writes the info of RFC 9440's client, escaped as a query", () => {
  assert.equal(
    traefikLines(exampleFacts, { certificates: true })[1]?.[1],
    "Subject%3D%22CN%3DBC%22%3B" +
      "Issuer%3D%22O%3DLet%27s+Authenticate%2CCN%3DLA+Intermediate+CA%22%3B" +
      "SerialNumber%3D%227%22%3BNB%3D%221579042533%22%3BNA%3D%221611442533%22%3B" +
      "SAN%3D%22bdc%40example.com%22",
  );
});

Deno.test("traefikLines() orders a name's attributes and takes the last CN, as Traefik's document shows", () => {
  // The certificate of the document, with the OUs that Traefik has by now.
  const cheese = createAuthority({
    subject: distinguishedName(
      [DC, ia5String("org")],
      [DC, ia5String("cheese")],
      [O, "Cheese"],
      [O, "Cheese 2"],
      [OU, "Simple Signing Section"],
      [OU, "Simple Signing Section 2"],
      [CN, "Simple Signing CA"],
      [CN, "Simple Signing CA 2"],
      [C, "FR"],
      [C, "US"],
      [L, "TOULOUSE"],
      [L, "LYON"],
      [ST, "Signing State"],
      [ST, "Signing State 2"],
      [EMAIL, ia5String("simple@signing.com")],
    ),
  });
  const { der } = cheese.issue({
    serial: Uint8Array.of(1),
    notBefore: 1747282426000,
    notAfter: 1778818426000,
    subject: distinguishedName(
      [DC, ia5String("org")],
      [DC, ia5String("cheese")],
      [O, "Cheese"],
      [O, "Cheese 2"],
      [OU, "Simple Signing Section"],
      [OU, "Simple Signing Section 2"],
      [CN, "*.example.org"],
      [CN, "*.example.com"],
      [C, "FR"],
      [C, "US"],
      [L, "TOULOUSE"],
      [L, "LYON"],
      [ST, "Cheese org state"],
      [ST, "Cheese com state"],
      [SERIAL_NUMBER, "12"],
      [SERIAL_NUMBER, "34"],
      [EMAIL, ia5String("cert@example.org")],
    ),
    dnsNames: ["*.example.org", "*.example.net", "*.example.com"],
    ips: ["10.0.1.0", "10.0.1.2"],
    emails: ["test@example.org", "test@example.net"],
  });
  assert.equal(
    decodeURIComponent(infoOf(der).replaceAll("+", " ")),
    'Subject="DC=org,DC=cheese,C=FR,C=US,ST=Cheese org state,ST=Cheese com state,' +
      "L=TOULOUSE,L=LYON,O=Cheese,O=Cheese 2,OU=Simple Signing Section," +
      'OU=Simple Signing Section 2,SN=34,CN=*.example.com";' +
      'Issuer="DC=org,DC=cheese,C=FR,C=US,ST=Signing State,ST=Signing State 2,' +
      'L=TOULOUSE,L=LYON,O=Cheese,O=Cheese 2,CN=Simple Signing CA 2";' +
      'SerialNumber="1";NB="1747282426";NA="1778818426";' +
      'SAN="*.example.org,*.example.net,*.example.com,test@example.org,' +
      'test@example.net,10.0.1.0,10.0.1.2"',
  );
});

Deno.test("traefikLines() leaves out a field that is empty", () => {
  const { der } = authority.issue({ subject: distinguishedName() });
  assert.deepEqual([...readTraefikInfo(infoOf(der)).keys()], [
    "Issuer",
    "SerialNumber",
    "NB",
    "NA",
  ]);
});

const VALUES: readonly (readonly [value: string, written: string])[] = [
  ["a,CN=admin", "a%2CCN%3Dadmin"],
  ['a";SAN="admin', "a%22%3BSAN%3D%22admin"],
  ["100%", "100%25"],
  ["%2C", "%252C"],
  ["a\r\nb\0c\x7f\u0085\u2028", "a%0D%0Ab%00c%7F%C2%85%E2%80%A8"],
  ["a\\", "a%5C"],
  [" admin ", "%20admin%20"],
  ["Müller & Söhne (1+1)", "Müller & Söhne (1+1)"],
];

Deno.test("traefikLines() keeps what delimits out of a name's values", () => {
  for (const [value, written] of VALUES) {
    const subject = distinguishedName([O, value], [CN, "c"]);
    assert.deepEqual(fieldOf("Subject", { subject }), [`O=${written}`, "CN=c"]);
  }
});

Deno.test("traefikLines() lists the alternative names in Traefik's order", () => {
  const names = fieldOf("SAN", {
    uris: ["spiffe://acme/a%20b", "https://x.example:8443/~y?z"],
    ips: ["10.0.0.1", "20010db8000000000000000000000001"],
    emails: ["o'neil+x@example.org"],
    dnsNames: ["a_b.example", "*.example"],
  });
  assert.deepEqual(names, [
    "a_b.example",
    "*.example",
    "o'neil+x@example.org",
    "10.0.0.1",
    "2001:db8::1",
    "spiffe://acme/a%20b",
    "https://x.example:8443/~y?z",
  ]);
});

Deno.test("traefikLines() leaves out a name that could be taken for two, or for one of another type", () => {
  const dnsNames = ["spiffe://acme/admin", "10.0.0.1", "a@b", "a,b", "", "a\0"];
  const emails = ["spiffe://acme/a@b", "a@b,c", "example.org", "@b", 'a"@b'];
  assert.deepEqual(
    fieldOf("SAN", {
      dnsNames: ["a", ...dnsNames],
      emails: ["c@d", ...emails],
    }),
    ["a", "c@d"],
  );
});

Deno.test("traefikLines() writes no URI where it cannot write each, lest one seem the only one", () => {
  const odd = [
    "fe80::1",
    "a:b,c",
    "a:b;c",
    "a:b=c",
    'a:"',
    "a:\\",
    "a",
    "a:\n",
    "",
  ];
  for (const uri of odd) {
    const names = fieldOf("SAN", {
      dnsNames: ["a"],
      uris: ["spiffe://b", uri],
    });
    assert.deepEqual(names, ["a"], uri);
  }
});
