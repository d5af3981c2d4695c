import assert from "node:assert/strict";
import { checkAnchor } from "../../../src/x509/anchor.ts";
import { parseCertificate } from "../../../src/x509/certificate.ts";
import { sequence } from "../../support/der_writer.ts";
import {
  type CertificateOptions,
  createAuthority,
  PURPOSE,
} from "../../support/pki.ts";
import { extension } from "../../support/pki_extensions.ts";

const NOW = Date.UTC(2026, 5, 1);
const validity = { notBefore: Date.UTC(2026, 4), notAfter: Date.UTC(2026, 6) };

function verdict(options: CertificateOptions, now = NOW) {
  return checkAnchor(
    parseCertificate(createAuthority({ ...validity, ...options }).der),
    now,
  );
}

for (
  const [why, options] of [
    ["as it should be", {}],
    ["without keyUsage", { keyUsage: [] }],
    ["with a path length", { pathLength: 0 }],
    ["with clientAuth among its purposes", {
      eku: [PURPOSE.serverAuth, PURPOSE.clientAuth],
    }],
  ] as const
) {
  Deno.test(`checkAnchor() takes a CA ${why}`, () => {
    assert.deepEqual(verdict(options), { ok: true });
  });
}

const policyConstraints = extension("2.5.29.36", sequence(), {
  critical: true,
});
for (
  const [problem, options] of [
    ["it is X.509 version 1, not 3", { version: 1 }],
    ["it is X.509 version 2, not 3", { version: 2 }],
    ["its subject is empty", { subject: sequence() }],
    ["it is not a CA by its basicConstraints", { ca: false }],
    ["it is not a CA by its basicConstraints", { ca: null }],
    ["its keyUsage lacks keyCertSign", {
      keyUsage: ["cRLSign", "digitalSignature"],
    }],
    ["its extended key usage lacks clientAuth", { eku: [PURPOSE.serverAuth] }],
    [
      "it has critical extensions that are not supported: 2.5.29.36",
      { extraExtensions: [policyConstraints] },
    ],
  ] as const
) {
  Deno.test(`checkAnchor() refuses a CA: ${problem}, ${Object.keys(options)}`, () => {
    assert.deepEqual(verdict(options), { ok: false, expired: false, problem });
  });
}

Deno.test("checkAnchor() flags a CA outside its validity period as one to leave out", () => {
  assert.deepEqual(verdict({}, validity.notAfter + 1), {
    ok: false,
    expired: true,
    problem: "it expired at 2026-07-01T00:00:00.000Z",
  });
  assert.deepEqual(verdict({}, validity.notBefore - 1), {
    ok: false,
    expired: true,
    problem: "it is not valid before 2026-05-01T00:00:00.000Z",
  });
});

Deno.test("checkAnchor() refuses a CA that can never serve, expired or not", () => {
  const refusal = verdict({ ca: false }, validity.notAfter + 1);
  assert.equal(refusal.ok, false);
  assert.equal(refusal.ok || refusal.expired, false);
});
