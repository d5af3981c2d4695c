import assert from "node:assert/strict";
import type { CheckReport } from "../../../src/commands/check_report.ts";
import { createAuthority, toPem } from "../../support/pki.ts";
import { createCrl } from "../../support/pki_crl.ts";
import { HOUR, leaf, NOW, root, VALID } from "../material/material_fixture.ts";
import { checked } from "./check_fixture.ts";

const DAY = 24 * HOUR;

function codes({ problems }: CheckReport): string[] {
  return problems.map(({ code }) => code);
}

Deno.test("gather() tells what would be served", async () => {
  const intermediate = root.issueAuthority({ ...VALID, commonName: "Between" });
  const own = intermediate.issue({
    notBefore: NOW - 100 * DAY,
    notAfter: NOW + 100 * DAY + HOUR,
    commonName: "sidecar",
    dnsNames: ["localhost"],
    ips: ["127.0.0.1"],
    uris: ["spiffe://acme/sidecar"],
    emails: ["a@b.example"],
    serial: Uint8Array.of(1, 2),
  });
  const report = await checked({
    files: {
      "/certs/tls.crt": own.chainPem,
      "/certs/tls.key": own.keyPem,
    },
  });
  assert.equal(report.wouldStart, true);
  assert.equal(report.checkedAt, "2030-01-01T00:00:00.000Z");
  assert.deepEqual(report.settings, { CERT_DIR: "/certs", CA_DIR: "/ca" });
  const { fingerprint, chain, ...certificate } = report.certificate!;
  assert.match(fingerprint, /^[0-9a-f]{64}$/);
  assert.deepEqual(certificate, {
    file: "/certs/tls.crt",
    subject: "CN=sidecar",
    issuer: "CN=Between",
    serial: "0102",
    notBefore: "2029-09-23T00:00:00.000Z",
    notAfter: "2030-04-11T01:00:00.000Z",
    daysLeft: 100,
    standing: "valid",
    names: [
      "DNS:localhost",
      "URI:spiffe://acme/sidecar",
      "email:a@b.example",
      "IP:127.0.0.1",
    ],
    keyType: "EC P-256",
  });
  assert.deepEqual(chain.map(({ subject }) => subject), ["CN=Between"]);
  assert.deepEqual(report.authorities?.map(({ subject }) => subject), [
    "CN=Root",
  ]);
  assert.deepEqual(report.revocationLists, []);
  assert.deepEqual([report.problems, report.warnings], [[], []]);
});

Deno.test("gather() tells settings that are not as by default, and the access they give", async () => {
  const report = await checked({
    args: ["check", "--allow-cn=a,b"],
    env: {
      VIA: "true",
      ACCESS_REFUSE: "close",
      INJECT_CLIENT_HEADERS: "1",
      IDENTITY_HEADERS: "xfcc",
      UNVERIFIED: "401",
    },
  });
  assert.deepEqual(report.settings, {
    CERT_DIR: "/certs",
    CA_DIR: "/ca",
    ALLOW_CN: "a, b",
    ACCESS_REFUSE: "close",
    UNVERIFIED: "401",
    INJECT_CLIENT_HEADERS: true,
    IDENTITY_HEADERS: "xfcc",
  });
  assert.deepEqual(report.access, {
    mode: "enforce",
    refuse: "close",
    unverified: "401",
    rules: [{ form: "cn", text: "a" }, { form: "cn", text: "b" }],
  });
  assert.deepEqual(report.identityHeaders, { basic: true, formats: ["xfcc"] });
});

Deno.test("gather() tells all that is wrong with the settings, and reads no file then", async () => {
  const report = await checked({
    args: ["check", "--nope"],
    env: { VIA: "maybe", MONITOR_PORT: "80a" },
  });
  assert.equal(report.wouldStart, false);
  assert.deepEqual(codes(report), Array(3).fill("CONFIG_INVALID"));
  assert.match(report.problems[0]?.message ?? "", /--nope/);
  assert.equal(report.certificate, undefined);
  assert.deepEqual(report.settings, {});
});

