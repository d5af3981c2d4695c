import assert from "node:assert/strict";
import { type CertificateOptions, createAuthority } from "../../support/pki.ts";
import {
  files,
  HOUR,
  load,
  names,
  NOW,
  other,
  refusal,
  root,
  VALID,
} from "./material_fixture.ts";

Deno.test("loadMaterial() leaves out CAs outside their validity and says which", async () => {
  const expired = createAuthority({ ...VALID, notAfter: NOW - 1 });
  const early = createAuthority({ ...VALID, notBefore: NOW + 1000 });
  const { anchors, warnings } = await load(
    files({ "/ca/ca.crt": expired.certPem + root.certPem + early.certPem }),
  );
  assert.deepEqual(names(anchors, { root }), ["root"]);
  assert.equal(warnings.length, 2);
  assert.match(
    warnings[0] ?? "",
    /^certificate 1 \(line 1\) of "\/ca\/ca.crt" is left out: it expired at 2029-/,
  );
  assert.match(
    warnings[1] ?? "",
    /^certificate 3 \(line \d+\) of "\/ca\/ca.crt" is left out: it is not valid before 2030-/,
  );
});

Deno.test("loadMaterial() refuses an expired CA that could never have served", async () => {
  const hopeless = createAuthority({
    version: 1,
    notBefore: NOW - 2 * HOUR,
    notAfter: NOW - HOUR,
  });
  assert.equal(
    (await refusal(files({ "/ca/ca.crt": root.certPem + hopeless.certPem })))
      .code,
    "CA_INVALID",
  );
});

Deno.test("loadMaterial() trusts a CA that stands twice once", async () => {
  const material = await load(files({
    "/ca/ca.crt": root.certPem + other.certPem + root.certPem,
    "/certs/ca.crt": other.certPem,
  }));
  assert.deepEqual(names(material.anchors, { root, other }), ["root", "other"]);
  assert.equal(material.anchorsPem, root.certPem + other.certPem);
});

Deno.test("loadMaterial() merges CAs from CERT_DIR and notes it, unless CA_FROM_CERT_DIR is false", async () => {
  for (const name of ["ca.crt", "issuing_ca"]) {
    const content = files({ [`/certs/${name}`]: other.certPem });
    const merged = await load(content);
    assert.deepEqual(names(merged.anchors, { root, other }), ["root", "other"]);
    assert.deepEqual(merged.notes, [
      `"/certs/${name}" is trusted too: CA_FROM_CERT_DIR=false leaves it out`,
    ]);
    assert.deepEqual(merged.files.certificateAuthorities, [
      "/ca/ca.crt",
      `/certs/${name}`,
    ]);
    const apart = await load(content, { caFromCertDir: false });
    assert.deepEqual(names(apart.anchors, { root, other }), ["root"]);
    assert.deepEqual(apart.notes, []);
  }
});

Deno.test("loadMaterial() refuses an empty pool", async () => {
  const bare = files({ "/ca/ca.crt": undefined });
  assert.deepEqual(await refusal(bare), {
    code: "CA_EMPTY",
    message:
      'Cannot verify clients: expected at least one CA certificate, found no file: CA_DIR "/ca" not found',
  });
  const beside = { ...bare, "/certs/ca.crt": root.certPem };
  await load(beside);
  assert.equal(
    (await refusal(beside, { caFromCertDir: false })).code,
    "CA_EMPTY",
  );
  const expired = createAuthority({ ...VALID, notAfter: NOW - 1 });
  assert.deepEqual(await refusal(files({ "/ca/ca.crt": expired.certPem })), {
    code: "CA_EMPTY",
    message:
      'Cannot verify clients: expected at least one CA certificate, found none within its validity in "/ca/ca.crt"',
  });
});

Deno.test("loadMaterial() warns of a pool that makes handshakes too large, by number and by octets", async () => {
  const pool = (count: number, options: CertificateOptions = {}) =>
    Array.from(
      { length: count },
      () => createAuthority({ ...VALID, key: root.key, ...options }).certPem,
    ).join("");
  const warningsOf = async (pem: string) =>
    (await load(files({ "/ca/ca.crt": pem }))).warnings;
  assert.deepEqual(await warningsOf(pool(99)), []);
  assert.match(
    (await warningsOf(pool(100))).join(),
    /^The 100 trusted CAs make a Certificate message of \d{5} octets in each handshake: some clients fail from 65536$/,
  );
  const large = { dnsNames: [`${"a".repeat(60)}.`.repeat(40) + "example"] };
  assert.match(
    (await warningsOf(pool(30, large))).join(),
    /30 trusted CAs .*: clients built on rustls fail on it, those on OpenSSL from 102400$/,
  );
  assert.match(
    (await warningsOf(pool(45, large))).join(),
    /: nearly all clients fail on it$/,
  );
});
