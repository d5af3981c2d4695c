import assert from "node:assert/strict";
import { parseCertificate } from "../../../src/x509/certificate.ts";
import {
  findPath,
  type PathResult,
  type RevocationStatus,
} from "../../../src/x509/path.ts";
import { createAuthority, type Issued } from "../../support/pki.ts";
import { generateKey } from "../../support/pki_keys.ts";

const root = createAuthority({ commonName: "Root" });
const middle = root.issueAuthority({ commonName: "Middle" });
const leaf = middle.issue({ commonName: "Leaf" });

/** Finds a path where certificates have the statuses given, and are unrevoked otherwise. */
function find(
  statuses: readonly (readonly [Issued, RevocationStatus])[],
  { intermediates = [middle], anchors = [root], of = leaf }: {
    intermediates?: readonly Issued[];
    anchors?: readonly Issued[];
    of?: Issued;
  } = {},
): PathResult {
  const parse = ({ der }: Issued) => parseCertificate(der);
  const known = new Map(
    statuses.map(([issued, status]) => [parse(issued).fingerprint, status]),
  );
  return findPath({
    leaf: parse(of),
    intermediates: intermediates.map(parse),
    anchors: anchors.map(parse),
    now: Date.now(),
    revocationStatus: ({ fingerprint }) =>
      known.get(fingerprint) ?? "unrevoked",
  });
}

function assertPath(result: PathResult, expected: readonly Issued[]): void {
  assert.ok(result.ok, JSON.stringify(result));
  assert.deepEqual(
    result.path.map(({ der }) => der.toHex()),
    expected.map(({ der }) => der.toHex()),
  );
}

Deno.test("findPath() finds a path of certificates that are not revoked", () => {
  assertPath(find([]), [leaf, middle, root]);
});

Deno.test("findPath() refuses a leaf that is revoked", () => {
  assert.deepEqual(find([[leaf, "revoked"]]), {
    ok: false,
    code: "LEAF_REVOKED",
    detail: "the leaf is revoked",
  });
});

Deno.test("findPath() refuses a leaf of which nobody can tell", () => {
  assert.deepEqual(find([[leaf, "undetermined"]]), {
    ok: false,
    code: "CRL_EXPIRED",
    detail: "the CRL of the leaf's issuer has expired",
  });
});

const INTERMEDIATE: readonly [RevocationStatus, detail: string][] = [
  ["revoked", "it is revoked"],
  ["undetermined", "the CRL of its issuer has expired"],
];
for (const [status, detail] of INTERMEDIATE) {
  Deno.test(`findPath() refuses an intermediate that is ${status}`, () => {
    assert.deepEqual(find([[middle, status]]), {
      ok: false,
      code: "PATH_REFUSED",
      detail: `certificate 1 above the leaf: ${detail}`,
    });
  });
}

Deno.test("findPath() goes round a revoked intermediate where another path leads on", () => {
  const key = generateKey();
  const other = createAuthority({ commonName: "Other" });
  const byRoot = root.issueAuthority({ commonName: "Cross", key });
  const byOther = other.issueAuthority({ commonName: "Cross", key });
  const of = byRoot.issue();
  for (const status of ["revoked", "undetermined"] as const) {
    const result = find([[byRoot, status]], {
      of,
      intermediates: [byRoot, byOther],
      anchors: [root, other],
    });
    assertPath(result, [of, byOther, other]);
  }
});

Deno.test("findPath() refuses an anchor that is revoked, and takes one that is undetermined", () => {
  const anchors = [middle];
  assert.deepEqual(find([[middle, "revoked"]], { anchors }), {
    ok: false,
    code: "PATH_REFUSED",
    detail: "certificate 1 above the leaf: it is revoked",
  });
  assertPath(find([[middle, "undetermined"]], { anchors }), [leaf, middle]);
});

Deno.test("findPath() asks nothing of certificates that are in no path", () => {
  const stranger = createAuthority({ commonName: "Stranger" });
  const result = find([[stranger, "revoked"]], {
    intermediates: [stranger, middle],
    anchors: [stranger, root],
  });
  assertPath(result, [leaf, middle, root]);
});
