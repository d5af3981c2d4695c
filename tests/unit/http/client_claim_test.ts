import assert from "node:assert/strict";
import { FieldKind } from "../../../src/http/field_name.ts";
import { FieldSection } from "../../../src/http/field_section.ts";
import { OctetWriter } from "../../../src/http/octet_writer.ts";
import { writeLastChunk } from "../../../src/http/trailers.ts";
import { identityHeaders } from "../../../src/identity/headers/identity_headers.ts";
import { latin1, octetsOf } from "../../support/octet_reader.ts";
import { authority, factsOf } from "../identity/headers/facts.ts";
import { CLIENT_LINES, forwarded } from "../proxy/forwarding.ts";

const { der } = authority.issue({ uris: ["spiffe://acme/a"] });

/** Every name that any of the formats writes, as they write them. */
const WRITTEN = identityHeaders(
  factsOf(der, { chain: [authority.der], peer: "billing" }),
  {
    basic: true,
    formats: ["x-client", "xfcc", "rfc9440", "traefik", "nginx"],
    xfccDetails: [],
    maxOctets: 65_536,
  },
).lines.map(([name]) => name);

/** Names that other proxies of the same formats write, or wrote. */
const NAMESAKES = [
  "X-Forwarded-Tls-Client-Cert-Infos",
  "X-Client-Cert",
  "X-Client-Verify",
  "X-SSL-Cert",
  "X-SSL-Client-DN",
  "X-SSL-Client-CN",
  "X-SSL-Client-SHA1",
  "SSL-Client-Cert",
  "SSL-Client-Verify",
  "SSL-Client-Subject-DN",
  "SSL-Client-Issuer-DN",
  "Client-Certificate",
];

const MARKS = [..."-_.!#$%&'*+^`|~"];

/** The name in upper, lower and its own case, with each mark in place of one hyphen and of all. */
function spellings(name: string): string[] {
  const cased = [name, name.toLowerCase(), name.toUpperCase()];
  return cased.flatMap((spelled) =>
    MARKS.flatMap((mark) => [
      spelled.replaceAll("-", () => mark),
      spelled.replace("-", () => mark),
      spelled.replace(/-([^-]*)$/, (_, rest) => mark + rest),
    ])
  );
}

function trailersOf(lines: string): string {
  const fields = new FieldSection({
    invalid: "TRAILERS_INVALID",
    tooLarge: "FIELDS_TOO_LARGE",
  });
  const bytes = octetsOf(`${lines}\r\n`);
  fields.rebase(bytes, 0);
  fields.parse(0, bytes.length);
  const out = new OctetWriter(64);
  writeLastChunk(out, fields, new Set());
  return latin1(out.octets);
}

Deno.test("the names of all formats are known, so that none is left out here", () => {
  assert.deepEqual(WRITTEN, [
    "X-Client-CN",
    "X-Client-Subject",
    "X-Client-Id",
    "X-Client-Spiffe-Id",
    "X-Client-Fingerprint",
    "X-Client-Not-After",
    "X-Forwarded-Client-Cert",
    "Client-Cert",
    "Client-Cert-Chain",
    "X-Forwarded-Tls-Client-Cert",
    "X-Forwarded-Tls-Client-Cert-Info",
    "X-SSL-Client-Verify",
    "X-SSL-Client-S-DN",
    "X-SSL-Client-I-DN",
    "X-SSL-Client-Serial",
    "X-SSL-Client-Fingerprint",
    "X-SSL-Client-Cert",
  ]);
});

for (const name of [...WRITTEN, ...NAMESAKES]) {
  Deno.test(`${name} of a client is forwarded in no spelling, neither in a head nor in a trailer`, async () => {
    for (const spelled of spellings(name)) {
      const line = `${spelled}: forged\r\n`;
      assert.equal(
        await forwarded(
          `GET / HTTP/1.1\r\nHost: a\r\nKept: 1\r\n${line}Kept: 2\r\n\r\n`,
        ),
        "GET / HTTP/1.1\r\nHost: app:8080\r\nKept: 1\r\nKept: 2\r\n" +
          `X-Forwarded-Host: a\r\n${CLIENT_LINES}\r\n`,
        spelled,
      );
      assert.equal(
        trailersOf(`Kept: 1\r\n${line}Kept: 2\r\n`),
        "0\r\nKept: 1\r\nKept: 2\r\n\r\n",
        spelled,
      );
    }
  });
}

Deno.test("a name of a format written plainly is a claim, and in other marks a lookalike", () => {
  for (const name of WRITTEN) {
    for (
      const [spelled, kind] of [
        [name, FieldKind.CLIENT_CLAIM],
        [name.replaceAll("-", "_"), FieldKind.LOOKALIKE],
      ] as const
    ) {
      const fields = new FieldSection({
        invalid: "FIELD_INVALID",
        tooLarge: "FIELDS_TOO_LARGE",
      });
      const bytes = octetsOf(`${spelled}: x\r\n\r\n`);
      fields.rebase(bytes, 0);
      fields.parse(0, bytes.length);
      assert.equal(fields.kind(0), kind, spelled);
    }
  }
});
