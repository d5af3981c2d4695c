import assert from "node:assert/strict";
import {
  type Certificate,
  parseCertificate,
} from "../../../src/x509/certificate.ts";
import {
  findPath,
  type PathQuery,
  type PathResult,
} from "../../../src/x509/path.ts";
import { nullValue, sequence } from "../../support/der_writer.ts";
import {
  type Authority,
  type CertificateOptions,
  createAuthority,
  distinguishedName,
  type Issued,
  PURPOSE,
} from "../../support/pki.ts";
import { extension, generalName } from "../../support/pki_extensions.ts";
import { generateKey } from "../../support/pki_keys.ts";

const NOW = Date.now();
const HOUR = 3_600_000;

interface Query {
  readonly leaf: Issued;
  readonly intermediates?: readonly Issued[];
  readonly anchors: readonly Issued[];
}

function parse({ der }: Issued): Certificate {
  return parseCertificate(der);
}

function find(
  { leaf, intermediates = [], anchors }: Query,
  now = NOW,
): PathResult {
  const query: PathQuery = {
    leaf: parse(leaf),
    intermediates: intermediates.map(parse),
    anchors: anchors.map(parse),
    now,
  };
  return findPath(query);
}

function assertPath(result: PathResult, expected: readonly Issued[]): void {
  assert.ok(result.ok, JSON.stringify(result));
  assert.deepEqual(
    result.path.map((certificate) => certificate.fingerprint),
    expected.map((issued) => parse(issued).fingerprint),
  );
  assert.equal(result.anchor, result.path.at(-1));
}

function assertRefused(result: PathResult, detail: string): void {
  assert.deepEqual(result, { ok: false, code: "PATH_REFUSED", detail });
}

function assertNotFound(
  result: PathResult,
  detail = "no path leads to a CA of the bundle",
): void {
  assert.deepEqual(result, { ok: false, code: "PATH_NOT_FOUND", detail });
}

/** A chain of `length` intermediates below `root`, from the top down. */
function chainBelow(root: Authority, length: number): Authority[] {
  const chain: Authority[] = [];
  for (let index = 0; index < length; index++) {
    chain.push(
      (chain.at(-1) ?? root).issueAuthority({
        commonName: `Intermediate ${index}`,
      }),
    );
  }
  return chain;
}

const root = createAuthority({ commonName: "Root" });

Deno.test("findPath() finds an anchor right above the leaf", () => {
  const leaf = root.issue();
  const other = createAuthority({ commonName: "Other" });
  assertPath(find({ leaf, anchors: [other, root] }), [leaf, root]);
});

for (const keyAlgorithm of ["P-384", "P-521", "RSA-2048", "Ed25519"] as const) {
  Deno.test(`findPath() follows ${keyAlgorithm} keys`, () => {
    const anchor = createAuthority({ keyAlgorithm });
    const intermediate = anchor.issueAuthority({ keyAlgorithm });
    const leaf = intermediate.issue();
    const found = find({
      leaf,
      intermediates: [intermediate],
      anchors: [anchor],
    });
    assertPath(found, [leaf, intermediate, anchor]);
  });
}

Deno.test("findPath() takes intermediates in any order and ignores what is unrelated", () => {
  const [upper, lower] = chainBelow(root, 2);
  assert.ok(upper && lower);
  const leaf = lower.issue();
  const stranger = createAuthority({ commonName: "Stranger" });
  const intermediates = [
    stranger,
    upper,
    stranger.issueAuthority(),
    leaf,
    lower,
    lower,
    root,
  ];
  assertPath(find({ leaf, intermediates, anchors: [root] }), [
    leaf,
    lower,
    upper,
    root,
  ]);
});

Deno.test("findPath() ends at an intermediate that is itself trusted", () => {
  const [intermediate] = chainBelow(root, 1);
  assert.ok(intermediate);
  const leaf = intermediate.issue();
  assertPath(find({ leaf, anchors: [intermediate] }), [leaf, intermediate]);
});

Deno.test("findPath() finds nothing without anchors, or with strangers alone", () => {
  const leaf = root.issue();
  assertNotFound(find({ leaf, anchors: [] }));
  assertNotFound(
    find({ leaf, intermediates: [root], anchors: [createAuthority()] }),
  );
});

Deno.test("findPath() does not trust a root that the client presents", () => {
  const stranger = createAuthority({ commonName: "Stranger" });
  assertNotFound(
    find({
      leaf: stranger.issue(),
      intermediates: [stranger],
      anchors: [root],
    }),
  );
});

Deno.test("findPath() does not trust a name without the key", () => {
  const impostor = createAuthority({ commonName: "Root" });
  assertNotFound(
    find({ leaf: impostor.issue(), anchors: [root] }),
    "an issuer of the right name is there, but its key did not make the signature, " +
      "or the algorithm is not supported",
  );
});

Deno.test("findPath() compares names octet for octet", () => {
  const issuer = distinguishedName(["2.5.4.3", "ROOT"]);
  assertNotFound(find({ leaf: root.issue({ issuer }), anchors: [root] }));
});

