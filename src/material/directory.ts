import { readCertificateAuthorities } from "./certificate_authorities.ts";
import {
  MAX_CRL_FILE_OCTETS,
  readCertificateRevocationLists,
} from "./certificate_revocation_lists.ts";
import {
  type FileDigests,
  fileDigests,
  type MaterialFile,
} from "./file_digests.ts";
import { disk, type FileSystem, readFile } from "./files.ts";
import { certificateMessageWarnings } from "./message_size.ts";
import { readOwnCertificate } from "./own_certificate.ts";
import { readPrivateKey } from "./private_key.ts";
import { Revocation, type RevocationOptions } from "./revocation.ts";
import { type Directories, selectFiles, type Selection } from "./selection.ts";
import { TlsMaterial } from "./tls_material.ts";

/** What {@linkcode readMaterialFiles} reads. */
export interface ReadOptions extends Directories {
  /** The disk, unless a test puts another in its place. */
  readonly fs?: FileSystem;
}

/** How {@linkcode buildMaterial} judges. */
export interface BuildOptions {
  /** Milliseconds since the epoch, at which validity is judged. */
  readonly now: number;
  /**
   * Fingerprint of the own certificate in service: that it has expired is a
   * warning. It would be served on either way, and a refusal would keep a CA
   * trusted that has left the bundle.
   */
  readonly served?: string;
  /** `CRL_EXPIRED`; `refuse` unless told otherwise. */
  readonly crlExpired?: RevocationOptions["onExpired"];
}

/** The files of the material, chosen and read, and nothing checked. */
export interface FilesRead {
  readonly selection: Selection;
  readonly certificate: MaterialFile;
  readonly privateKey: MaterialFile;
  readonly certificateAuthorities: readonly MaterialFile[];
  /** Absent where there is none. */
  readonly crlFile?: MaterialFile;
  readonly digests: FileDigests;
}

/**
 * Loads TLS material from `CERT_DIR` and `CA_DIR`: the one way for start and for
 * every reload. It chooses the files, reads all of them, and only then parses
 * and checks; it gives whole material or throws a `SidecarError` that names the
 * file, and changes nothing in either case.
 *
 * Files read while they were being rotated do not pass for a pair: their key and
 * certificate do not match (`KEY_MISMATCH`), or a half-written file does not
 * parse (`PEM_INVALID`).
 */
export async function loadMaterial(
  options: ReadOptions & BuildOptions,
): Promise<TlsMaterial> {
  return buildMaterial(await readMaterialFiles(options), options);
}

/** The first half of {@linkcode loadMaterial}: what is on disk. */
export async function readMaterialFiles(
  { fs = disk, ...directories }: ReadOptions,
): Promise<FilesRead> {
  const selection = await selectFiles(fs, directories);
  const { crlFile: crlPath } = selection;
  const read = async (path: string, limit?: { maxOctets: number }) => ({
    path,
    octets: await readFile(fs, path, limit),
  });
  const [certificate, privateKey, crlFile, ...certificateAuthorities] =
    await Promise.all([
      read(selection.certificate),
      read(selection.privateKey),
      crlPath === undefined
        ? undefined
        : read(crlPath, { maxOctets: MAX_CRL_FILE_OCTETS }),
      ...selection.certificateAuthorities.map((path) => read(path)),
    ]);
  return {
    selection,
    certificate,
    privateKey,
    certificateAuthorities,
    ...(crlFile && { crlFile }),
    digests: fileDigests([
      certificate,
      privateKey,
      ...certificateAuthorities,
      ...(crlFile ? [crlFile] : []),
    ]),
  };
}

/** The second half of {@linkcode loadMaterial}: what it is worth at `now`. */
export function buildMaterial(
  read: FilesRead,
  { now, served, crlExpired = "refuse" }: BuildOptions,
): TlsMaterial {
  const { notes, warnings, unused: _, ...files } = read.selection;
  const key = readPrivateKey(read.privateKey.octets, read.privateKey.path);
  const own = readOwnCertificate(
    read.certificate.octets,
    read.certificate.path,
    { key, now, served },
  );
  const authorities = readCertificateAuthorities(
    read.certificateAuthorities,
    { now, missing: warnings },
  );
  const { anchors } = authorities;
  const judging = { now, onExpired: crlExpired };
  const crls = read.crlFile
    ? readCertificateRevocationLists(read.crlFile, { anchors, ...judging })
    : {
      revocation: new Revocation([], judging),
      warnings: [],
      changesAt: Infinity,
    };
  return new TlsMaterial({
    key,
    certificate: own.certificate,
    chain: own.chain,
    anchors,
    revocation: crls.revocation,
    files,
    notes,
    warnings: [
      ...warnings,
      ...own.warnings,
      ...authorities.warnings,
      ...crls.warnings,
      ...certificateMessageWarnings([own.certificate, ...own.chain], anchors),
    ],
    digests: read.digests,
    changesAt: Math.min(own.changesAt, authorities.changesAt, crls.changesAt),
  });
}
