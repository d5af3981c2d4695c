import assert from "node:assert/strict";
import {
  selectFiles,
  type Selection,
  vanishedFile,
} from "../../../src/material/selection.ts";
import type { FileSystem } from "../../../src/material/files.ts";
import { memoryFiles } from "./memory_files.ts";

const ALL_DIRECTORIES = {
  certDir: "/certs",
  caDir: "/ca",
  caFromCertDir: true,
};

function select(paths: readonly string[]): Promise<Selection> {
  const files = Object.fromEntries(paths.map((path) => [path, ""]));
  return selectFiles(memoryFiles(files), ALL_DIRECTORIES);
}

const PAIR = ["/certs/tls.crt", "/certs/tls.key"];
const VAULT_PAIR = ["/certs/certificate", "/certs/private_key"];

Deno.test("selectFiles() takes tls.crt and tls.key, also where Vault's pair is there", async () => {
  for (const paths of [PAIR, [...VAULT_PAIR, ...PAIR]]) {
    const { certificate, privateKey } = await select(paths);
    assert.deepEqual([certificate, privateKey], PAIR);
  }
});

Deno.test("selectFiles() takes certificate and private_key where there is neither tls.crt nor tls.key", async () => {
  const { certificate, privateKey } = await select(VAULT_PAIR);
  assert.deepEqual([certificate, privateKey], VAULT_PAIR);
});

const HALVES: [paths: string[], code: string, message: string][] = [
  [
    ["/certs/tls.crt"],
    "KEY_NOT_FOUND",
    'Cannot find "tls.key" in CERT_DIR "/certs": expected it beside "tls.crt"',
  ],
  [
    ["/certs/tls.key"],
    "CERT_NOT_FOUND",
    'Cannot find "tls.crt" in CERT_DIR "/certs": expected it beside "tls.key"',
  ],
  [
    ["/certs/certificate"],
    "KEY_NOT_FOUND",
    'Cannot find "private_key" in CERT_DIR "/certs": expected it beside "certificate"',
  ],
  [
    ["/certs/private_key"],
    "CERT_NOT_FOUND",
    'Cannot find "certificate" in CERT_DIR "/certs": expected it beside "private_key"',
  ],
  [
    ["/certs/tls.crt", ...VAULT_PAIR],
    "KEY_NOT_FOUND",
    'Cannot find "tls.key" in CERT_DIR "/certs": expected it beside "tls.crt"',
  ],
  [
    ["/certs/certificate", "/certs/tls.key"],
    "CERT_NOT_FOUND",
    'Cannot find "tls.crt" in CERT_DIR "/certs": expected it beside "tls.key"',
  ],
  [
    ["/certs/other"],
    "CERT_NOT_FOUND",
    'Cannot find a certificate in CERT_DIR "/certs": expected tls.crt and tls.key, or certificate and private_key',
  ],
];

for (const [paths, code, message] of HALVES) {
  Deno.test(`selectFiles() refuses ${paths.join(" with ")} alone`, async () => {
    await assert.rejects(select(paths), {
      name: "SidecarError",
      code,
      message,
    });
  });
}

Deno.test("selectFiles() refuses a CERT_DIR that is not there", async () => {
  await assert.rejects(select(["/ca/ca.crt"]), {
    code: "CERT_DIR_UNREADABLE",
    message: 'Cannot list CERT_DIR "/certs": not found',
  });
});

Deno.test("selectFiles() warns of a CA_DIR that is missing or holds no CA file", async () => {
  const missing = await select(PAIR);
  assert.deepEqual(missing.certificateAuthorities, []);
  assert.deepEqual(missing.warnings, ['CA_DIR "/ca" not found']);
  const bare = await select([...PAIR, "/ca/other"]);
  assert.deepEqual(bare.certificateAuthorities, []);
  assert.deepEqual(bare.warnings, [
    'CA_DIR "/ca" holds no CA file: expected ca-bundle.pem or ca.crt',
  ]);
});

