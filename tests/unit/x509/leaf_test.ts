import assert from "node:assert/strict";
import type { AdmissionCode } from "../../../src/errors.ts";
import { parseCertificate } from "../../../src/x509/certificate.ts";
import { checkClientLeaf } from "../../../src/x509/leaf.ts";
import { nullValue } from "../../support/der_writer.ts";
import {
  type CertificateOptions,
  createAuthority,
  PURPOSE,
} from "../../support/pki.ts";
import { extension } from "../../support/pki_extensions.ts";

const NOW = Date.UTC(2026, 5, 1);
const DAY = 86_400_000;
const validity = { notBefore: NOW - DAY, notAfter: NOW + DAY };
const root = createAuthority(validity);
const anchors = [parseCertificate(root.der)];

function verdict(
  options: CertificateOptions,
  now = NOW,
): AdmissionCode | undefined {
  const leaf = parseCertificate(root.issue({ ...validity, ...options }).der);
  return checkClientLeaf(leaf, { now, anchors });
}

const unknown = extension("1.2.3", nullValue(), { critical: true });
const CASES: readonly (readonly [
  why: string,
  CertificateOptions,
  AdmissionCode | undefined,
])[] = [
  ["clientAuth among its purposes", {}, undefined],
  ["clientAuth alone", { eku: [PURPOSE.clientAuth] }, undefined],
  ["any purpose", { eku: [PURPOSE.any] }, undefined],
  ["no extended key usage", { eku: [] }, undefined],
  ["no key usage", { keyUsage: [] }, undefined],
  ["no basicConstraints", { ca: null }, undefined],
  ["an unknown extension that is not critical", {
    extraExtensions: [extension("1.2.3", nullValue())],
  }, undefined],
  ["version 1", { version: 1 }, "LEAF_VERSION"],
  ["version 2", { version: 2 }, "LEAF_VERSION"],
  ["basicConstraints of a CA", { ca: true }, "LEAF_IS_CA"],
  ["serverAuth alone", { eku: [PURPOSE.serverAuth] }, "LEAF_KEY_USAGE"],
  [
    "a key usage without digitalSignature",
    { keyUsage: ["keyAgreement"] },
    "LEAF_KEY_USAGE",
  ],
  [
    "an unknown critical extension",
    { extraExtensions: [unknown] },
    "PATH_REFUSED",
  ],
];

for (const [why, options, code] of CASES) {
  Deno.test(`checkClientLeaf() says ${code ?? "yes"} to a leaf with ${why}`, () => {
    assert.equal(verdict(options), code);
  });
}

Deno.test("checkClientLeaf() counts both ends of the validity period as valid", () => {
  assert.equal(verdict({}, validity.notBefore - 1), "LEAF_NOT_YET_VALID");
  assert.equal(verdict({}, validity.notBefore), undefined);
  assert.equal(verdict({}, validity.notAfter), undefined);
  assert.equal(verdict({}, validity.notAfter + 1), "LEAF_EXPIRED");
});

Deno.test("checkClientLeaf() does not admit by a clock that is broken", () => {
  assert.equal(verdict({}, NaN), "LEAF_EXPIRED");
});

Deno.test("checkClientLeaf() refuses a certificate of the bundle, even one that is no CA", () => {
  const odd = parseCertificate(root.issue(validity).der);
  assert.equal(
    checkClientLeaf(odd, { now: NOW, anchors: [...anchors, odd] }),
    "LEAF_IS_CA",
  );
  const version1 = parseCertificate(
    root.issue({ ...validity, version: 1 }).der,
  );
  assert.equal(
    checkClientLeaf(version1, { now: NOW, anchors: [version1] }),
    "LEAF_IS_CA",
  );
});
