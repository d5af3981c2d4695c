import assert from "node:assert/strict";
import {
  headerLines,
  type HeaderOptions,
  identityHeaders,
} from "../../../../src/identity/headers/identity_headers.ts";
import { EXAMPLE_ESCAPED_PEM, exampleFacts, RFC_9440 } from "./facts.ts";
import { readLines } from "./readers.ts";

const ALL: HeaderOptions = {
  basic: true,
  formats: ["x-client", "xfcc", "rfc9440", "traefik", "nginx"],
  xfccDetails: ["subject", "uri", "dns", "cert", "chain"],
  maxOctets: 65_536,
};
const NONE: HeaderOptions = { ...ALL, basic: false, formats: [] };

const facts = { ...exampleFacts, peer: "billing" };

function namesOf(options: Partial<HeaderOptions>): string[] {
  return identityHeaders(facts, { ...NONE, ...options }).lines
    .map(([name]) => name);
}

const X_CLIENT = [
  "X-Client-CN",
  "X-Client-Subject",
  "X-Client-Id",
  "X-Client-Fingerprint",
  "X-Client-Not-After",
];

Deno.test("identityHeaders() writes what was asked for, and nothing unasked", () => {
  assert.deepEqual(namesOf({}), []);
  assert.deepEqual(namesOf({ basic: true }), X_CLIENT.slice(0, 2));
  assert.deepEqual(namesOf({ formats: ["x-client"] }), X_CLIENT);
  assert.deepEqual(namesOf({ formats: ["xfcc", "rfc9440"] }), [
    "X-Forwarded-Client-Cert",
    "Client-Cert",
    "Client-Cert-Chain",
  ]);
  assert.deepEqual(namesOf({ formats: ["traefik"] }), [
    "X-Forwarded-Tls-Client-Cert",
    "X-Forwarded-Tls-Client-Cert-Info",
  ]);
});

Deno.test("identityHeaders() writes no name twice, whatever is asked for twice", () => {
  assert.deepEqual(namesOf({ basic: true, formats: ["x-client"] }), X_CLIENT);
  const names = namesOf({ ...ALL, formats: [...ALL.formats, ...ALL.formats] });
  assert.equal(names.length, 16);
  assert.equal(new Set(names).size, names.length);
});

Deno.test("headerLines() writes each line with CR LF, and it is read again", () => {
  const headers = identityHeaders(facts, { ...NONE, basic: true });
  assert.equal(
    new TextDecoder().decode(headerLines(headers)),
    "X-Client-CN: BC\r\nX-Client-Subject: CN=BC\r\n",
  );
  const all = identityHeaders(facts, ALL);
  assert.deepEqual(readLines(headerLines(all)), all.lines);
  assert.equal(headerLines(identityHeaders(facts, NONE)).length, 0);
});

Deno.test("identityHeaders() takes exactly as many octets as the limit allows", () => {
  const octets = headerLines(identityHeaders(facts, ALL)).length;
  const fits = identityHeaders(facts, { ...ALL, maxOctets: octets });
  assert.equal(fits.trimmed, false);
  const trimmed = identityHeaders(facts, { ...ALL, maxOctets: octets - 1 });
  assert.equal(trimmed.trimmed, true);
});

Deno.test("identityHeaders() leaves out every certificate beyond the limit, and keeps every hash", () => {
  const whole = identityHeaders(facts, ALL);
  const maxOctets = headerLines(whole).length - 1;
  const trimmed = identityHeaders(facts, { ...ALL, maxOctets });
  const text = new TextDecoder().decode(headerLines(trimmed));
  for (const certificate of [RFC_9440.client, EXAMPLE_ESCAPED_PEM]) {
    assert.ok(!text.includes(certificate.slice(0, 60)));
  }
  assert.match(text, /Hash=bfaf1f7e.*;Subject="CN=BC";URI=\r\n/);
  assert.match(text, /X-Client-Fingerprint: bfaf1f7e/);
  assert.match(text, /X-SSL-Client-Fingerprint: ca083f26/);
  const left = whole.lines.map(([name]) => name)
    .filter((name) => !trimmed.lines.some(([kept]) => kept === name));
  assert.deepEqual(left, [
    "Client-Cert",
    "Client-Cert-Chain",
    "X-Forwarded-Tls-Client-Cert",
    "X-SSL-Client-Cert",
  ]);
});

Deno.test("identityHeaders() refuses what is too large without certificates, rather than cut it", () => {
  const subject = `CN=${"a".repeat(1 << 16)}`;
  const long = { ...facts, identity: { ...facts.identity, subject } };
  for (const formats of [["x-client"], ["xfcc"], ["nginx"]] as const) {
    assert.throws(
      () => identityHeaders(long, { ...ALL, formats, maxOctets: 8192 }),
      { code: "LEAF_MALFORMED", message: /^Cannot write identity headers of / },
    );
  }
  const octets = headerLines(
    identityHeaders(facts, { ...NONE, basic: true }),
  ).length;
  assert.throws(
    () => identityHeaders(facts, { ...NONE, basic: true, maxOctets: 41 }),
    {
      message:
        `Cannot write identity headers of ${octets} octets: expected at most 41`,
    },
  );
});

Deno.test("identityHeaders() refuses a value that a field cannot hold as it is", () => {
  for (const peer of ["a\r\nX-Client-CN: root", "a\0", " a", "a ", "ü", "\t"]) {
    assert.throws(() => identityHeaders({ ...facts, peer }, ALL), {
      code: "LEAF_MALFORMED",
      message:
        "Cannot write X-Client-Id: expected printable ASCII without spaces at its ends",
    });
  }
});
