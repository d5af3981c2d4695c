import { createPublicKey, type KeyObject } from "node:crypto";
import * as der from "../support/der_writer.ts";
import { toPem } from "../support/pki.ts";
import { generateKey } from "../support/pki_keys.ts";

/**
 * PEM of a P-256 key (RFC 5915 §3) that names `key`'s public half and holds
 * another private one. `openssl` takes it for the key of a certificate that is
 * not its own, and signs what a server must not take for a proof.
 */
export function forgedKeyPem(key: KeyObject): string {
  const { d } = generateKey("P-256").export({ format: "jwk" });
  const { x, y } = createPublicKey(key).export({ format: "jwk" });
  const point = der.concat([Uint8Array.of(4), octets(x), octets(y)]);
  return toPem(
    der.sequence(
      der.integer(1),
      der.octetString(octets(d)),
      der.context(0, der.oid("1.2.840.10045.3.1.7")),
      der.context(1, der.bitString(point)),
    ),
    "EC PRIVATE KEY",
  );
}

function octets(coordinate: string | undefined): Uint8Array {
  return Uint8Array.fromBase64(coordinate ?? "", { alphabet: "base64url" });
}
