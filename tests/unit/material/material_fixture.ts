import assert from "node:assert/strict";
import { SidecarError } from "../../../src/errors.ts";
import { loadMaterial } from "../../../src/material/directory.ts";
import type { TlsMaterial } from "../../../src/material/tls_material.ts";
import {
  type CertificateOptions,
  createAuthority,
  type Issued,
} from "../../support/pki.ts";
import { memoryFiles } from "./memory_files.ts";

export const NOW = Date.UTC(2030, 0, 1);
export const HOUR = 3_600_000;
export const VALID: CertificateOptions = {
  notBefore: NOW - HOUR,
  notAfter: NOW + HOUR,
};

export const root = createAuthority({ ...VALID, commonName: "Root" });
export const other = createAuthority({ ...VALID, commonName: "Other" });
export const leaf = root.issue(VALID);

type Files = Record<string, string | Error>;

/** The files of a good start; what a test adds goes on top, and `undefined` removes. */
export function files(
  changes: Record<string, string | Error | undefined> = {},
): Files {
  const all = {
    "/certs/tls.crt": leaf.certPem,
    "/certs/tls.key": leaf.keyPem,
    "/ca/ca.crt": root.certPem,
    ...changes,
  };
  const kept: Files = {};
  for (const [path, content] of Object.entries(all)) {
    if (content !== undefined) kept[path] = content;
  }
  return kept;
}

/** Loads `/certs` and `/ca` of `content` at {@linkcode NOW}. */
export function load(
  content: Files,
  options: { caFromCertDir?: boolean; now?: number; served?: string } = {},
): Promise<TlsMaterial> {
  return loadMaterial({
    certDir: "/certs",
    caDir: "/ca",
    caFromCertDir: true,
    now: NOW,
    fs: memoryFiles(content),
    ...options,
  });
}

/** The code and message of a load that must fail, in the house grammar. */
export async function refusal(
  content: Files,
  options: { caFromCertDir?: boolean; now?: number } = {},
): Promise<{ code: string; message: string }> {
  try {
    await load(content, options);
  } catch (error) {
    assert.ok(error instanceof SidecarError, String(error));
    assert.doesNotMatch(error.message, /\.$|Error:|\n/);
    return { code: error.code, message: error.message };
  }
  assert.fail("expected a refusal");
}

/** The keys of `known` by which the certificates are known, in their order. */
export function names(
  certificates: readonly { der: Uint8Array }[],
  known: Record<string, Issued>,
): string[] {
  return certificates.map(({ der }) =>
    Object.entries(known).find(([, issued]) =>
      issued.der.toHex() === der.toHex()
    )?.[0] ?? "unknown"
  );
}
