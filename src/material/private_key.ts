import { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { SidecarError } from "../errors.ts";
import { parsePem, type PemBlock } from "./pem.ts";

/** How the key's file encodes it: RFC 5208, RFC 8017 appendix A.1.2, RFC 5915. */
export type KeyFormat = "PKCS#8" | "PKCS#1" | "SEC1";

/** A private key that the runtime can serve. Its encoding is in `pem` alone. */
export interface PrivateKey {
  /** The path that it was read from. */
  readonly file: string;
  readonly format: KeyFormat;
  /** `RSA 2048`, `EC P-256`, `EC P-384`, `EC P-521` or `Ed25519`. */
  readonly type: string;
  /** DER of the SubjectPublicKeyInfo of the public half. */
  readonly spki: Uint8Array;
  /** PKCS#8 PEM made anew, so that what was checked is what is used. */
  readonly pem: string;
}

const FORMATS = new Map<
  string,
  { format: KeyFormat; type: "pkcs8" | "pkcs1" | "sec1" }
>([
  ["PRIVATE KEY", { format: "PKCS#8", type: "pkcs8" }],
  ["RSA PRIVATE KEY", { format: "PKCS#1", type: "pkcs1" }],
  ["EC PRIVATE KEY", { format: "SEC1", type: "sec1" }],
]);

/** The curves that the runtime signs handshakes with; it takes others and then fails each one. */
const CURVES = new Map([
  ["prime256v1", "EC P-256"],
  ["secp384r1", "EC P-384"],
  ["secp521r1", "EC P-521"],
]);

/** Modulus bits. The runtime throws below; above, a signature costs too much time a handshake. */
const RSA_BITS = { min: 2048, max: 8192 };

/**
 * Reads the one private key of a PEM file. `EC PARAMETERS` beside it, as OpenSSL
 * writes them, are passed over. Throws `PEM_INVALID` for the framing and
 * `KEY_INVALID` for an encrypted key, a key that does not parse, one that the
 * runtime cannot serve, and none or several keys; the message names `file`
 * and nothing of its content.
 */
export function readPrivateKey(octets: Uint8Array, file: string): PrivateKey {
  const { label, der } = soleKeyBlock(octets, file);
  const encoding = FORMATS.get(label);
  if (!encoding) {
    throw invalid(file, `a private key, found a block of ${label}`);
  }
  try {
    const key = createPrivateKey({
      key: Buffer.from(der),
      format: "der",
      type: encoding.type,
    });
    return {
      file,
      format: encoding.format,
      type: servableType(key, file),
      spki: createPublicKey(key).export({ type: "spki", format: "der" }),
      pem: String(key.export({ type: "pkcs8", format: "pem" })),
    };
  } catch (error) {
    if (error instanceof SidecarError) throw error;
    // The runtime's own words are left out: they may come to quote the input.
    throw invalid(file, `a well-formed ${encoding.format} key`);
  }
}

function soleKeyBlock(octets: Uint8Array, file: string): PemBlock {
  // RFC 1421 headers are no PEM of RFC 7468; without this look ahead, such a
  // key would be called bad base64 rather than encrypted.
  const text = new TextDecoder("latin1").decode(octets);
  if (/^Proc-Type:[^\n]*ENCRYPTED|^-----BEGIN ENCRYPTED /m.test(text)) {
    throw invalid(file, "a key without encryption, found an encrypted one");
  }
  const [block, ...others] = parsePem(octets, file)
    .filter(({ label }) => label !== "EC PARAMETERS");
  if (!block) throw invalid(file, "a private key, found only EC PARAMETERS");
  if (others.length > 0) {
    throw invalid(file, `one private key, found ${others.length + 1} blocks`);
  }
  return block;
}

function servableType(key: KeyObject, file: string): string {
  const { namedCurve = "", modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case "ed25519":
      return "Ed25519";
    case "rsa":
      if (modulusLength < RSA_BITS.min || modulusLength > RSA_BITS.max) {
        const expected = `RSA of ${RSA_BITS.min} to ${RSA_BITS.max} bits`;
        throw invalid(file, `${expected}, found ${modulusLength}`);
      }
      return `RSA ${modulusLength}`;
    case "ec": {
      const type = CURVES.get(namedCurve);
      if (type) return type;
      throw invalid(file, `P-256, P-384 or P-521, found curve ${namedCurve}`);
    }
    default:
      throw invalid(
        file,
        `RSA, EC or Ed25519, found ${key.asymmetricKeyType ?? "another type"}`,
      );
  }
}

function invalid(file: string, expected: string): SidecarError {
  return new SidecarError(
    "KEY_INVALID",
    `Cannot use the private key "${file}": expected ${expected}`,
  );
}