Deno.test("gather() lets no bad file hide another", async () => {
  const report = await checked({
    files: {
      "/certs/tls.key": "no key",
      "/certs/tls.crt": "no certificate",
      "/ca/ca.crt": leaf.certPem,
      "/peers.json": "{",
      "/seal": "short",
    },
    env: { PEERS_FILE: "/peers.json", SEAL_KEY_FILE: "/seal" },
  });
  assert.deepEqual(codes(report), [
    "PEM_INVALID",
    "PEM_INVALID",
    "CA_INVALID",
    "PEERS_INVALID",
    "SEAL_KEY_INVALID",
  ]);
  assert.equal(report.wouldStart, false);
});

Deno.test("gather() looks at the CAs and CRLs where there is no certificate", async () => {
  for (
    const [files, code] of [
      [{
        "/certs/tls.crt": undefined,
        "/certs/tls.key": undefined,
      }, "CERT_DIR_UNREADABLE"],
      [{ "/certs/tls.key": undefined }, "KEY_NOT_FOUND"],
    ] as const
  ) {
    const good = await checked({ files });
    assert.deepEqual(codes(good), [code]);
    assert.equal(good.authorities?.length, 1);
    const bad = await checked({
      files: { ...files, "/ca/crl.pem": "no CRL" },
    });
    assert.deepEqual(codes(bad), [code, "PEM_INVALID"]);
  }
});

Deno.test("gather() shows a certificate that is refused, with the reason", async () => {
  const expired = root.issue({
    commonName: "late",
    notBefore: NOW - 40 * DAY,
    notAfter: NOW - 3 * DAY,
  });
  const report = await checked({
    files: {
      "/certs/tls.crt": expired.certPem,
      "/certs/tls.key": expired.keyPem,
    },
  });
  assert.deepEqual(codes(report), ["CERT_EXPIRED"]);
  const { subject, standing, daysLeft, keyType } = report.certificate!;
  assert.deepEqual([subject, standing, daysLeft, keyType], [
    "CN=late",
    "expired",
    -3,
    "EC P-256",
  ]);
});

Deno.test("gather() tells of files that cannot be read, each by its name", async () => {
  const denied = new Deno.errors.PermissionDenied();
  const report = await checked({
    files: { "/certs/tls.key": denied, "/ca/ca.crt": denied },
    env: { PEERS_FILE: "/peers", SEAL_KEY_FILE: "/seal" },
  });
  assert.deepEqual(report.problems.map(({ message }) => message).toSorted(), [
    'Cannot read "/ca/ca.crt": permission denied',
    'Cannot read "/certs/tls.key": permission denied',
    'Cannot read "/peers": not found',
    'Cannot read "/seal": not found',
  ]);
});

Deno.test("gather() tells of a key of another certificate, and of an empty pool", async () => {
  const report = await checked({
    files: {
      "/certs/tls.key": createAuthority(VALID).keyPem,
      "/ca/ca.crt": undefined,
    },
  });
  assert.deepEqual(codes(report), ["KEY_MISMATCH", "CA_EMPTY"]);
});

Deno.test("gather() warns as serve does, and of what expires soon", async () => {
  const old = createAuthority({
    commonName: "Old",
    notBefore: NOW - 9 * DAY,
    notAfter: NOW - DAY,
  });
  const ending = createAuthority({
    commonName: "Ending",
    notBefore: NOW - 400 * DAY,
    notAfter: NOW + 20 * DAY,
  });
  const { wouldStart, warnings, authorities } = await checked({
    files: { "/ca/ca.crt": root.certPem + old.certPem + ending.certPem },
    mounts: ["frozen"],
  });
  assert.equal(wouldStart, true);
  assert.deepEqual(authorities?.map(({ subject }) => subject), [
    "CN=Root",
    "CN=Ending",
  ]);
  assert.match(warnings[0] ?? "", /certificate 2 .* is left out: it expired/);
  assert.deepEqual(warnings.slice(1), [
    "frozen",
    "CA CN=Ending expires in 20 days, at 2030-01-21T00:00:00.000Z",
  ]);
});

