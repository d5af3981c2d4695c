import { Buffer } from "node:buffer";
import {
  constants,
  createPublicKey,
  type KeyObject,
  verify,
} from "node:crypto";
import {
  type AlgorithmIdentifier,
  equalOctets,
  type Signed,
} from "./certificate.ts";

const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 8192;
const CURVES: readonly string[] = ["prime256v1", "secp384r1", "secp521r1"];

interface Scheme {
  readonly keyType: "rsa" | "ec" | "ed25519";
  /** Absent for Ed25519, which hashes by itself. */
  readonly hash?: string;
  /** In octets; present for RSASSA-PSS alone. */
  readonly saltLength?: number;
}

/** Signature algorithms without parameters of their own (RFC 4055 §5, 5758 §3.2, 8410 §3). */
const SCHEMES: Readonly<Record<string, Scheme>> = {
  "1.2.840.113549.1.1.11": { keyType: "rsa", hash: "sha256" },
  "1.2.840.113549.1.1.12": { keyType: "rsa", hash: "sha384" },
  "1.2.840.113549.1.1.13": { keyType: "rsa", hash: "sha512" },
  "1.2.840.10045.4.3.2": { keyType: "ec", hash: "sha256" },
  "1.2.840.10045.4.3.3": { keyType: "ec", hash: "sha384" },
  "1.2.840.10045.4.3.4": { keyType: "ec", hash: "sha512" },
  "1.3.101.112": { keyType: "ed25519" },
};

const RSASSA_PSS = "1.2.840.113549.1.1.10";
/**
 * RSASSA-PSS-params (RFC 4055 §3.1) with MGF1 over the same hash and a salt as
 * long as the hash. Other parameters are legal, but nobody issues with them.
 */
const PSS_SCHEMES: Readonly<Record<string, Scheme>> = {
  [pssParameters("01", "20")]: {
    keyType: "rsa",
    hash: "sha256",
    saltLength: 32,
  },
  [pssParameters("02", "30")]: {
    keyType: "rsa",
    hash: "sha384",
    saltLength: 48,
  },
  [pssParameters("03", "40")]: {
    keyType: "rsa",
    hash: "sha512",
    saltLength: 64,
  },
};

/** Hex of the DER, from the last arc of the hash's OID and the salt length, both in hex. */
function pssParameters(hashArc: string, saltLength: string): string {
  const hash = `300d06096086480165030402${hashArc}0500`;
  const mgf1 = `301a06092a864886f70d010108${hash}`;
  return `3034a00f${hash}a11c${mgf1}a2030201${saltLength}`;
}

/**
 * Whether the key in `issuerSpki` made the signature of a certificate or CRL. RSA PKCS#1
 * v1.5 and RSASSA-PSS with SHA-256, 384 or 512 and keys of 2048 to 8192 bits,
 * ECDSA with those hashes on P-256, P-384 and P-521 and Ed25519 are known; SHA-1
 * and everything else is a no, and so is any failure of the crypto library:
 * Deno 2.9.6 cannot verify ECDSA with SHA-256 on P-521. Never throws.
 */
export function verifySignature(
  { tbs, signatureAlgorithm, signatureValue }: Signed,
  issuerSpki: Uint8Array,
): boolean {
  const scheme = schemeOf(signatureAlgorithm);
  if (!scheme) return false;
  try {
    const key = createPublicKey({
      key: Buffer.from(issuerSpki),
      format: "der",
      type: "spki",
    });
    if (key.asymmetricKeyType !== scheme.keyType || !isStrongEnough(key)) {
      return false;
    }
    const padding = scheme.saltLength === undefined ? {} : {
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: scheme.saltLength,
    };
    return verify(scheme.hash, tbs, { key, ...padding }, signatureValue);
  } catch {
    return false;
  }
}

function schemeOf(
  { oid, parameters }: AlgorithmIdentifier,
): Scheme | undefined {
  if (oid === RSASSA_PSS) return PSS_SCHEMES[parameters?.toHex() ?? ""];
  const scheme = SCHEMES[oid];
  // RFC 4055 §5: NULL belongs to the RSA algorithms, and its absence is accepted.
  const parametersFit = parameters === undefined ||
    (scheme?.keyType === "rsa" &&
      equalOctets(parameters, Uint8Array.of(0x05, 0x00)));
  return parametersFit ? scheme : undefined;
}

function isStrongEnough(key: KeyObject): boolean {
  const { modulusLength = 0, namedCurve = "" } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case "rsa":
      return modulusLength >= MIN_RSA_BITS && modulusLength <= MAX_RSA_BITS;
    case "ec":
      return CURVES.includes(namedCurve);
    default:
      return true;
  }
}
