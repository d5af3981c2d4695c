import assert from "node:assert/strict";
import { loadMaterial } from "../../../src/material/directory.ts";
import { MAX_CRLS } from "../../../src/material/certificate_revocation_lists.ts";
import { MAX_FILE_OCTETS } from "../../../src/material/files.ts";
import { referenceOf } from "../../../src/material/revocation.ts";
import { parseCertificate } from "../../../src/x509/certificate.ts";
import * as der from "../../support/der_writer.ts";
import {
  createAuthority,
  distinguishedName,
  type Issued,
} from "../../support/pki.ts";
import { extension } from "../../support/pki_extensions.ts";
import {
  issuingDistributionPoint,
  manyEntries,
} from "../../support/pki_crl.ts";
import { crlOf, FILE, read, refuses } from "./crl_fixture.ts";
import {
  files,
  HOUR,
  load,
  NOW,
  other,
  refusal,
  root,
  VALID,
} from "./material_fixture.ts";
import { memoryFiles } from "./memory_files.ts";

const alice = root.issue({ ...VALID, commonName: "Alice" });
const bob = root.issue({ ...VALID, commonName: "Bob" });

/** A revokedCertificates field that holds no entry. */
const junk = der.sequence(der.integer(1));

/** `revoked` and so on, for each of the certificates. */
function statuses(
  { revocation }: Pick<ReturnType<typeof read>, "revocation">,
  certificates: readonly Issued[] = [alice, bob],
): string[] {
  return certificates.map((issued) =>
    revocation.statusOf(referenceOf(parseCertificate(issued.der)), NOW)
  );
}

Deno.test("readCertificateRevocationLists() reads DER, and PEM with text around it", () => {
  const crl = crlOf(root, { revoked: [alice] });
  for (const content of [crl.der, crl.pem, `0 of 1\r\n${crl.pem}end`]) {
    const lists = read(content);
    assert.deepEqual(statuses(lists), ["revoked", "unrevoked"]);
    assert.deepEqual(lists.warnings, []);
    assert.equal(lists.changesAt, NOW + HOUR + 1);
  }
});

Deno.test("readCertificateRevocationLists() reads several CRLs of several CAs", () => {
  const mallory = other.issue(VALID);
  const lists = read(
    crlOf(root, { revoked: [bob] }).pem +
      crlOf(other, { revoked: [mallory], nextUpdate: NOW + 60_000 }).pem,
    { anchors: [root, other] },
  );
  assert.deepEqual(statuses(lists, [alice, bob, mallory]), [
    "unrevoked",
    "revoked",
    "revoked",
  ]);
  assert.equal(lists.changesAt, NOW + 60_001);
});

Deno.test("readCertificateRevocationLists() takes the newest of a CA's CRLs wherever it stands", () => {
  const older = { revoked: [alice], thisUpdate: NOW - 2 * HOUR };
  const newer = { revoked: [bob], thisUpdate: NOW - HOUR };
  const ages = [
    [{ ...older, crlNumber: 1 }, { ...newer, crlNumber: 2 }],
    [{ ...older, crlNumber: null }, { ...newer, crlNumber: null }],
    [{ ...older, crlNumber: null }, { ...newer, crlNumber: 1 }],
    [{ ...older, crlNumber: 1 }, { ...newer, crlNumber: 1 }],
    // A clock that was set back does not make an old list of a new one.
    [{ ...older, thisUpdate: NOW, crlNumber: 1 }, { ...newer, crlNumber: 2 }],
  ];
  for (const [first, second] of ages) {
    const [a, b] = [crlOf(root, first).pem, crlOf(root, second).pem];
    for (const content of [a + b, b + a]) {
      const lists = read(content);
      assert.deepEqual(statuses(lists), ["unrevoked", "revoked"]);
      assert.equal(lists.warnings.length, 1);
      assert.match(
        lists.warnings[0] ?? "",
        content === a + b
          ? /^CRL 1 \(line 1\) of .* is left out: CRL 2 \(line \d+\) of .* is newer$/
          : /^CRL 2 \(line \d+\) of .* is left out: CRL 1 \(line 1\) of .* is newer$/,
      );
    }
  }
});