Deno.test("findPath() tells two anchors of one name apart by their keys", () => {
  const namesakes = Array.from(
    { length: 40 },
    () => createAuthority({ commonName: "Root" }),
  );
  const leaf = root.issue();
  assertPath(find({ leaf, anchors: [...namesakes, root] }), [leaf, root]);
});

Deno.test("findPath() refuses a leaf that is itself an anchor", () => {
  assertRefused(
    find({ leaf: root, anchors: [root] }),
    "the leaf is itself a CA of the bundle",
  );
});

const unknownCritical = extension("1.2.3", nullValue(), { critical: true });

const ISSUER_PROBLEMS:
  readonly (readonly [options: CertificateOptions, problem: string])[] = [
    [{ ca: false }, "it is not a CA by its basicConstraints"],
    [{ ca: null }, "it is not a CA by its basicConstraints"],
    [{ version: 1 }, "it is X.509 version 1, not 3"],
    [
      { keyUsage: ["digitalSignature", "cRLSign"] },
      "its keyUsage lacks keyCertSign",
    ],
    [{ eku: [PURPOSE.serverAuth] }, "its extended key usage lacks clientAuth"],
    [{ subject: sequence() }, "its subject is empty"],
    [{ notBefore: NOW - 2 * HOUR, notAfter: NOW - HOUR }, "it is expired"],
    [{ notBefore: NOW + HOUR }, "it is not yet valid"],
    [
      { extraExtensions: [unknownCritical] },
      "it has critical extensions that are not supported: 1.2.3",
    ],
    ...(["2.5.29.32", "2.5.29.33", "2.5.29.36", "2.5.29.54"].map((policy) =>
      [
        {
          extraExtensions: [extension(policy, sequence(), { critical: true })],
        },
        `it has critical extensions that are not supported: ${policy}`,
      ] as const
    )),
  ];

for (const [options, problem] of ISSUER_PROBLEMS) {
  const label = `${problem} (${Object.keys(options)})`;
  Deno.test(`findPath() refuses an intermediate: ${label}`, () => {
    const intermediate = root.issueAuthority(options);
    const leaf = intermediate.issue();
    assertRefused(
      find({ leaf, intermediates: [intermediate], anchors: [root] }),
      `certificate 1 above the leaf: ${problem}`,
    );
  });

  Deno.test(`findPath() refuses an anchor: ${label}`, () => {
    const anchor = createAuthority(options);
    const intermediate = anchor.issueAuthority();
    const leaf = intermediate.issue();
    assertRefused(
      find({ leaf, intermediates: [intermediate], anchors: [anchor] }),
      `certificate 2 above the leaf: ${problem}`,
    );
  });
}

Deno.test("findPath() takes issuers without keyUsage and with the right purposes", () => {
  const intermediate = root.issueAuthority({
    keyUsage: [],
    eku: [PURPOSE.any],
  });
  const lower = intermediate.issueAuthority({
    commonName: "Lower",
    eku: [PURPOSE.clientAuth],
  });
  const leaf = lower.issue();
  const found = find({
    leaf,
    intermediates: [intermediate, lower],
    anchors: [root],
  });
  assertPath(found, [leaf, lower, intermediate, root]);
});

Deno.test("findPath() refuses a leaf outside its validity or with an unknown critical extension", () => {
  const refusal = (options: CertificateOptions, now = NOW) =>
    find({ leaf: root.issue(options), anchors: [root] }, now);
  assertRefused(refusal({ notAfter: NOW - 1000 }), "the leaf is expired");
  assertRefused(
    refusal({ notBefore: NOW + 2000 }),
    "the leaf is not yet valid",
  );
  assertRefused(refusal({}, NaN), "the leaf is expired");
  assertRefused(
    refusal({ extraExtensions: [unknownCritical] }),
    "the leaf has a critical extension that is not supported",
  );
});

Deno.test("findPath() holds intermediates to the path length above them", () => {
  const anchor = createAuthority({ pathLength: 1 });
  const [upper, lower] = chainBelow(anchor, 2);
  assert.ok(upper && lower);
  const leaf = upper.issue();
  const intermediates = [upper, lower];
  assertPath(find({ leaf, intermediates, anchors: [anchor] }), [
    leaf,
    upper,
    anchor,
  ]);
  assertRefused(
    find({ leaf: lower.issue(), intermediates, anchors: [anchor] }),
    "certificate 3 above the leaf: its path length constraint is exceeded",
  );
});

Deno.test("findPath() counts a self-issued intermediate towards the path length", () => {
  const anchor = createAuthority({ commonName: "Rolling", pathLength: 0 });
  const next = anchor.issueAuthority({ commonName: "Rolling" });
  assertRefused(
    find({ leaf: next.issue(), intermediates: [next], anchors: [anchor] }),
    "certificate 2 above the leaf: its path length constraint is exceeded",
  );
});

