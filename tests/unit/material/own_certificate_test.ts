import assert from "node:assert/strict";
import type { CertificateOptions } from "../../support/pki.ts";
import { PURPOSE } from "../../support/pki.ts";
import { extension } from "../../support/pki_extensions.ts";
import { files, load, refusal, root, VALID } from "./material_fixture.ts";

function serving(options: CertificateOptions): Record<string, string | Error> {
  const { certPem, keyPem } = root.issue({ ...VALID, ...options });
  return files({ "/certs/tls.crt": certPem, "/certs/tls.key": keyPem });
}

for (const version of [1, 2] as const) {
  Deno.test(`readOwnCertificate() refuses version ${version}, which the runtime cannot serve`, async () => {
    assert.deepEqual(await refusal(serving({ version })), {
      code: "CERT_INVALID",
      message:
        `Cannot serve "/certs/tls.crt": expected X.509 version 3, found ${version}`,
    });
  });
}

Deno.test("readOwnCertificate() refuses an unknown extension where it is critical, and only there", async () => {
  const unknown = (critical: boolean) =>
    serving({
      extraExtensions: [
        extension("1.2.3.4", Uint8Array.of(5, 0), { critical }),
      ],
    });
  assert.deepEqual(await refusal(unknown(true)), {
    code: "CERT_INVALID",
    message:
      'Cannot serve "/certs/tls.crt": unsupported critical extension 1.2.3.4',
  });
  assert.deepEqual((await load(unknown(false))).warnings, []);
});

Deno.test("readOwnCertificate() warns of a certificate that is not for servers", async () => {
  const { warnings } = await load(serving({ eku: [PURPOSE.clientAuth] }));
  assert.deepEqual(warnings, [
    '"/certs/tls.crt" is not for serverAuth: clients may refuse it',
  ]);
  assert.deepEqual((await load(serving({ eku: [] }))).warnings, []);
});

Deno.test("readOwnCertificate() warns of a certificate of a CA", async () => {
  const { warnings } = await load(serving({ ca: true }));
  assert.deepEqual(warnings, [
    '"/certs/tls.crt" is the certificate of a CA: clients may refuse it',
  ]);
});
