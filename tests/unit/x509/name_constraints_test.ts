import assert from "node:assert/strict";
import { parseCertificate } from "../../../src/x509/certificate.ts";
import type { NameConstraints } from "../../../src/x509/extensions.ts";
import { nameConstraintsProblem } from "../../../src/x509/name_constraints.ts";
import {
  bmpString,
  context,
  ia5String,
  oid,
  printableString,
  raw,
} from "../../support/der_writer.ts";
import {
  type CertificateOptions,
  createAuthority,
  distinguishedName,
} from "../../support/pki.ts";
import { extension, generalName } from "../../support/pki_extensions.ts";
import * as der from "../../support/der_writer.ts";

type Subtree = Parameters<typeof generalName>;

const root = createAuthority();
const EMAIL_ADDRESS = "1.2.840.113549.1.9.1";

function constraintsOf(
  permitted?: Uint8Array[],
  excluded?: Uint8Array[],
): NameConstraints {
  const nameConstraints = {
    ...(permitted && { permitted }),
    ...(excluded && { excluded }),
  };
  const certificate = parseCertificate(
    root.issueAuthority({ nameConstraints }).der,
  );
  assert.ok(certificate.extensions.nameConstraints);
  return certificate.extensions.nameConstraints;
}

function problem(
  constraints: NameConstraints,
  options: CertificateOptions,
): string | undefined {
  return nameConstraintsProblem(
    constraints,
    parseCertificate(root.issue(options).der),
  );
}

/** JSON with DER as hex, for test names. */
function describe(value: unknown): string {
  return JSON.stringify(
    value,
    (_, field) => field instanceof Uint8Array ? field.toHex() : field,
  );
}

const MATCHES: readonly (readonly [subtree: Subtree, CertificateOptions])[] = [
  [["dns", "example.com"], { dnsNames: ["example.com"] }],
  [["dns", "example.com"], { dnsNames: ["a.b.example.com", "EXAMPLE.com"] }],
  [["dns", ".example.com"], { dnsNames: ["a.example.com"] }],
  [["dns", "example.com"], { dnsNames: ["*.example.com"] }],
  [["dns", ""], { dnsNames: ["any.name"] }],
  [["email", "a@example.com"], { emails: ["a@EXAMPLE.com"] }],
  [["email", "example.com"], { emails: ["a@example.com"] }],
  [["email", ".example.com"], { emails: ["a@host.example.com"] }],
  [["uri", "example.org"], {
    uris: ["spiffe://example.org/a", "https://Example.org:443?q"],
  }],
  [["uri", ".example.org"], { uris: ["spiffe://a.example.org"] }],
  [["ip", "10.1.0.0/255.255.0.0"], { ips: ["10.1.2.3"] }],
  [["ip", "0.0.0.0/0.0.0.0"], { ips: ["192.0.2.1"] }],
  [
    ["ip", "20010db8" + "00".repeat(12) + "ffffffff" + "00".repeat(12)],
    { ips: ["20010db8000000000000000000000001"] },
  ],
  [
    ["directory", distinguishedName(["2.5.4.10", "Org"])],
    { subject: distinguishedName(["2.5.4.10", "Org"], ["2.5.4.3", "x"]) },
  ],
  [["directory", distinguishedName()], { commonName: "anyone" }],
  [
    ["email", "example.com"],
    { subject: distinguishedName([EMAIL_ADDRESS, ia5String("a@example.com")]) },
  ],
];

for (const [subtree, options] of MATCHES) {
  const label = describe([...subtree, options]);
  Deno.test(`a permitted subtree lets in what is within: ${label}`, () => {
    assert.equal(
      problem(constraintsOf([generalName(...subtree)]), options),
      undefined,
    );
  });

  Deno.test(`an excluded subtree keeps out what is within: ${label}`, () => {
    const constraints = constraintsOf(undefined, [generalName(...subtree)]);
    const expected = `it has a name (${subtree[0]}) within an excluded subtree`;
    assert.equal(problem(constraints, options), expected);
  });
}