Deno.test("readCertificateRevocationLists() puts the parts of a CA's list together", () => {
  const part = (name: string) =>
    issuingDistributionPoint(
      der.context(
        0,
        der.context(
          0,
          der.contextPrimitive(6, new TextEncoder().encode(`http://${name}`)),
        ),
      ),
    );
  const lists = read(
    crlOf(root, { revoked: [alice], extraExtensions: [part("1")] }).pem +
      crlOf(root, { revoked: [bob], extraExtensions: [part("2")] }).pem,
  );
  assert.deepEqual(statuses(lists), ["revoked", "revoked"]);
  assert.deepEqual(lists.warnings, []);
});

Deno.test("readCertificateRevocationLists() puts the CRLs of two CAs of one name together", () => {
  const renewed = createAuthority({ ...VALID, commonName: "Root" });
  const lists = read(
    crlOf(root, { revoked: [alice] }).pem +
      crlOf(renewed, { revoked: [bob], crlNumber: 2 }).pem,
    { anchors: [renewed, root] },
  );
  assert.deepEqual(statuses(lists), ["revoked", "revoked"]);
});

Deno.test("readCertificateRevocationLists() leaves out a CRL of no CA of the bundle", () => {
  const lists = read(crlOf(other, { revoked: [alice] }).pem);
  assert.deepEqual(statuses(lists), ["unrevoked", "unrevoked"]);
  assert.deepEqual(lists.warnings, [
    `CRL 1 (line 1) of "${FILE}" is left out: its issuer is no CA of the bundle`,
  ]);
  assert.equal(lists.changesAt, Infinity);
});

Deno.test("readCertificateRevocationLists() refuses a CRL in a CA's name that it did not sign, or may not", () => {
  const expected = "expected the signature of the CA of that name in the " +
    "bundle, and its keyUsage to have cRLSign";
  const forged = crlOf(other, { issuer: root.subject });
  refuses(forged.pem, {
    code: "CRL_INVALID",
    message: `Cannot take CRL 1 (line 1) of "${FILE}": ${expected}`,
  });
  refuses(forged.der, {
    code: "CRL_INVALID",
    message: `Cannot take CRL of "${FILE}": ${expected}`,
  });
  const silent = createAuthority({ ...VALID, keyUsage: ["keyCertSign"] });
  refuses(crlOf(silent).pem, {
    code: "CRL_INVALID",
    message: `Cannot take CRL 1 (line 1) of "${FILE}": ${expected}`,
    anchors: [silent],
  });
});

Deno.test("readCertificateRevocationLists() does not read the entries of a CRL that nobody signed", () => {
  const unread = crlOf(other, { issuer: root.subject, list: junk });
  refuses(unread.der, {
    code: "CRL_INVALID",
    message: `Cannot take CRL of "${FILE}": expected the signature of the CA ` +
      "of that name in the bundle, and its keyUsage to have cRLSign",
  });
  assert.match(read(crlOf(other, { list: junk }).der).warnings.join(), /no CA/);
  assert.throws(() => read(crlOf(root, { list: junk }).der), {
    code: "CRL_INVALID",
    message: /^Cannot parse CRL of /,
  });
});

Deno.test("readCertificateRevocationLists() passes over copies, and refuses more than 256 CRLs", () => {
  const { pem } = crlOf(root, { revoked: [alice] });
  const lists = read(pem.repeat(MAX_CRLS));
  assert.deepEqual(statuses(lists), ["revoked", "unrevoked"]);
  assert.deepEqual(lists.warnings, []);
  refuses(pem.repeat(MAX_CRLS + 1), {
    code: "CRL_INVALID",
    message: `Cannot parse "${FILE}": expected at most 256 CRLs, found 257`,
  });
});

