import { changedFiles } from "./file_digests.ts";
import type { TlsMaterial } from "./tls_material.ts";

/**
 * Whether somebody who was trusted under `before` may no longer be under
 * `after`: an anchor is missing, or more is revoked. A renewed CA has another
 * fingerprint and counts as missing.
 */
export function trustShrinks(before: TlsMaterial, after: TlsMaterial): boolean {
  const kept = new Set(fingerprints(after));
  return fingerprints(before).some((fingerprint) => !kept.has(fingerprint)) ||
    after.revocation.grewSince(before.revocation);
}

/**
 * Whether `after` would change nothing for anyone: the files are unchanged, and
 * time has not changed what they are worth.
 */
export function sameMaterial(before: TlsMaterial, after: TlsMaterial): boolean {
  return changedFiles(before.digests, after.digests).length === 0 &&
    equal(fingerprints(before), fingerprints(after)) &&
    equal(before.warnings, after.warnings) &&
    !trustShrinks(before, after);
}

function fingerprints({ anchors }: TlsMaterial): string[] {
  return anchors.map(({ fingerprint }) => fingerprint);
}

function equal(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
