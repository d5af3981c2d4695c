import assert from "node:assert/strict";
import {
  type XfccDetail,
  xfccLines,
} from "../../../../src/identity/headers/xfcc.ts";
import type { HeaderFacts } from "../../../../src/identity/headers/header_facts.ts";
import {
  type CertificateOptions,
  distinguishedName,
} from "../../../support/pki.ts";
import {
  authority,
  EXAMPLE_ESCAPED_PEM,
  exampleFacts,
  factsOf,
} from "./facts.ts";
import { readEscapedPem, readXfcc } from "./readers.ts";

const EXAMPLE_HASH =
  "Hash=bfaf1f7e070f9fa8dd62905f158da73f84a1136624fbafcc9393c8f7287a69eb";

function valueOf(
  facts: HeaderFacts,
  details: readonly XfccDetail[],
  certificates = true,
): string {
  const lines = xfccLines(facts, { certificates, details });
  assert.deepEqual(lines.map(([name]) => name), ["X-Forwarded-Client-Cert"]);
  return lines[0]![1];
}

/** The pairs after `Hash` for a client with this certificate. */
function pairsOf(
  options: CertificateOptions,
  ...details: XfccDetail[]
): string {
  const value = valueOf(factsOf(authority.issue(options).der), details);
  return value.replace(/^Hash=[\da-f]{64};?/, "");
}

Deno.test("xfccLines() writes By and Hash whatever the details", () => {
  assert.equal(valueOf(exampleFacts, []), EXAMPLE_HASH);
  const by = ["spiffe://acme/ns/a/sa/proxy", "https://proxy.example"];
  assert.equal(
    valueOf({ ...exampleFacts, by }, []),
    "By=spiffe://acme/ns/a/sa/proxy;By=https://proxy.example;" + EXAMPLE_HASH,
  );
});

Deno.test("xfccLines() quotes By like any name, and leaves out one that no field can hold", () => {
  const by = ["https://p.example/?a=b", "https://p.example/\r\n"];
  assert.equal(
    valueOf({ ...exampleFacts, by }, []),
    `By="https://p.example/?a=b";${EXAMPLE_HASH}`,
  );
});

Deno.test("xfccLines() writes Cert and Chain as percent-encoded PEM, the leaf in both", () => {
  const value = valueOf(exampleFacts, ["cert", "chain"]);
  const [hash, cert, chain = "", ...others] = value.split(";");
  assert.deepEqual([hash, cert, others], [
    EXAMPLE_HASH,
    `Cert="${EXAMPLE_ESCAPED_PEM}"`,
    [],
  ]);
  assert.ok(chain.startsWith(`Chain="${EXAMPLE_ESCAPED_PEM}-----BEGIN%20`));
  const [, pem = ""] = /^Chain="(.*)"$/.exec(chain) ?? [];
  assert.deepEqual(
    readEscapedPem(pem).map((der) => der.toString("hex")),
    [exampleFacts.leaf, ...exampleFacts.chain].map((der) => der.toHex()),
  );
});

Deno.test("xfccLines() leaves out Cert and Chain, and nothing else, without certificates", () => {
  const details: XfccDetail[] = ["chain", "cert", "dns", "uri", "subject"];
  assert.equal(
    valueOf(exampleFacts, details, false),
    `${EXAMPLE_HASH};Subject="CN=BC";URI=`,
  );
});

Deno.test("xfccLines() writes a key for each name, and URI= where there is no URI", () => {
  const names = {
    uris: ["http://testclient.lyft.com", "spiffe://a/b"],
    dnsNames: ["lyft.com", "www.lyft.com"],
  };
  assert.equal(
    pairsOf(names, "dns", "uri"),
    "URI=http://testclient.lyft.com;URI=spiffe://a/b;DNS=lyft.com;DNS=www.lyft.com",
  );
  assert.equal(pairsOf({}, "uri", "dns"), "URI=");
  assert.equal(pairsOf(names, "subject"), 'Subject="CN=Test Leaf"');
});

Deno.test("xfccLines() writes a detail once that is asked for twice", () => {
  assert.equal(pairsOf({}, "uri", "uri"), "URI=");
});

const SUBJECTS: readonly (readonly [string, string])[] = [
  // RFC 2253 §5.
  ["Sue, Grabbit and Runn", "Sue\\, Grabbit and Runn"],
  ['a"b', "a\\22b"],
  ["a\\", "a\\5C"],
  ['\\"', "\\5C\\22"],
  ["\\,", "\\5C\\,"],
  ["a;b=c+d", "a\\;b=c\\+d"],
  ["a\r\nb\0", "a\\0D\\0Ab\\00"],
  ["ü", "\\C3\\BC"],
];

Deno.test("xfccLines() writes Subject by RFC 2253, always quoted, without a quote in it", () => {
  for (const [value, written] of SUBJECTS) {
    const subject = distinguishedName(["2.5.4.10", value]);
    assert.equal(
      pairsOf({ subject }, "subject"),
      `Subject="O=${written}"`,
      value,
    );
  }
  assert.equal(
    pairsOf({ subject: distinguishedName() }, "subject"),
    'Subject=""',
  );
});

const NAMES: readonly (readonly [name: string, pair: string])[] = [
  ["a,b", 'DNS="a,b"'],
  ["a;DNS=admin", 'DNS="a;DNS=admin"'],
  ["a=b", 'DNS="a=b"'],
  ['a"b', 'DNS="a\\"b"'],
  [
    '";URI=spiffe://acme/admin;DNS="',
    'DNS="\\";URI=spiffe://acme/admin;DNS=\\""',
  ],
  [" a ", 'DNS=" a "'],
  ["a%2Cb", "DNS=a%2Cb"],
];

Deno.test("xfccLines() quotes a name with a delimiter, and both dialects read it again", () => {
  for (const [name, pair] of NAMES) {
    const { der } = authority.issue({ dnsNames: [name] });
    const value = valueOf(factsOf(der), ["dns"]);
    assert.equal(value.slice(value.indexOf(";") + 1), pair);
    for (const dialect of ["document", "envoy"] as const) {
      assert.deepEqual(readXfcc(value, dialect).slice(1), [["DNS", name]]);
    }
  }
});

Deno.test("xfccLines() leaves out a DNS name that no field can hold", () => {
  const odd = ["", "a\\", "a\r\nb", "a\0", "a\x7f", "\t"];
  assert.equal(
    pairsOf({ dnsNames: ["a", ...odd, "b"] }, "dns"),
    "DNS=a;DNS=b",
  );
});

Deno.test("xfccLines() writes no URI where it cannot write each, lest one seem the only one", () => {
  const uris = ["spiffe://acme/admin", "spiffe://acme/b\r\n"];
  assert.equal(pairsOf({ uris, dnsNames: ["a"] }, "uri", "dns"), "URI=;DNS=a");
});
