import { readCertificateAuthorities } from "../material/certificate_authorities.ts";
import { parseCertificates } from "../material/certificate_file.ts";
import {
  MAX_CRL_FILE_OCTETS,
  readCertificateRevocationLists,
} from "../material/certificate_revocation_lists.ts";
import {
  type BuildOptions,
  loadMaterial,
  type ReadOptions,
} from "../material/directory.ts";
import type { MaterialFile } from "../material/file_digests.ts";
import { type FileSystem, readFile } from "../material/files.ts";
import { readOwnCertificate } from "../material/own_certificate.ts";
import { readPrivateKey } from "../material/private_key.ts";
import type { Revocation } from "../material/revocation.ts";
import { selectFiles, type Selection } from "../material/selection.ts";
import type { TlsMaterial } from "../material/tls_material.ts";
import type { Certificate } from "../x509/certificate.ts";
import type { Findings } from "./check_findings.ts";

/** What could be read of the TLS material. */
export interface ReadMaterial {
  /** The whole, as it would be served; absent where `serve` would not start with it. */
  readonly material?: TlsMaterial;
  readonly own?: {
    readonly file: string;
    readonly certificate: Certificate;
    readonly chain: readonly Certificate[];
    readonly keyType?: string;
  };
  readonly anchors?: readonly Certificate[];
  readonly revocation?: Revocation;
}

/** How the material is read: as `serve` does. */
export type MaterialOptions = ReadOptions & BuildOptions & {
  readonly fs: FileSystem;
};

/**
 * Loads the material as `serve` does, and that alone says whether it can be
 * served. Where it can't, each part is read by itself as far as it does not
 * depend on another, so that one look tells of all that is wrong.
 */
export async function readMaterial(
  options: MaterialOptions,
  findings: Findings,
): Promise<ReadMaterial> {
  const material = await findings.attempt(() => loadMaterial(options));
  if (material === undefined) return await readParts(options, findings);
  const { certificate, chain, keyType, anchors, revocation } = material;
  findings.notes.push(...material.notes);
  findings.warnings.push(...material.warnings);
  const file = material.files.certificate;
  return {
    material,
    own: { file, certificate, chain, keyType },
    anchors,
    revocation,
  };
}

async function readParts(
  options: MaterialOptions,
  findings: Findings,
): Promise<ReadMaterial> {
  const { fs } = options;
  const selection = await findings.attempt(() => selectFiles(fs, options));
  const own = selection && await readOwn(selection, options, findings);
  const others = selection ??
    await findings.attempt(() =>
      selectFiles(asIfPaired(fs, options.certDir), options)
    );
  findings.notes.push(...others?.notes ?? []);
  findings.warnings.push(...others?.warnings ?? []);
  const trust = others && await readTrust(others, options, findings);
  return { ...(own && { own }), ...trust };
}

/** The file system as if `CERT_DIR` held a pair: the choice of the other files does not depend on what pair it is. */
function asIfPaired(fs: FileSystem, certDir: string): FileSystem {
  return {
    read: (path, maxOctets) => fs.read(path, maxOctets),
    async list(directory) {
      if (directory !== certDir) return await fs.list(directory);
      const names = await fs.list(directory).catch(() => []);
      return [...names, "tls.crt", "tls.key"];
    },
  };
}

async function readOwn(
  { certificate: file, privateKey }: Selection,
  { fs, now }: MaterialOptions,
  findings: Findings,
): Promise<ReadMaterial["own"]> {
  const key = await findings.attempt(async () =>
    readPrivateKey(await readFile(fs, privateKey), privateKey)
  );
  const octets = await findings.attempt(() => readFile(fs, file));
  if (octets === undefined) return undefined;
  if (key !== undefined) {
    const own = await findings.attempt(() =>
      readOwnCertificate(octets, file, { key, now })
    );
    findings.warnings.push(...own?.warnings ?? []);
  }
  // Shown whatever is wrong with it: that is where one looks for the reason.
  const placed = await findings.attempt(() =>
    parseCertificates(octets, { file, code: "CERT_INVALID" })
  );
  const [certificate, ...chain] = placed?.map((entry) => entry.certificate) ??
    [];
  return certificate &&
    { file, certificate, chain, ...(key && { keyType: key.type }) };
}

async function readTrust(
  { certificateAuthorities, crlFile, warnings }: Selection,
  { fs, now, crlExpired: onExpired = "refuse" }: MaterialOptions,
  findings: Findings,
): Promise<Pick<ReadMaterial, "anchors" | "revocation">> {
  const files: MaterialFile[] = [];
  for (const path of certificateAuthorities) {
    const octets = await findings.attempt(() => readFile(fs, path));
    if (octets !== undefined) files.push({ path, octets });
  }
  if (files.length < certificateAuthorities.length) return {};
  const authorities = await findings.attempt(() =>
    readCertificateAuthorities(files, { now, missing: warnings })
  );
  if (authorities === undefined) return {};
  const { anchors } = authorities;
  findings.warnings.push(...authorities.warnings);
  if (crlFile === undefined) return { anchors };
  const lists = await findings.attempt(async () => {
    const octets = await readFile(fs, crlFile, {
      maxOctets: MAX_CRL_FILE_OCTETS,
    });
    return readCertificateRevocationLists(
      { path: crlFile, octets },
      { anchors, now, onExpired },
    );
  });
  if (lists === undefined) return { anchors };
  findings.warnings.push(...lists.warnings);
  return { anchors, revocation: lists.revocation };
}
