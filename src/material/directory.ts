import { createHash } from "node:crypto";
import { readCertificateAuthorities } from "./certificate_authorities.ts";
import { disk, type FileSystem, readFile } from "./files.ts";
import { certificateMessageWarnings } from "./message_size.ts";
import { readOwnCertificate } from "./own_certificate.ts";
import { readPrivateKey } from "./private_key.ts";
import { type Directories, selectFiles } from "./selection.ts";
import { TlsMaterial } from "./tls_material.ts";

/** Where {@linkcode loadMaterial} looks, and by which clock and disk. */
export interface LoadOptions extends Directories {
  /** Milliseconds since the epoch, at which validity is judged. */
  readonly now: number;
  /** The disk, unless a test puts another in its place. */
  readonly fs?: FileSystem;
}

/**
 * Loads TLS material from `CERT_DIR` and `CA_DIR`: the one function for start
 * and for every reload. It chooses the files, reads all of them, and only then
 * parses and checks; it gives whole material or throws a `SidecarError` that
 * names the file, and changes nothing in either case.
 *
 * Files read while they were being rotated do not pass for a pair: their key and
 * certificate do not match (`KEY_MISMATCH`), or a half-written file does not
 * parse (`PEM_INVALID`).
 */
export async function loadMaterial(
  { now, fs = disk, ...directories }: LoadOptions,
): Promise<TlsMaterial> {
  const { notes, warnings, ...files } = await selectFiles(fs, directories);
  const read = async (path: string) => ({
    path,
    octets: await readFile(fs, path),
  });
  const [certificateFile, keyFile, ...authorityFiles] = await Promise.all([
    read(files.certificate),
    read(files.privateKey),
    ...files.certificateAuthorities.map(read),
  ]);
  const key = readPrivateKey(keyFile.octets, keyFile.path);
  const own = readOwnCertificate(certificateFile.octets, certificateFile.path, {
    key,
    now,
  });
  const authorities = readCertificateAuthorities(authorityFiles, now);
  return new TlsMaterial({
    key,
    certificate: own.certificate,
    chain: own.chain,
    anchors: authorities.anchors,
    files,
    notes,
    warnings: [
      ...warnings,
      ...own.warnings,
      ...authorities.warnings,
      ...certificateMessageWarnings(
        [own.certificate, ...own.chain],
        authorities.anchors,
      ),
    ],
    digest: digestOf([certificateFile, keyFile, ...authorityFiles]),
  });
}

function digestOf(
  files: readonly { path: string; octets: Uint8Array }[],
): string {
  const hash = createHash("sha256");
  for (const { path, octets } of files) {
    // The length keeps octets that moved from one file to the next from
    // looking like no change.
    hash.update(`${path}\0${octets.length}\0`).update(octets);
  }
  return hash.digest("hex");
}