Deno.test("readCertificateRevocationLists() refuses a CRL that a CA signed under its name in another string type", () => {
  const issuer = distinguishedName([
    "2.5.4.3",
    der.element(0x13, new TextEncoder().encode("Root")),
  ]);
  assert.notDeepEqual(issuer, root.subject);
  refuses(crlOf(root, { issuer, revoked: [alice] }).pem, {
    code: "CRL_INVALID",
    message: `Cannot take CRL 1 (line 1) of "${FILE}": expected the issuer's ` +
      "name octet for octet as the CA of the bundle that signed it has it",
  });
});

Deno.test("readCertificateRevocationLists() tries a bounded number of signatures", () => {
  const foreign = Array.from(
    { length: 205 },
    (_, index) => crlOf(other, { crlNumber: index + 1 }).pem,
  ).join("");
  const anchors = Array.from(
    { length: 5 },
    (_, index) => createAuthority({ ...VALID, commonName: `CA ${index}` }),
  );
  assert.throws(() => read(foreign, { anchors }), {
    code: "CRL_INVALID",
    message: /: expected fewer CRLs of CAs outside the bundle$/,
  });
});

Deno.test("readCertificateRevocationLists() leaves out the CRL of a replaced CA by its key, and refuses a damaged one", () => {
  const madeBy = (hex: string) =>
    crlOf(other, {
      issuer: root.subject,
      revoked: [alice],
      extraExtensions: [extension(
        "2.5.29.35",
        der.sequence(der.contextPrimitive(0, Uint8Array.fromHex(hex))),
      )],
    });
  const lists = read(madeBy("0badcafe").pem);
  assert.deepEqual(statuses(lists), ["unrevoked", "unrevoked"]);
  assert.deepEqual(lists.warnings, [
    `CRL 1 (line 1) of "${FILE}" is left out: it names another key than the CA ` +
    "of its issuer's name in the bundle has, and what it revokes is not revoked",
  ]);
  const own = parseCertificate(root.der).extensions.subjectKeyIdentifier;
  assert.ok(own);
  assert.throws(() => read(madeBy(own.toHex()).pem), { code: "CRL_INVALID" });
});

Deno.test("readCertificateRevocationLists() says which CRL does not parse and why", () => {
  const delta = crlOf(root, {
    extraExtensions: [der.sequence(
      der.oid("2.5.29.27"),
      der.boolean(true),
      der.octetString(der.integer(1)),
    )],
  });
  const problem = "it is a delta CRL, which is not supported";
  refuses(`note\n${delta.pem}`, {
    code: "CRL_INVALID",
    message: `Cannot parse CRL 1 (line 2) of "${FILE}": ${problem}`,
  });
  refuses(delta.der, {
    code: "CRL_INVALID",
    message: `Cannot parse CRL of "${FILE}": ${problem}`,
  });
});

Deno.test("readCertificateRevocationLists() refuses files of anything else", () => {
  refuses(root.certPem + crlOf(root).pem, {
    code: "PEM_INVALID",
    message:
      `Cannot parse "${FILE}" line 1: expected only blocks of X509 CRL, found CERTIFICATE`,
  });
  refuses("", {
    code: "PEM_INVALID",
    message:
      `Cannot parse "${FILE}": expected a PEM block, found an empty file`,
  });
  refuses(crlOf(root).der.slice(0, 100), {
    code: "CRL_INVALID",
    message:
      `Cannot parse CRL of "${FILE}": an element is longer than what holds it`,
  });
});

Deno.test("readCertificateRevocationLists() takes an expired CRL, and says what follows", () => {
  const { pem } = crlOf(root, { revoked: [alice] });
  const expired = `CRL 1 (line 1) of "${FILE}" expired at ${
    new Date(NOW + HOUR).toISOString()
  }`;
  const now = NOW + HOUR + 1;
  const refused = read(pem, { now });
  assert.deepEqual(refused.warnings, [
    `${expired}: clients of its issuer are refused`,
  ]);
  assert.equal(refused.changesAt, Infinity);
  assert.deepEqual(read(pem, { now, onExpired: "warn" }).warnings, [
    `${expired}: its issuer may have revoked more since`,
  ]);
  assert.deepEqual(read(pem, { now: NOW + HOUR }).warnings, []);
});

