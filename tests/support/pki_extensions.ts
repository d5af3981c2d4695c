import { createHash, type KeyObject } from "node:crypto";
import * as der from "./der_writer.ts";
import type { CertificateOptions } from "./pki.ts";
import { spkiOf } from "./pki_keys.ts";

/** The bits of keyUsage (RFC 5280 §4.2.1.3), by number. */
const KEY_USAGE_BITS = {
  digitalSignature: 0,
  nonRepudiation: 1,
  keyEncipherment: 2,
  keyAgreement: 4,
  keyCertSign: 5,
  cRLSign: 6,
} as const;
export type KeyUsageName = keyof typeof KEY_USAGE_BITS;

/** Bases of subtrees, each the DER of one GeneralName: see {@linkcode generalName}. */
export interface Constraints {
  readonly permitted?: readonly Uint8Array[];
  readonly excluded?: readonly Uint8Array[];
}

/** DER of a GeneralName. `ip` takes dotted IPv4, dotted address/mask, or octets in hex. */
export function generalName(
  form: "email" | "dns" | "uri" | "ip" | "directory",
  value: string | Uint8Array,
): Uint8Array<ArrayBuffer> {
  const number = { email: 1, dns: 2, directory: 4, uri: 6, ip: 7 }[form];
  if (value instanceof Uint8Array) {
    return form === "directory"
      ? der.context(number, value)
      : der.contextPrimitive(number, value);
  }
  const octets = form === "ip"
    ? addressOctets(value)
    : new TextEncoder().encode(value);
  return der.contextPrimitive(number, octets);
}

/** DER of an Extension. */
export function extension(
  oid: string,
  value: Uint8Array,
  options: { critical?: boolean } = {},
): Uint8Array<ArrayBuffer> {
  return der.sequence(
    der.oid(oid),
    ...(options.critical ? [der.boolean(true)] : []),
    der.octetString(value),
  );
}

/** The extensions that a version 3 certificate carries by its options. */
export function extensionsOf(
  options: CertificateOptions & { readonly key: KeyObject },
  issuer: { readonly key: KeyObject },
): Uint8Array[] {
  const list = [
    extension("2.5.29.14", der.octetString(keyIdentifier(options.key))),
    extension(
      "2.5.29.35",
      der.sequence(der.contextPrimitive(0, keyIdentifier(issuer.key))),
    ),
  ];
  const { ca, keyUsage = [], eku = [], pathLength, nameConstraints } = options;
  if (ca !== null && ca !== undefined) {
    const value = der.sequence(
      ...(ca ? [der.boolean(true)] : []),
      ...(pathLength === undefined ? [] : [der.integer(pathLength)]),
    );
    list.push(extension("2.5.29.19", value, { critical: true }));
  }
  if (keyUsage.length > 0) {
    list.push(
      extension("2.5.29.15", keyUsageBits(keyUsage), { critical: true }),
    );
  }
  if (eku.length > 0) {
    list.push(extension("2.5.29.37", der.sequence(...eku.map(der.oid))));
  }
  const names = subjectAltNames(options);
  if (names.length > 0) {
    list.push(extension("2.5.29.17", der.sequence(...names)));
  }
  if (nameConstraints) {
    list.push(
      extension("2.5.29.30", constraints(nameConstraints), { critical: true }),
    );
  }
  return [...list, ...(options.extraExtensions ?? [])];
}

function subjectAltNames(options: CertificateOptions): Uint8Array[] {
  return [
    ...(options.dnsNames ?? []).map((name) => generalName("dns", name)),
    ...(options.uris ?? []).map((name) => generalName("uri", name)),
    ...(options.emails ?? []).map((name) => generalName("email", name)),
    ...(options.ips ?? []).map((name) => generalName("ip", name)),
  ];
}

function constraints(
  { permitted, excluded }: Constraints,
): Uint8Array<ArrayBuffer> {
  const subtrees = (number: number, bases?: readonly Uint8Array[]) =>
    bases
      ? [der.context(number, ...bases.map((base) => der.sequence(base)))]
      : [];
  return der.sequence(...subtrees(0, permitted), ...subtrees(1, excluded));
}

function addressOctets(text: string): Uint8Array {
  if (!text.includes(".")) return der.raw(text);
  return Uint8Array.from(text.split(/[./]/).map(Number));
}

function keyUsageBits(names: readonly KeyUsageName[]): Uint8Array<ArrayBuffer> {
  const octet = names.reduce(
    (bits, name) => bits | 0x80 >> KEY_USAGE_BITS[name],
    0,
  );
  // A named bit list ends at its last set bit (X.690 §11.2.2).
  return der.bitString(Uint8Array.of(octet), Math.clz32(octet & -octet) ^ 31);
}

function keyIdentifier(key: KeyObject): Uint8Array {
  return createHash("sha1").update(spkiOf(key)).digest();
}
