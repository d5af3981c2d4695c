import type { FormatOptions, HeaderFacts, HeaderLine } from "./header_facts.ts";

/**
 * `Client-Cert` and, where the path has intermediates, `Client-Cert-Chain` (RFC
 * 9440 §2.2 and §2.3): Byte Sequences of DER (RFC 9651 §3.3.5), a List of them
 * for the chain, in the order of TLS, without the leaf. An empty List has no
 * field (RFC 9651 §3.1).
 */
export function rfc9440Lines(
  { leaf, chain }: HeaderFacts,
  { certificates }: FormatOptions,
): HeaderLine[] {
  if (!certificates) return [];
  const lines: HeaderLine[] = [["Client-Cert", byteSequence(leaf)]];
  if (chain.length > 0) {
    lines.push(["Client-Cert-Chain", chain.map(byteSequence).join(", ")]);
  }
  return lines;
}

function byteSequence(octets: Uint8Array): string {
  return `:${octets.toBase64()}:`;
}