const MISMATCHES: readonly (readonly [subtree: Subtree, CertificateOptions])[] =
  [
    [["dns", "example.com"], { dnsNames: ["badexample.com"] }],
    [["dns", "example.com"], { dnsNames: ["example.com.evil.org"] }],
    [["dns", "example.com"], { dnsNames: ["com"] }],
    [["dns", ".example.com"], { dnsNames: ["example.com"] }],
    [["email", "a@example.com"], { emails: ["A@example.com"] }],
    [["email", "a@example.com"], { emails: ["ba@example.com"] }],
    [["email", "example.com"], { emails: ["a@host.example.com"] }],
    [["email", ".example.com"], { emails: ["a@example.com"] }],
    [["uri", "example.org"], { uris: ["spiffe://a.example.org/"] }],
    [["uri", ".example.org"], { uris: ["spiffe://example.org/"] }],
    [["uri", "example.org"], { uris: ["https://evil.net/example.org"] }],
    [["ip", "10.1.0.0/255.255.0.0"], { ips: ["10.2.2.3"] }],
    [["ip", "10.1.0.0/255.255.0.0"], {
      ips: ["20010db8000000000000000000000001"],
    }],
    [
      ["directory", distinguishedName(["2.5.4.10", "Org"])],
      { subject: distinguishedName(["2.5.4.3", "x"], ["2.5.4.10", "Org"]) },
    ],
    [
      [
        "directory",
        distinguishedName(["2.5.4.10", "Org"], ["2.5.4.11", "Unit"]),
      ],
      { subject: distinguishedName(["2.5.4.10", "Org"]) },
    ],
  ];

for (const [subtree, options] of MISMATCHES) {
  const label = describe([...subtree, options]);
  Deno.test(`a permitted subtree keeps out what is outside: ${label}`, () => {
    const expected = `it has a name (${
      subtree[0]
    }) outside the permitted subtrees`;
    assert.equal(
      problem(constraintsOf([generalName(...subtree)]), options),
      expected,
    );
  });

  Deno.test(`an excluded subtree lets in what is outside: ${label}`, () => {
    const constraints = constraintsOf(undefined, [generalName(...subtree)]);
    assert.equal(problem(constraints, options), undefined);
  });
}

const UNJUDGED: readonly (readonly [subtree: Subtree, CertificateOptions])[] = [
  [["dns", "example.com"], { dnsNames: ["a..example.com"] }],
  [["dns", "example.com"], { dnsNames: ["example.com."] }],
  [["dns", "example.com"], { dnsNames: ["a.*.example.com"] }],
  [["dns", "example.com"], { dnsNames: ["evil.net\0.example.com"] }],
  [["email", "example.com"], { emails: ['"a@b"@example.com'] }],
  [["email", "example.com"], { emails: ["example.com"] }],
  [["email", "example.com"], { emails: ["a@b@example.com"] }],
  [["uri", "example.org"], { uris: ["urn:uuid:0"] }],
  [["uri", "example.org"], { uris: ["https://10.0.0.1/"] }],
  [["uri", "example.org"], { uris: ["https://[2001:db8::1]/"] }],
  [["uri", "example.org"], { uris: ["https://example.org@evil.net/"] }],
  [["uri", "example.org"], { uris: ["https://evil.net\\@example.org/"] }],
  [["email", "example.com"], {
    subject: distinguishedName([EMAIL_ADDRESS, bmpString("a@ä")]),
  }],
  [["email", "example.com"], {
    subject: distinguishedName([EMAIL_ADDRESS, raw("0500")]),
  }],
];

