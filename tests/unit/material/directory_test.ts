import assert from "node:assert/strict";
import { join } from "node:path";
import { loadMaterial } from "../../../src/material/directory.ts";
import { changedFiles } from "../../../src/material/file_digests.ts";
import { createAuthority } from "../../support/pki.ts";
import {
  files,
  HOUR,
  leaf,
  load,
  names,
  NOW,
  other,
  refusal,
  root,
  VALID,
} from "./material_fixture.ts";

Deno.test("loadMaterial() gives certificate, key and anchors, and says where each came from", async () => {
  const material = await load(files());
  assert.equal(material.certificateChainPem, leaf.certPem);
  assert.equal(material.privateKeyPem, leaf.keyPem);
  assert.equal(material.anchorsPem, root.certPem);
  assert.equal(material.certificate.der.toHex(), leaf.der.toHex());
  assert.deepEqual(material.chain, []);
  assert.deepEqual(names(material.anchors, { root }), ["root"]);
  assert.deepEqual(material.files, {
    certificate: "/certs/tls.crt",
    privateKey: "/certs/tls.key",
    certificateAuthorities: ["/ca/ca.crt"],
  });
  assert.equal(material.keyFormat, "PKCS#8");
  assert.equal(material.keyType, "EC P-256");
  assert.deepEqual(material.notes, []);
  assert.deepEqual(material.warnings, []);
});

Deno.test("loadMaterial() writes the PEM anew, without the text that stood around it", async () => {
  const material = await load(files({
    "/certs/tls.crt": `about me\r\n${leaf.certPem.replaceAll("\n", "\r\n")}`,
    "/ca/ca.crt": `${root.certPem}trailing text`,
  }));
  assert.equal(material.certificateChainPem, leaf.certPem);
  assert.equal(material.anchorsPem, root.certPem);
});

Deno.test("loadMaterial() keeps the chain in its order", async () => {
  const upper = root.issueAuthority({ ...VALID, commonName: "Upper" });
  const lower = upper.issueAuthority({ ...VALID, commonName: "Lower" });
  const deep = lower.issue(VALID);
  const material = await load(files({
    "/certs/tls.crt": deep.chainPem + root.certPem,
    "/certs/tls.key": deep.keyPem,
  }));
  assert.deepEqual(names(material.chain, { lower, upper, root }), [
    "lower",
    "upper",
    "root",
  ]);
  assert.equal(material.certificateChainPem, deep.chainPem + root.certPem);
  assert.deepEqual(material.warnings, []);
});

Deno.test("loadMaterial() warns of a chain that is out of order or expired", async () => {
  const upper = root.issueAuthority({
    ...VALID,
    notAfter: NOW - 1,
    commonName: "Upper",
  });
  const lower = upper.issueAuthority({ ...VALID, commonName: "Lower" });
  const deep = lower.issue(VALID);
  const { warnings } = await load(files({
    "/certs/tls.crt": deep.certPem + upper.certPem + lower.certPem,
    "/certs/tls.key": deep.keyPem,
  }));
  assert.equal(warnings.length, 3);
  assert.match(
    warnings[0] ?? "",
    /^certificate 2 \(line \d+\) of "\/certs\/tls.crt" did not issue the one before it$/,
  );
  assert.match(warnings[1] ?? "", /^certificate 2 .* is outside its validity$/);
  assert.match(
    warnings[2] ?? "",
    /^certificate 3 .* did not issue the one before it$/,
  );
});

Deno.test("loadMaterial() refuses a key that does not match the certificate", async () => {
  assert.deepEqual(
    await refusal(files({ "/certs/tls.key": root.issue(VALID).keyPem })),
    {
      code: "KEY_MISMATCH",
      message:
        'Cannot serve "/certs/tls.crt": expected the certificate of "/certs/tls.key", found that of another',
    },
  );
});

Deno.test("loadMaterial() says so when the chain does not begin with the key's certificate", async () => {
  assert.deepEqual(
    await refusal(files({ "/certs/tls.crt": root.certPem + leaf.certPem })),
    {
      code: "KEY_MISMATCH",
      message:
        'Cannot serve "/certs/tls.crt": expected the certificate of "/certs/tls.key" first, found it as number 2',
    },
  );
});

