import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { join } from "node:path";
import {
  CLIENT_CN,
  type CredentialFiles,
  type DemoPki,
  writeDemoPki,
} from "../../../src/commands/demo_pki.ts";

const NOW = new Date("2026-02-03T04:05:06Z");

async function withPki(check: (pki: DemoPki, directory: string) => void) {
  const directory = await Deno.makeTempDir();
  try {
    check(await writeDemoPki(directory, { now: NOW }), directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function readCertificate(file: string): X509Certificate {
  return new X509Certificate(Deno.readTextFileSync(file));
}

function credentials(pki: DemoPki): CredentialFiles[] {
  return [pki.server, pki.client, pki.stranger];
}

Deno.test("writeDemoPki() lays the files where CERT_DIR and CA_DIR expect them", () =>
  withPki((pki) => {
    assert.equal(pki.server.certificate, join(pki.certDir, "tls.crt"));
    assert.equal(pki.server.key, join(pki.certDir, "tls.key"));
    assert.equal(pki.caBundle, join(pki.caDir, "ca-bundle.pem"));
    const bundle = Deno.readTextFileSync(pki.caBundle);
    assert.equal(bundle.match(/BEGIN CERTIFICATE/g)?.length, 1);
  }));

Deno.test("writeDemoPki() writes keys that match their certificates, for the owner alone", () =>
  withPki((pki) => {
    for (const { certificate, key } of credentials(pki)) {
      const privateKey = createPrivateKey(Deno.readTextFileSync(key));
      assert.ok(readCertificate(certificate).checkPrivateKey(privateKey), key);
      assert.equal((Deno.statSync(key).mode ?? 0) & 0o777, 0o600, key);
    }
  }));

Deno.test("writeDemoPki() has server and client issued by the trusted CA, the stranger by another", () =>
  withPki((pki) => {
    const root = readCertificate(pki.caBundle);
    assert.ok(root.ca);
    assert.ok(root.verify(root.publicKey));
    const issued = credentials(pki).map(({ certificate }) =>
      readCertificate(certificate).verify(root.publicKey)
    );
    assert.deepEqual(issued, [true, true, false]);
    for (const { certificate } of credentials(pki)) {
      assert.equal(readCertificate(certificate).ca, false);
    }
  }));

Deno.test("writeDemoPki() names localhost in the server certificate and the demo client in the client's", () =>
  withPki((pki) => {
    const server = readCertificate(pki.server.certificate);
    assert.ok(server.checkHost("localhost"));
    assert.ok(server.checkIP("127.0.0.1"));
    assert.ok(server.checkIP("::1"));
    assert.equal(server.checkHost("example.com"), undefined);
    const client = readCertificate(pki.client.certificate);
    assert.equal(client.subject, `CN=${CLIENT_CN}`);
  }));

Deno.test("writeDemoPki() keeps the purposes of server and client apart", () =>
  withPki((pki) => {
    // The contents of id-kp-serverAuth and id-kp-clientAuth, RFC 5280 §4.2.1.12.
    const serverAuth = Buffer.from("2b06010505070301", "hex");
    const clientAuth = Buffer.from("2b06010505070302", "hex");
    const purposes = credentials(pki).map(({ certificate }) => {
      const { raw } = readCertificate(certificate);
      return [raw.includes(serverAuth), raw.includes(clientAuth)];
    });
    assert.deepEqual(purposes, [[true, false], [false, true], [false, true]]);
  }));

Deno.test("writeDemoPki() makes certificates that are valid from a minute ago for a day", () =>
  withPki((pki) => {
    const files = credentials(pki).map(({ certificate }) => certificate);
    for (const file of [pki.caBundle, ...files]) {
      const { validFrom, validTo } = readCertificate(file);
      assert.equal(Date.parse(validFrom), NOW.getTime() - 60_000);
      assert.equal(Date.parse(validTo), NOW.getTime() + 24 * 3600_000);
    }
  }));

Deno.test("writeDemoPki() never writes the keys of its CAs", () =>
  withPki((_pki, directory) => {
    const keys: string[] = [];
    for (const folder of Deno.readDirSync(directory)) {
      for (const { name } of Deno.readDirSync(join(directory, folder.name))) {
        const text = Deno.readTextFileSync(join(directory, folder.name, name));
        if (text.includes("PRIVATE KEY")) keys.push(`${folder.name}/${name}`);
      }
    }
    assert.deepEqual(keys.sort(), [
      "certs/tls.key",
      "client/tls.key",
      "stranger/tls.key",
    ]);
  }));

Deno.test("writeDemoPki() refuses a directory that holds a PKI already", async () => {
  const directory = await Deno.makeTempDir();
  try {
    await writeDemoPki(directory, { now: NOW });
    await assert.rejects(
      writeDemoPki(directory, { now: NOW }),
      Deno.errors.AlreadyExists,
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