for (const [subtree, options] of UNJUDGED) {
  Deno.test(`a name that cannot be judged is refused, permitted or excluded: ${describe(options)}`, () => {
    const expected = `it has a name (${
      subtree[0]
    }) that no constraint can judge`;
    const base = generalName(...subtree);
    assert.equal(problem(constraintsOf([base]), options), expected);
    assert.equal(problem(constraintsOf(undefined, [base]), options), expected);
    assert.equal(
      problem(constraintsOf([generalName("ip", "0.0.0.0/0.0.0.0")]), options),
      undefined,
    );
  });
}

const UNKNOWN_BASES: readonly (readonly [why: string, base: Uint8Array])[] = [
  ["otherName", context(0, oid("1.2.3"), context(0, der.nullValue()))],
  ["registeredID", der.contextPrimitive(8, raw("2a03"))],
  ["a mask with holes", generalName("ip", "10.0.0.0/255.0.255.0")],
  ["a DNS name with a wildcard", generalName("dns", "*.example.com")],
  ["an empty URI host", generalName("uri", "")],
  ["a whole URI", generalName("uri", "https://example.org/")],
  ["a mailbox without a host", generalName("email", "a@")],
];

for (const [why, base] of UNKNOWN_BASES) {
  Deno.test(`a constraint that cannot be judged refuses every name: ${why}`, () => {
    const expected =
      "a name constraint above it is of a form that is not supported";
    assert.equal(problem(constraintsOf([base]), {}), expected);
    assert.equal(problem(constraintsOf(undefined, [base]), {}), expected);
  });
}

Deno.test("constraints on one form say nothing about the others", () => {
  const constraints = constraintsOf([generalName("dns", "example.com")]);
  const options = {
    uris: ["urn:x"],
    emails: ["a@b"],
    ips: ["192.0.2.1"],
    commonName: "x",
  };
  assert.equal(problem(constraints, options), undefined);
});

Deno.test("one permitted subtree of several suffices, and an excluded one within it prevails", () => {
  const constraints = constraintsOf(
    [generalName("dns", "example.org"), generalName("dns", "example.com")],
    [generalName("dns", "secret.example.com")],
  );
  assert.equal(
    problem(constraints, { dnsNames: ["a.example.com"] }),
    undefined,
  );
  const excluded = "it has a name (dns) within an excluded subtree";
  assert.equal(
    problem(constraints, { dnsNames: ["a.secret.example.com"] }),
    excluded,
  );
  assert.equal(problem(constraints, { dnsNames: ["*.example.com"] }), excluded);
});

Deno.test("a name is permitted by octets and excluded however it is spelt", () => {
  const org = (value: Uint8Array) => distinguishedName(["2.5.4.10", value]);
  const base = generalName("directory", org(printableString("Bad Org")));
  for (
    const value of [
      der.utf8String("BAD  org "),
      bmpString("bad org"),
      ia5String("Bad Org"),
    ]
  ) {
    const options = { subject: org(value) };
    assert.equal(
      problem(constraintsOf(undefined, [base]), options),
      "it has a name (directory) within an excluded subtree",
    );
    assert.equal(
      problem(constraintsOf([base]), options),
      "it has a name (directory) outside the permitted subtrees",
    );
  }
});

Deno.test("directory names among the subject alternative names are held to constraints", () => {
  const name = generalName("directory", distinguishedName(["2.5.4.10", "Org"]));
  const options = {
    extraExtensions: [extension("2.5.29.17", der.sequence(name))],
  };
  const constraints = constraintsOf(undefined, [name]);
  assert.equal(
    problem(constraints, options),
    "it has a name (directory) within an excluded subtree",
  );
});

Deno.test("more comparisons than a certificate deserves are refused rather than made", () => {
  const many = Array.from(
    { length: 200 },
    (_, index) => `h${index}.example.com`,
  );
  const constraints = constraintsOf(
    many.map((name) => generalName("dns", name)),
  );
  assert.equal(
    problem(constraints, { dnsNames: many }),
    "it has too many names to hold against the name constraints",
  );
});