Deno.test("readCertificateRevocationLists() takes a CRL before its time, and says so", () => {
  const thisUpdate = NOW + 1000;
  const lists = read(crlOf(root, { revoked: [alice], thisUpdate }).pem);
  assert.deepEqual(statuses(lists), ["revoked", "unrevoked"]);
  assert.deepEqual(lists.warnings, [
    `CRL 1 (line 1) of "${FILE}" is taken before its time: ${
      new Date(thisUpdate).toISOString()
    }`,
  ]);
  assert.equal(lists.changesAt, thisUpdate);
});

Deno.test("loadMaterial() reads crl.pem of CA_DIR where it is there, as one of its files", async () => {
  const { pem } = crlOf(root, { revoked: [alice] });
  const material = await load(files({ [FILE]: pem }));
  assert.deepEqual(statuses(material), ["revoked", "unrevoked"]);
  assert.deepEqual(material.warnings, []);
  assert.equal(material.files.crlFile, FILE);
  assert.ok(FILE in material.digests);
  assert.equal(material.changesAt, NOW + HOUR + 1);
  const expired = crlOf(root, { nextUpdate: NOW - 1000 });
  assert.match(
    (await load(files({ [FILE]: expired.pem }))).warnings.join(),
    /^CRL 1 \(line 1\) of .* expired at .*: clients of its issuer are refused$/,
  );
  const without = await load(files());
  assert.deepEqual(statuses(without), ["unrevoked", "unrevoked"]);
  assert.equal(without.files.crlFile, undefined);
});

Deno.test("loadMaterial() does not serve without the CRL file that is there", async () => {
  assert.deepEqual(await refusal(files({ [FILE]: "half" })), {
    code: "PEM_INVALID",
    message: `Cannot parse "${FILE}": expected a PEM block, found none`,
  });
  const denied = new Deno.errors.PermissionDenied();
  assert.deepEqual(await refusal(files({ [FILE]: denied })), {
    code: "FILE_UNREADABLE",
    message: `Cannot read "${FILE}": permission denied`,
  });
});

Deno.test("loadMaterial() refuses a CRL_FILE that is set and missing, whatever CA_DIR holds", async () => {
  const fs = memoryFiles(files({ [FILE]: crlOf(root).pem }));
  const loaded = loadMaterial({
    certDir: "/certs",
    caDir: "/ca",
    caFromCertDir: true,
    crlFile: "/crl/all.pem",
    now: NOW,
    fs,
  });
  await assert.rejects(loaded, {
    code: "FILE_UNREADABLE",
    message: 'Cannot read "/crl/all.pem": not found',
  });
});

Deno.test("loadMaterial() judges by CRL_EXPIRED, and refuses where nothing is said", async () => {
  const { pem } = crlOf(root, { nextUpdate: NOW - 1000 });
  const judged = async (changes: { crlExpired?: "refuse" | "warn" }) =>
    statuses(
      await loadMaterial({
        certDir: "/certs",
        caDir: "/ca",
        caFromCertDir: true,
        now: NOW,
        fs: memoryFiles(files({ [FILE]: pem })),
        ...changes,
      }),
      [bob],
    );
  assert.deepEqual(await judged({}), ["undetermined"]);
  assert.deepEqual(await judged({ crlExpired: "refuse" }), ["undetermined"]);
  assert.deepEqual(await judged({ crlExpired: "warn" }), ["unrevoked"]);
});

Deno.test("loadMaterial() reads a CRL file larger than a file of certificates may be", async () => {
  const entries = manyEntries(80_000);
  const { pem } = crlOf(root, { entries });
  assert.ok(pem.length > MAX_FILE_OCTETS);
  const { revocation } = await load(files({ [FILE]: pem }));
  const issuer = root.subject.toHex();
  const serialNumber = entries[79_999]!.serial.toHex();
  assert.equal(revocation.statusOf({ issuer, serialNumber }, NOW), "revoked");
});