Deno.test("selectFiles() refuses a CA_DIR that is there and cannot be listed", async () => {
  const files = memoryFiles({ "/certs/tls.crt": "", "/certs/tls.key": "" });
  const fs: FileSystem = {
    ...files,
    list: (directory) =>
      directory === "/ca"
        ? Promise.reject(new Deno.errors.PermissionDenied())
        : files.list(directory),
  };
  await assert.rejects(selectFiles(fs, ALL_DIRECTORIES), {
    code: "FILE_UNREADABLE",
    message: 'Cannot list CA_DIR "/ca": permission denied',
  });
});

Deno.test("selectFiles() prefers ca-bundle.pem to ca.crt and warns that the other is not read", async () => {
  const alone = await select([...PAIR, "/ca/ca-bundle.pem"]);
  assert.deepEqual(alone.certificateAuthorities, ["/ca/ca-bundle.pem"]);
  assert.deepEqual(alone.warnings, []);
  const both = await select([...PAIR, "/ca/ca.crt", "/ca/ca-bundle.pem"]);
  assert.deepEqual(both.certificateAuthorities, ["/ca/ca-bundle.pem"]);
  assert.deepEqual(both.warnings, [
    '"ca.crt" in CA_DIR "/ca" is not read: "ca-bundle.pem" is',
  ]);
});

Deno.test("selectFiles() takes one file once where CERT_DIR and CA_DIR are the same, and CA_FROM_CERT_DIR does not hide it", async () => {
  const fs = memoryFiles({
    "/certs/tls.crt": "",
    "/certs/tls.key": "",
    "/certs/ca.crt": "",
  });
  for (const caFromCertDir of [true, false]) {
    for (const caDir of ["/certs", "/certs/", "/certs/."]) {
      const normal: FileSystem = { ...fs, list: () => fs.list("/certs") };
      const { certificateAuthorities, notes } = await selectFiles(normal, {
        certDir: "/certs",
        caDir,
        caFromCertDir,
      });
      assert.deepEqual(certificateAuthorities, ["/certs/ca.crt"]);
      assert.deepEqual(notes, []);
    }
  }
});

Deno.test("selectFiles() takes crl.pem of CA_DIR for the CRL file where it is there", async () => {
  const withCrl = [...PAIR, "/ca/ca.crt", "/ca/crl.pem"];
  assert.equal((await select(withCrl)).crlFile, "/ca/crl.pem");
  assert.ok(!("crlFile" in await select([...PAIR, "/ca/ca.crt"])));
  assert.ok(!("crlFile" in await select([...PAIR, "/certs/crl.pem"])));
  const alone = await select([...PAIR, "/ca/crl.pem"]);
  assert.equal(alone.crlFile, "/ca/crl.pem");
});

Deno.test("selectFiles() takes CRL_FILE, there or not, in place of crl.pem", async () => {
  const fs = memoryFiles({
    "/certs/tls.crt": "",
    "/certs/tls.key": "",
    "/ca/crl.pem": "",
  });
  const crlFileBy = async (crlFile: string) =>
    (await selectFiles(fs, { ...ALL_DIRECTORIES, crlFile })).crlFile;
  assert.equal(await crlFileBy("/crl/all.der"), "/crl/all.der");
  assert.equal(await crlFileBy(""), "/ca/crl.pem");
});

Deno.test("vanishedFile() names a file that is gone, and not one that another name goes before", async () => {
  const before = await select([
    ...VAULT_PAIR,
    "/certs/issuing_ca",
    "/ca/ca.crt",
  ]);
  const gone = async (paths: string[]) =>
    vanishedFile(before, await select(paths));
  const kept = [...VAULT_PAIR, "/certs/issuing_ca", "/ca/ca.crt"];
  assert.equal(await gone([...kept, ...PAIR, "/ca/ca-bundle.pem"]), undefined);
  for (const path of ["/certs/issuing_ca", "/ca/ca.crt"]) {
    assert.equal(
      await gone([
        ...kept.filter((name) => name !== path),
        "/ca/ca-bundle.pem",
      ]),
      path,
    );
  }
  for (const path of VAULT_PAIR) {
    assert.equal(
      await gone([...kept.filter((name) => name !== path), ...PAIR]),
      path,
    );
  }
});