Deno.test("loadMaterial() serves its certificate from the first to the last millisecond of its validity", async () => {
  const first = leaf.certPem;
  await load(files({ "/certs/tls.crt": first }), { now: NOW + HOUR });
  assert.deepEqual(await refusal(files(), { now: NOW + HOUR + 1 }), {
    code: "CERT_EXPIRED",
    message:
      'Cannot serve "/certs/tls.crt": the certificate was valid until 2030-01-01T01:00:00.000Z, and it is 2030-01-01T01:00:00.001Z',
  });
  await load(files(), { now: NOW - HOUR });
  assert.deepEqual(await refusal(files(), { now: NOW - HOUR - 1 }), {
    code: "CERT_NOT_YET_VALID",
    message:
      'Cannot serve "/certs/tls.crt": the certificate is valid from 2029-12-31T23:00:00.000Z, and it is 2029-12-31T22:59:59.999Z',
  });
});

const TRUNCATED = root.certPem.slice(0, -40);
const GARBAGE =
  "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

const REFUSED: [
  name: string,
  changes: Record<string, string | undefined>,
  code: string,
  message: RegExp,
][] = [
  [
    "a certificate file cut short",
    { "/certs/tls.crt": leaf.certPem.slice(0, 200) },
    "PEM_INVALID",
    /^Cannot parse "\/certs\/tls.crt" line \d+: expected/,
  ],
  [
    "an empty certificate file",
    { "/certs/tls.crt": "" },
    "PEM_INVALID",
    /^Cannot parse "\/certs\/tls.crt": expected a PEM block, found an empty file$/,
  ],
  [
    "a chain with a certificate that does not parse",
    { "/certs/tls.crt": leaf.certPem + GARBAGE },
    "CERT_INVALID",
    /^Cannot parse certificate 2 \(line \d+\) of "\/certs\/tls.crt": expected/,
  ],
  [
    "a key among the certificates",
    { "/certs/tls.crt": leaf.certPem + leaf.keyPem },
    "PEM_INVALID",
    /: expected only blocks of CERTIFICATE, found PRIVATE KEY$/,
  ],
  [
    "an empty key file",
    { "/certs/tls.key": "" },
    "PEM_INVALID",
    /^Cannot parse "\/certs\/tls.key": expected a PEM block, found an empty file$/,
  ],
  [
    "a certificate in place of the key",
    { "/certs/tls.key": leaf.certPem },
    "KEY_INVALID",
    /^Cannot use the private key "\/certs\/tls.key": expected a private key, found a block of CERTIFICATE$/,
  ],
  [
    "a half-broken CA file",
    { "/ca/ca.crt": root.certPem + TRUNCATED },
    "PEM_INVALID",
    /^Cannot parse "\/ca\/ca.crt" line \d+: expected/,
  ],
  [
    "a CA that does not parse behind a good one",
    { "/ca/ca.crt": root.certPem + GARBAGE },
    "CA_INVALID",
    /^Cannot parse certificate 2 \(line \d+\) of "\/ca\/ca.crt": expected/,
  ],
  [
    "a version 1 CA",
    {
      "/ca/ca.crt": root.certPem +
        createAuthority({ ...VALID, version: 1 }).certPem,
    },
    "CA_INVALID",
    /^Cannot trust certificate 2 \(line \d+\) of "\/ca\/ca.crt": .*version/,
  ],
  [
    "a leaf in the CA file",
    { "/ca/ca.crt": leaf.certPem },
    "CA_INVALID",
    /^Cannot trust certificate 1 \(line 1\) of "\/ca\/ca.crt": .*CA/,
  ],
  [
    "a CA without keyCertSign",
    {
      "/ca/ca.crt":
        createAuthority({ ...VALID, keyUsage: ["cRLSign"] }).certPem,
    },
    "CA_INVALID",
    /keyCertSign/,
  ],
  [
    "a broken CA file beside the certificate",
    { "/certs/ca.crt": TRUNCATED },
    "PEM_INVALID",
    /^Cannot parse "\/certs\/ca.crt"/,
  ],
];

