import assert from "node:assert/strict";
import type { TlsMaterial } from "../../../src/material/tls_material.ts";
import { sameMaterial, trustShrinks } from "../../../src/material/trust.ts";
import { createAuthority } from "../../support/pki.ts";
import { crlOf } from "./crl_fixture.ts";
import {
  files,
  HOUR,
  leaf,
  load,
  NOW,
  other,
  root,
} from "./material_fixture.ts";

const both = root.certPem + other.certPem;

function trusting(bundle: string, crl?: string): Promise<TlsMaterial> {
  return load(files({ "/ca/ca.crt": bundle, "/ca/crl.pem": crl }));
}

Deno.test("trustShrinks() where an anchor is missing, and not where one came or moved", async () => {
  const before = await trusting(both);
  const cases: [after: string, shrinks: boolean][] = [
    [both, false],
    [other.certPem + root.certPem, false],
    [root.certPem, true],
    [both + createAuthority().certPem, false],
    [root.certPem + createAuthority().certPem, true],
  ];
  for (const [after, shrinks] of cases) {
    assert.equal(trustShrinks(before, await trusting(after)), shrinks, after);
  }
});

Deno.test("trustShrinks() where a CRL came or grew, and not where it went or shrank", async () => {
  const none = await trusting(both);
  const empty = await trusting(both, crlOf(root).pem);
  const one = await trusting(both, crlOf(root, { revoked: [leaf] }).pem);
  const steps: [TlsMaterial, TlsMaterial, boolean][] = [
    [none, empty, true],
    [empty, one, true],
    [one, one, false],
    [one, empty, false],
    [one, none, false],
  ];
  for (const [index, [before, after, shrinks]] of steps.entries()) {
    assert.equal(trustShrinks(before, after), shrinks, `step ${index}`);
  }
});

Deno.test("sameMaterial() where the files are the same and time has changed nothing", async () => {
  const content = files({ "/ca/ca.crt": both });
  const before = await load(content);
  assert.ok(sameMaterial(before, await load(content)));
  assert.ok(sameMaterial(before, await load(content, { now: NOW + 1000 })));
});

Deno.test("sameMaterial() is not deceived by a file, a CA that expired, a warning or a CRL that expired", async () => {
  const short = createAuthority({ notBefore: 0, notAfter: NOW + 1000 });
  const content = files({
    "/ca/ca.crt": both + short.certPem,
    "/ca/crl.pem": crlOf(root, { nextUpdate: NOW + 500 }).pem,
  });
  const before = await load(content);
  const { fingerprint } = before.certificate;
  for (
    const [why, after] of [
      ["file", load({ ...content, "/certs/tls.crt": `\n${leaf.certPem}` })],
      ["CRL", load(content, { now: NOW + 501 })],
      ["CA", load(content, { now: NOW + 1001 })],
    ] as const
  ) assert.ok(!sameMaterial(before, await after), why);
  const lasting = createAuthority({ notBefore: 0, notAfter: NOW + 9 * HOUR });
  const plain = files({ "/ca/ca.crt": lasting.certPem });
  assert.ok(
    !sameMaterial(
      await load(plain),
      await load(plain, { now: NOW + HOUR + 1, served: fingerprint }),
    ),
    "own certificate",
  );
});
