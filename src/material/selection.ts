import { join } from "node:path";
import { SidecarError } from "../errors.ts";
import { type FileSystem, unreadableReason } from "./files.ts";
import type { MaterialFiles } from "./tls_material.ts";

/** Where the files are looked for. */
export interface Directories {
  /** `CERT_DIR` */
  readonly certDir: string;
  /** `CA_DIR` */
  readonly caDir: string;
  /** `CA_FROM_CERT_DIR`: whether CA files beside the certificate are trusted too. */
  readonly caFromCertDir: boolean;
  /** `CRL_FILE`, a path; absent or empty for `crl.pem` in `CA_DIR`, where there is one. */
  readonly crlFile?: string;
}

/**
 * Which files make up the material. All are paths. The CA files are those of
 * `CA_DIR` first, and may be none; a CRL file that was named is there or fails
 * to be read.
 */
export interface Selection extends MaterialFiles {
  /** Those that are there and not read, as others go before them. */
  readonly unused: readonly string[];
  /** What the operator should know and may be meant so. */
  readonly notes: readonly string[];
  /** What the operator should probably mend. */
  readonly warnings: readonly string[];
}

/** cert-manager's and Kubernetes' names, then those of Vault. */
const PAIRS = [
  { certificate: "tls.crt", privateKey: "tls.key" },
  { certificate: "certificate", privateKey: "private_key" },
] as const;
const CA_DIR_NAMES = ["ca-bundle.pem", "ca.crt"];
const CERT_DIR_CA_NAMES = ["ca.crt", "issuing_ca"];
const CA_DIR_CRL_NAME = "crl.pem";

/**
 * Chooses the files by their names. Half a pair is refused, even where the other
 * pair is whole: it is what a rotation in progress looks like, and the other
 * pair may be long out of use. Throws `CERT_DIR_UNREADABLE`, `CERT_NOT_FOUND`,
 * `KEY_NOT_FOUND`, or `FILE_UNREADABLE` for a `CA_DIR` that is there but cannot
 * be listed.
 */
export async function selectFiles(
  fs: FileSystem,
  { certDir, caDir, caFromCertDir, crlFile: crlNamed }: Directories,
): Promise<Selection> {
  const names = await listCertDir(fs, certDir);
  const { certificate, privateKey } = choosePair(names, certDir);
  const { chosen, crlFound, unused, warnings } = await chooseFromCaDir(
    fs,
    caDir,
  );
  const crlFile = crlNamed || crlFound;
  const merged = caFromCertDir
    ? CERT_DIR_CA_NAMES.filter((name) => names.has(name))
      .map((name) => join(certDir, name))
      .filter((path) => !chosen.includes(path))
    : [];
  return {
    certificate: join(certDir, certificate),
    privateKey: join(certDir, privateKey),
    certificateAuthorities: [...chosen, ...merged],
    ...(crlFile && { crlFile }),
    unused: [
      ...unused,
      ...PAIRS.flatMap((pair) => [pair.certificate, pair.privateKey])
        .filter((name) => name !== certificate && name !== privateKey)
        .filter((name) => names.has(name))
        .map((name) => join(certDir, name)),
    ],
    notes: merged.map((path) =>
      `"${path}" is trusted too: CA_FROM_CERT_DIR=false leaves it out`
    ),
    warnings,
  };
}

/**
 * A file of `before` that is gone, whatever took its place: in the midst of a
 * rotation the rest would pass for the whole. One that is still there and gave
 * way to another name is not gone.
 */
export function vanishedFile(
  before: MaterialFiles,
  after: Selection,
): string | undefined {
  const there = new Set([...usedFiles(after), ...after.unused]);
  return usedFiles(before).find((path) => !there.has(path));
}

function usedFiles(
  { certificate, privateKey, certificateAuthorities, crlFile }: MaterialFiles,
): string[] {
  return [
    certificate,
    privateKey,
    ...certificateAuthorities,
    ...(crlFile ? [crlFile] : []),
  ];
}

async function listCertDir(
  fs: FileSystem,
  certDir: string,
): Promise<Set<string>> {
  try {
    return new Set(await fs.list(certDir));
  } catch (cause) {
    throw new SidecarError(
      "CERT_DIR_UNREADABLE",
      `Cannot list CERT_DIR "${certDir}": ${unreadableReason(cause)}`,
      { cause },
    );
  }
}

function choosePair(
  names: ReadonlySet<string>,
  certDir: string,
): { certificate: string; privateKey: string } {
  for (const pair of PAIRS) {
    const { certificate, privateKey } = pair;
    const hasCertificate = names.has(certificate);
    const hasPrivateKey = names.has(privateKey);
    if (hasCertificate && hasPrivateKey) return pair;
    if (hasCertificate) {
      throw new SidecarError(
        "KEY_NOT_FOUND",
        `Cannot find "${privateKey}" in CERT_DIR "${certDir}": expected it beside "${certificate}"`,
      );
    }
    if (hasPrivateKey) {
      throw new SidecarError(
        "CERT_NOT_FOUND",
        `Cannot find "${certificate}" in CERT_DIR "${certDir}": expected it beside "${privateKey}"`,
      );
    }
  }
  throw new SidecarError(
    "CERT_NOT_FOUND",
    `Cannot find a certificate in CERT_DIR "${certDir}": expected tls.crt and tls.key, or certificate and private_key`,
  );
}

interface CaDirChoice {
  readonly chosen: readonly string[];
  readonly unused: readonly string[];
  readonly crlFound?: string;
  readonly warnings: readonly string[];
}

async function chooseFromCaDir(
  fs: FileSystem,
  caDir: string,
): Promise<CaDirChoice> {
  let names: readonly string[];
  try {
    names = await fs.list(caDir);
  } catch (cause) {
    const reason = unreadableReason(cause);
    // Only absence is a warning: a CA_DIR that is there and cannot be read must
    // not quietly shrink the trust.
    if (!(cause instanceof Deno.errors.NotFound)) {
      throw new SidecarError(
        "FILE_UNREADABLE",
        `Cannot list CA_DIR "${caDir}": ${reason}`,
        { cause },
      );
    }
    return {
      chosen: [],
      unused: [],
      warnings: [`CA_DIR "${caDir}" ${reason}`],
    };
  }
  const crl = names.includes(CA_DIR_CRL_NAME)
    ? { crlFound: join(caDir, CA_DIR_CRL_NAME) }
    : {};
  const [first, second] = CA_DIR_NAMES.filter((name) => names.includes(name));
  if (!first) {
    const expected = CA_DIR_NAMES.join(" or ");
    return {
      chosen: [],
      unused: [],
      ...crl,
      warnings: [`CA_DIR "${caDir}" holds no CA file: expected ${expected}`],
    };
  }
  return {
    chosen: [join(caDir, first)],
    unused: second ? [join(caDir, second)] : [],
    ...crl,
    warnings: second
      ? [`"${second}" in CA_DIR "${caDir}" is not read: "${first}" is`]
      : [],
  };
}
