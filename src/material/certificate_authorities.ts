import { SidecarError } from "../errors.ts";
import { checkAnchor } from "../x509/anchor.ts";
import type { Certificate } from "../x509/certificate.ts";
import { parseCertificates } from "./certificate_file.ts";

/** The roots that a peer's certificate may lead to. */
export interface CertificateAuthorities {
  /** Without duplicates, in the files' order; at least one. */
  readonly anchors: readonly Certificate[];
  readonly warnings: readonly string[];
  /** When the next CA expires or comes into its validity, in milliseconds since the epoch; Infinity where none does. */
  readonly changesAt: number;
}

/**
 * Reads the CA pool. One certificate that does not parse or that is no CA fit to
 * be trusted refuses the whole (`PEM_INVALID`, `CA_INVALID`): a pool with a hole
 * that nobody sees is worse than none. A CA outside its validity at `now`, in
 * milliseconds since the epoch, is left out with a warning, for old roots stay
 * in bundles long after their time. A pool that is empty in the end throws
 * `CA_EMPTY`, because nobody could be verified by it; `missing` says where none was
 * found, and `whom` who that is.
 */
export function readCertificateAuthorities(
  files: readonly { path: string; octets: Uint8Array }[],
  { now, missing = [], whom = "clients" }: {
    now: number;
    missing?: readonly string[];
    whom?: string;
  },
): CertificateAuthorities {
  const anchors = new Map<string, Certificate>();
  const warnings: string[] = [];
  let changesAt = Infinity;
  for (const { path, octets } of files) {
    const placed = parseCertificates(octets, {
      file: path,
      code: "CA_INVALID",
    });
    for (const { certificate, place } of placed) {
      const verdict = checkAnchor(certificate, now);
      for (const time of [certificate.notBefore, certificate.notAfter + 1]) {
        if (time > now) changesAt = Math.min(changesAt, time);
      }
      if (verdict.ok) anchors.set(certificate.fingerprint, certificate);
      else if (verdict.expired) {
        warnings.push(`${place} is left out: ${verdict.problem}`);
      } else {
        throw new SidecarError(
          "CA_INVALID",
          `Cannot trust ${place}: ${verdict.problem}`,
        );
      }
    }
  }
  if (anchors.size === 0) {
    const found = files.length === 0
      ? ["no file", ...missing].join(": ")
      : `none within its validity in "${
        files.map(({ path }) => path).join('", "')
      }"`;
    throw new SidecarError(
      "CA_EMPTY",
      `Cannot verify ${whom}: expected at least one CA certificate, found ${found}`,
    );
  }
  return { anchors: [...anchors.values()], warnings, changesAt };
}
