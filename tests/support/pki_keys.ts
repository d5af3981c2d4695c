import {
  constants,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from "node:crypto";
import * as der from "./der_writer.ts";

export type KeyAlgorithm =
  | "P-256"
  | "P-384"
  | "P-521"
  | "RSA-2048"
  | "RSA-1024"
  | "Ed25519";

/** Written for X.509 as `hash with key`; the default fits the issuer's key. */
export type SignatureAlgorithm =
  | "RSA-SHA1"
  | `RSA-SHA${256 | 384 | 512}`
  | `PSS-SHA${256 | 384 | 512}`
  | "ECDSA-SHA1"
  | `ECDSA-SHA${256 | 384 | 512}`
  | "Ed25519";

const cachedRsaKeys = new Map<number, KeyObject>();

/** A new private key; RSA keys, slow to make, are made once and used again. */
export function generateKey(algorithm: KeyAlgorithm = "P-256"): KeyObject {
  switch (algorithm) {
    case "Ed25519":
      return generateKeyPairSync("ed25519").privateKey;
    case "RSA-1024":
    case "RSA-2048": {
      const modulusLength = Number(algorithm.slice(4));
      const cached = cachedRsaKeys.get(modulusLength);
      const key = cached ??
        generateKeyPairSync("rsa", { modulusLength }).privateKey;
      cachedRsaKeys.set(modulusLength, key);
      return key;
    }
    default:
      return generateKeyPairSync("ec", { namedCurve: algorithm }).privateKey;
  }
}

/** DER of the SubjectPublicKeyInfo that belongs to a private key. */
export function spkiOf(key: KeyObject): Uint8Array {
  return createPublicKey(key).export({ type: "spki", format: "der" });
}

const SIGNATURE_OIDS: Readonly<Record<string, string>> = {
  "RSA-SHA1": "1.2.840.113549.1.1.5",
  "RSA-SHA256": "1.2.840.113549.1.1.11",
  "RSA-SHA384": "1.2.840.113549.1.1.12",
  "RSA-SHA512": "1.2.840.113549.1.1.13",
  "ECDSA-SHA1": "1.2.840.10045.4.1",
  "ECDSA-SHA256": "1.2.840.10045.4.3.2",
  "ECDSA-SHA384": "1.2.840.10045.4.3.3",
  "ECDSA-SHA512": "1.2.840.10045.4.3.4",
  Ed25519: "1.3.101.112",
};

const HASH_OIDS: Readonly<Record<string, string>> = {
  sha256: "2.16.840.1.101.3.4.2.1",
  sha384: "2.16.840.1.101.3.4.2.2",
  sha512: "2.16.840.1.101.3.4.2.3",
};

/** The AlgorithmIdentifier and the signing function for an issuer's key. */
export function signatureScheme(
  key: KeyObject,
  chosen: SignatureAlgorithm = defaultSignature(key),
): { identifier: Uint8Array; sign(data: Uint8Array): Uint8Array } {
  const hash = chosen.split("-")[1]?.toLowerCase();
  const oid = SIGNATURE_OIDS[chosen];
  if (chosen.startsWith("PSS") && hash) {
    const saltLength = Number(hash.slice(3)) / 8;
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    return {
      identifier: der.sequence(
        der.oid("1.2.840.113549.1.1.10"),
        pssParameters(hash, saltLength),
      ),
      sign: (data) => sign(hash, data, { key, padding, saltLength }),
    };
  }
  if (oid === undefined) throw new TypeError(`no OID for ${chosen}`);
  const parameters = chosen.startsWith("RSA") ? [der.nullValue()] : [];
  return {
    identifier: der.sequence(der.oid(oid), ...parameters),
    sign: (data) => sign(hash, data, key),
  };
}

function defaultSignature(key: KeyObject): SignatureAlgorithm {
  if (key.asymmetricKeyType === "ed25519") return "Ed25519";
  if (key.asymmetricKeyType === "rsa") return "RSA-SHA256";
  switch (key.asymmetricKeyDetails?.namedCurve) {
    case "secp384r1":
      return "ECDSA-SHA384";
    case "secp521r1":
      return "ECDSA-SHA512";
    default:
      return "ECDSA-SHA256";
  }
}

/** RSASSA-PSS-params (RFC 4055 §3.1). */
export function pssParameters(
  hash: string,
  saltLength: number,
): Uint8Array<ArrayBuffer> {
  const digest = der.sequence(
    der.oid(HASH_OIDS[hash] ?? hash),
    der.nullValue(),
  );
  return der.sequence(
    der.context(0, digest),
    der.context(1, der.sequence(der.oid("1.2.840.113549.1.1.8"), digest)),
    der.context(2, der.integer(saltLength)),
  );
}