Deno.test("findPath() allows four intermediates and no more", () => {
  const chain = chainBelow(root, 5);
  const [fourth, fifth] = chain.slice(-2);
  assert.ok(fourth && fifth);
  const leaf = fourth.issue();
  const query = { intermediates: chain, anchors: [root] };
  assertPath(find({ ...query, leaf }), [
    leaf,
    ...chain.slice(0, 4).toReversed(),
    root,
  ]);
  assertRefused(
    find({ ...query, leaf: fifth.issue() }),
    "more than 4 intermediates are needed",
  );
});

Deno.test("findPath() refuses more than 16 presented certificates", () => {
  const leaf = root.issue();
  const intermediates = Array.from({ length: 17 }, () => root);
  assertPath(
    find({ leaf, intermediates: intermediates.slice(1), anchors: [root] }),
    [leaf, root],
  );
  assertRefused(
    find({ leaf, intermediates, anchors: [root] }),
    "more than 16 intermediates were presented",
  );
});

Deno.test("findPath() verifies at most 32 signatures", () => {
  // Four authorities of one name, each signed by each: without a bound every
  // order of them would be tried.
  const subject = distinguishedName(["2.5.4.3", "Maze"]);
  const maze = Array.from({ length: 4 }, () => createAuthority({ subject }));
  const intermediates = maze.flatMap((issuer) =>
    maze.filter((other) => other !== issuer)
      .map(({ key }) => issuer.issueAuthority({ subject, key }))
  );
  const [first] = maze;
  assert.ok(first);
  const leaf = first.issue();
  assertRefused(
    find({ leaf, intermediates, anchors: [root] }),
    "more than 32 signatures would have to be verified",
  );
});

Deno.test("findPath() does not go round among authorities that signed each other", () => {
  const a = createAuthority({ commonName: "A" });
  const b = createAuthority({ commonName: "B" });
  const aByB = b.issueAuthority({ commonName: "A", key: a.key });
  const bByA = a.issueAuthority({ commonName: "B", key: b.key });
  const leaf = a.issue();
  const intermediates = [aByB, bByA];
  assertNotFound(find({ leaf, intermediates, anchors: [root] }));
  assertPath(find({ leaf, intermediates, anchors: [b] }), [leaf, aByB, b]);
});

Deno.test("findPath() goes on to another path when the first is refused", () => {
  const expired = { notBefore: NOW - 2 * HOUR, notAfter: NOW - HOUR };
  const oldRoot = createAuthority({ commonName: "Old root", ...expired });
  const newRoot = createAuthority({ commonName: "New root" });
  const key = generateKey();
  const byOld = oldRoot.issueAuthority({ commonName: "Cross", key });
  const byNew = newRoot.issueAuthority({ commonName: "Cross", key });
  const leaf = byOld.issue();
  const query = { leaf, intermediates: [byOld, byNew] };
  assertPath(find({ ...query, anchors: [oldRoot, newRoot] }), [
    leaf,
    byNew,
    newRoot,
  ]);
  assertRefused(
    find({ ...query, anchors: [oldRoot] }),
    "certificate 2 above the leaf: it is expired",
  );
});

Deno.test("findPath() holds the leaf and every intermediate to name constraints, the anchor's too", () => {
  const permitted = [
    generalName("directory", distinguishedName(["2.5.4.10", "Org"])),
  ];
  const within = (name: string) =>
    distinguishedName(["2.5.4.10", "Org"], ["2.5.4.3", name]);
  const anchor = createAuthority({ nameConstraints: { permitted } });
  const good = anchor.issueAuthority({ subject: within("Intermediate") });
  const bad = anchor.issueAuthority({ commonName: "Outside" });
  const leaf = good.issue({ subject: within("leaf") });
  const query = { intermediates: [good, bad], anchors: [anchor] };
  assertPath(find({ ...query, leaf }), [leaf, good, anchor]);
  assertRefused(
    find({ ...query, leaf: good.issue() }),
    "leaf: it has a name (directory) outside the permitted subtrees",
  );
  assertRefused(
    find({ ...query, leaf: bad.issue({ subject: within("leaf") }) }),
    "certificate 1 above the leaf: it has a name (directory) outside the permitted subtrees",
  );
});

Deno.test("findPath() adds up the constraints of all issuers", () => {
  const dns = (name: string) => ({
    nameConstraints: { permitted: [generalName("dns", name)] },
  });
  const anchor = createAuthority(dns("example.com"));
  const intermediate = anchor.issueAuthority(dns("example.org"));
  const query = { intermediates: [intermediate], anchors: [anchor] };
  const refusal = "leaf: it has a name (dns) outside the permitted subtrees";
  for (const name of ["a.example.com", "a.example.org"]) {
    assertRefused(
      find({ ...query, leaf: intermediate.issue({ dnsNames: [name] }) }),
      refusal,
    );
  }
});

Deno.test("findPath() takes no heed of name constraints in a leaf", () => {
  const excluded = [generalName("directory", distinguishedName())];
  const leaf = root.issue({ nameConstraints: { excluded } });
  assertPath(find({ leaf, anchors: [root] }), [leaf, root]);
});