for (const [name, changes, code, message] of REFUSED) {
  Deno.test(`loadMaterial() refuses ${name}`, async () => {
    const refused = await refusal(files(changes));
    assert.equal(refused.code, code);
    assert.match(refused.message, message);
  });
}

Deno.test("loadMaterial() names the file that it cannot read and why", async () => {
  for (const path of ["/certs/tls.crt", "/certs/tls.key", "/ca/ca.crt"]) {
    assert.deepEqual(
      await refusal(
        files({ [path]: new Deno.errors.PermissionDenied("os error 13") }),
      ),
      {
        code: "FILE_UNREADABLE",
        message: `Cannot read "${path}": permission denied`,
      },
    );
  }
});

Deno.test("loadMaterial() gives digests that tell which files changed", async () => {
  const { digests } = await load(files());
  for (const digest of Object.values(digests)) {
    assert.match(digest, /^[0-9a-f]{64}$/);
  }
  const cases: [
    changes: Record<string, string | undefined>,
    paths: string[],
  ][] = [
    [{ "/certs/unrelated": "x", "/ca/README": "y" }, []],
    [{ "/certs/tls.crt": `${leaf.certPem}\n` }, ["/certs/tls.crt"]],
    [{ "/certs/tls.key": `\n${leaf.keyPem}` }, ["/certs/tls.key"]],
    [{ "/ca/ca.crt": root.certPem + other.certPem }, ["/ca/ca.crt"]],
    [{ "/certs/ca.crt": root.certPem }, ["/certs/ca.crt"]],
    [{ "/ca/ca.crt": undefined, "/ca/ca-bundle.pem": root.certPem }, [
      "/ca/ca.crt",
      "/ca/ca-bundle.pem",
    ]],
  ];
  for (const [changes, paths] of cases) {
    const changed = await load(files(changes));
    assert.deepEqual(changedFiles(digests, changed.digests), paths);
  }
});

Deno.test("loadMaterial() says when the same files will give other material", async () => {
  const renewed = createAuthority({
    commonName: "Next",
    notBefore: NOW + 1000,
    notAfter: NOW + 3 * HOUR,
  });
  const old = createAuthority({ ...VALID, notAfter: NOW - 1000 });
  const changesAt = async (bundle: string, now = NOW) =>
    (await load(files({ "/ca/ca.crt": bundle }), { now })).changesAt;
  assert.equal(await changesAt(root.certPem), NOW + HOUR + 1);
  assert.equal(await changesAt(root.certPem + old.certPem), NOW + HOUR + 1);
  assert.equal(await changesAt(root.certPem + renewed.certPem), NOW + 1000);
  assert.equal(
    await changesAt(root.certPem + renewed.certPem, NOW + 1000),
    NOW + HOUR + 1,
  );
});

Deno.test("loadMaterial() serves a certificate in service on beyond its expiry, and no other", async () => {
  const lasting = createAuthority({ ...VALID, notAfter: NOW + 9 * HOUR });
  const content = files({ "/ca/ca.crt": lasting.certPem });
  const now = NOW + HOUR + 1;
  const { fingerprint } = (await load(content)).certificate;
  const material = await load(content, { now, served: fingerprint });
  assert.deepEqual(material.warnings, [
    '"/certs/tls.crt" is served on although it was valid until 2030-01-01T01:00:00.000Z',
  ]);
  assert.equal(material.changesAt, NOW + 9 * HOUR + 1);
  await assert.rejects(load(content, { now, served: "00" }), {
    code: "CERT_EXPIRED",
  });
});

Deno.test("loadMaterial() reads the disk", async () => {
  const directory = await Deno.makeTempDir();
  try {
    for (const [path, content] of Object.entries(files())) {
      await Deno.mkdir(join(directory, path, ".."), { recursive: true });
      await Deno.writeTextFile(join(directory, path), String(content));
    }
    const material = await loadMaterial({
      certDir: join(directory, "certs"),
      caDir: join(directory, "ca"),
      caFromCertDir: true,
      now: NOW,
    });
    assert.equal(material.privateKeyPem, leaf.keyPem);
    assert.equal(
      material.files.privateKey,
      join(directory, "certs", "tls.key"),
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
