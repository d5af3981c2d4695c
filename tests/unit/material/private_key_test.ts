import assert from "node:assert/strict";
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto";
import { SidecarError } from "../../../src/errors.ts";
import { readPrivateKey } from "../../../src/material/private_key.ts";
import { toPem } from "../../support/pki.ts";
import { generateKey } from "../../support/pki_keys.ts";

const FILE = "/certs/tls.key";

function read(pem: string) {
  return readPrivateKey(new TextEncoder().encode(pem), FILE);
}

function refusal(pem: string): string {
  try {
    read(pem);
  } catch (error) {
    assert.ok(error instanceof SidecarError);
    assert.equal(error.code, "KEY_INVALID");
    return error.message;
  }
  assert.fail("expected a refusal");
}

function pemOf(
  key: KeyObject,
  type: "pkcs8" | "pkcs1" | "sec1" = "pkcs8",
): string {
  return String(key.export({ type, format: "pem" }));
}

const KEYS: [
  algorithm: Parameters<typeof generateKey>[0],
  type: string,
  encodings: ("pkcs8" | "pkcs1" | "sec1")[],
][] = [
  ["RSA-2048", "RSA 2048", ["pkcs8", "pkcs1"]],
  ["P-256", "EC P-256", ["pkcs8", "sec1"]],
  ["P-384", "EC P-384", ["pkcs8", "sec1"]],
  ["P-521", "EC P-521", ["pkcs8", "sec1"]],
  ["Ed25519", "Ed25519", ["pkcs8"]],
];
const FORMATS = { pkcs8: "PKCS#8", pkcs1: "PKCS#1", sec1: "SEC1" } as const;

for (const [algorithm, type, encodings] of KEYS) {
  for (const encoding of encodings) {
    Deno.test(`readPrivateKey() reads ${type} as ${FORMATS[encoding]} and gives the same key as PKCS#8`, () => {
      const key = generateKey(algorithm);
      const result = read(pemOf(key, encoding));
      assert.equal(result.format, FORMATS[encoding]);
      assert.equal(result.type, type);
      const spki = createPublicKey(key).export({ type: "spki", format: "der" });
      assert.deepEqual(Uint8Array.from(result.spki), Uint8Array.from(spki));
      assert.match(result.pem, /^-----BEGIN PRIVATE KEY-----\n/);
      const again = createPublicKey(createPrivateKey(result.pem));
      assert.deepEqual(again.export({ type: "spki", format: "der" }), spki);
    });
  }
}

Deno.test("readPrivateKey() passes over EC PARAMETERS before an EC key", () => {
  const parameters = toPem(
    Uint8Array.of(6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7),
    "EC PARAMETERS",
  );
  const key = read(parameters + pemOf(generateKey("P-256"), "sec1"));
  assert.equal(key.type, "EC P-256");
  assert.match(
    refusal(parameters),
    /expected a private key, found only EC PARAMETERS$/,
  );
});

const ENCRYPTED = { cipher: "aes-256-cbc", passphrase: "x" };

Deno.test("readPrivateKey() says that an encrypted PKCS#8 key is encrypted", () => {
  const pem = generateKey("P-256").export({
    type: "pkcs8",
    format: "pem",
    ...ENCRYPTED,
  });
  assert.match(String(pem), /BEGIN ENCRYPTED PRIVATE KEY/);
  assert.equal(
    refusal(String(pem)),
    `Cannot use the private key "${FILE}": expected a key without encryption, found an encrypted one`,
  );
});

Deno.test("readPrivateKey() says that a PKCS#1 key with RFC 1421 headers is encrypted", () => {
  const pem = pemOf(generateKey("RSA-2048"), "pkcs1").replace(
    "KEY-----\n",
    "KEY-----\r\nProc-Type: 4,ENCRYPTED\r\nDEK-Info: AES-256-CBC,00\r\n\r\n",
  );
  assert.match(refusal(pem), /expected a key without encryption/);
});

const UNSERVABLE: [name: string, pem: () => string, problem: RegExp][] = [
  [
    "P-224",
    () => pemOf(generateKeyPairSync("ec", { namedCurve: "P-224" }).privateKey),
    /expected P-256, P-384 or P-521, found curve secp224r1$/,
  ],
  [
    "secp256k1",
    () =>
      pemOf(generateKeyPairSync("ec", { namedCurve: "secp256k1" }).privateKey),
    /found curve secp256k1$/,
  ],
  [
    "X25519",
    () => pemOf(generateKeyPairSync("x25519").privateKey),
    /expected RSA, EC or Ed25519, found x25519$/,
  ],
  [
    "RSA 1024",
    () => pemOf(generateKey("RSA-1024")),
    /expected RSA of 2048 to 8192 bits, found 1024$/,
  ],
];

for (const [name, pem, problem] of UNSERVABLE) {
  Deno.test(`readPrivateKey() refuses ${name}, which the runtime cannot serve`, () => {
    assert.match(refusal(pem()), problem);
  });
}

Deno.test("readPrivateKey() refuses none, several and blocks that are no key", () => {
  const key = pemOf(generateKey("P-256"));
  assert.match(refusal(key + key), /expected one private key, found 2 blocks$/);
  assert.match(
    refusal(toPem(Uint8Array.of(1))),
    /expected a private key, found a block of CERTIFICATE$/,
  );
  assert.match(
    refusal(key + toPem(Uint8Array.of(1))),
    /expected one private key, found 2 blocks$/,
  );
  assert.match(
    refusal(toPem(Uint8Array.of(1), "PUBLIC KEY")),
    /found a block of PUBLIC KEY$/,
  );
});

Deno.test("readPrivateKey() refuses a damaged key and one under the wrong label, and quotes neither", () => {
  const key = generateKey("P-256");
  const der = key.export({ type: "pkcs8", format: "der" });
  const broken: [pem: string, format: string][] = [
    [toPem(der.subarray(0, 40), "PRIVATE KEY"), "PKCS#8"],
    [toPem(der, "RSA PRIVATE KEY"), "PKCS#1"],
    [toPem(der, "EC PRIVATE KEY"), "SEC1"],
    [toPem(new Uint8Array(100), "PRIVATE KEY"), "PKCS#8"],
  ];
  for (const [pem, format] of broken) {
    assert.equal(
      refusal(pem),
      `Cannot use the private key "${FILE}": expected a well-formed ${format} key`,
    );
  }
});

Deno.test("readPrivateKey() leaves bad framing to the PEM reader", () => {
  assert.throws(() => read("-----BEGIN PRIVATE KEY-----\nAAAA\n"), {
    code: "PEM_INVALID",
  });
});