Deno.test("gather() tells of each CRL in force, an expired one too", async () => {
  const other = createAuthority({ ...VALID, commonName: "Second" });
  const entries = [{ serial: Uint8Array.of(7) }, { serial: Uint8Array.of(8) }];
  const report = await checked({
    files: {
      "/ca/ca.crt": root.certPem + other.certPem,
      "/ca/crl.pem": createCrl(root, {
        entries,
        thisUpdate: NOW - 3 * HOUR,
        nextUpdate: NOW + 21 * HOUR,
        crlNumber: 9,
      }).pem + createCrl(other, {
        crlNumber: null,
        thisUpdate: NOW - 3 * HOUR,
        nextUpdate: NOW - HOUR,
      }).pem,
    },
  });
  assert.deepEqual(report.revocationLists, [{
    issuer: "CN=Root",
    place: 'CRL 1 (line 1) of "/ca/crl.pem"',
    thisUpdate: "2029-12-31T21:00:00.000Z",
    nextUpdate: "2030-01-01T21:00:00.000Z",
    standing: "valid",
    entries: 2,
    number: "9",
  }, {
    issuer: "CN=Second",
    place: report.revocationLists?.[1]?.place,
    thisUpdate: "2029-12-31T21:00:00.000Z",
    nextUpdate: "2029-12-31T23:00:00.000Z",
    standing: "expired",
    entries: 0,
  }]);
  assert.match(report.warnings.join(), /expired at 2029-12-31T23:00:00/);
});

Deno.test("gather() tells of pinned peers and of the seal, without its keys", async () => {
  const key = "5a".repeat(32);
  const report = await checked({
    files: {
      "/peers.json": JSON.stringify({
        peers: [
          { id: "a", spki: [`sha256:${"0".repeat(64)}`] },
          { id: "b", spiffe: "spiffe://acme/b" },
        ],
        bootstrapUntil: "2030-02-01T00:00:00Z",
      }),
      "/seal": `${key}\n${"6b".repeat(32)}\n`,
    },
    env: {
      PEERS_FILE: "/peers.json",
      SEAL_KEY_FILE: "/seal",
      SEAL_ID: "me",
      SEAL_BODY: "true",
    },
  });
  assert.deepEqual(report.peers, {
    file: "/peers.json",
    unpinned: "refuse",
    bootstrapUntil: "2030-02-01T00:00:00.000Z",
    peers: [
      { id: "a", pins: 1 },
      { id: "b", pins: 0, spiffe: "spiffe://acme/b" },
    ],
  });
  assert.deepEqual(report.seal, {
    file: "/seal",
    keys: 2,
    id: "me",
    body: true,
  });
  assert.ok(!JSON.stringify(report).includes(key.slice(0, 8)));
});

Deno.test("gather() shows nothing of a private key, whatever is wrong with it", async () => {
  const damaged = leaf.keyPem.replace("-----END", "!\n-----END");
  const report = await checked({
    files: {
      "/certs/tls.key": damaged,
      "/certs/tls.crt": leaf.keyPem,
      "/ca/ca.crt": leaf.keyPem,
      "/ca/crl.pem": leaf.keyPem,
    },
  });
  assert.equal(report.wouldStart, false);
  const body = leaf.keyPem.split("\n")[1] ?? "";
  assert.ok(!JSON.stringify(report).includes(body));
});

Deno.test("gather() shows names by the escapes of RFC 4514 alone", async () => {
  const own = root.issue({ ...VALID, commonName: "a\u001b[2J,b\u202e" });
  const { certificate } = await checked({
    files: {
      "/certs/tls.crt": toPem(own.der),
      "/certs/tls.key": own.keyPem,
    },
  });
  assert.equal(certificate?.subject, "CN=a\\1B[2J\\,b\\E2\\80\\AE");
});
