import type { Certificate } from "../x509/certificate.ts";
import type { FileDigests } from "./file_digests.ts";
import { pemOf } from "./certificate_file.ts";
import type { KeyFormat, PrivateKey } from "./private_key.ts";
import type { Revocation } from "./revocation.ts";

/** The paths that a {@linkcode TlsMaterial} was read from. */
export interface MaterialFiles {
  readonly certificate: string;
  readonly privateKey: string;
  readonly certificateAuthorities: readonly string[];
  /** Absent where there is none. */
  readonly crlFile?: string;
}

/** What a {@linkcode TlsMaterial} is built of, all of it checked. */
export interface MaterialParts {
  readonly certificate: Certificate;
  readonly chain: readonly Certificate[];
  readonly key: PrivateKey;
  readonly anchors: readonly Certificate[];
  readonly revocation: Revocation;
  readonly files: MaterialFiles;
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
  readonly digests: FileDigests;
  readonly changesAt: number;
}

/**
 * Everything that one `tls.Server` is made of: whole, checked and immutable, and
 * valid for as long as anybody holds it. The PEM strings are written anew from
 * what was parsed, so that nothing unchecked reaches the runtime.
 */
export class TlsMaterial {
  /** The sidecar's own certificate. */
  readonly certificate: Certificate;
  /** What is sent after it. */
  readonly chain: readonly Certificate[];
  /** `certificate` and `chain`. */
  readonly certificateChainPem: string;
  /** The roots that are trusted, without duplicates; at least one. */
  readonly anchors: readonly Certificate[];
  readonly anchorsPem: string;
  /** What the CRLs say; revokes nothing where there are none. */
  readonly revocation: Revocation;
  readonly keyFormat: KeyFormat;
  /** For example `EC P-256`. */
  readonly keyType: string;
  readonly files: MaterialFiles;
  /** What to tell the operator that may be meant so. */
  readonly notes: readonly string[];
  /** What to tell the operator that should be mended. */
  readonly warnings: readonly string[];
  /** Of every file that went into it. */
  readonly digests: FileDigests;
  /**
   * From when on the same files give other material, in milliseconds since the
   * epoch: a certificate of theirs expires or comes into its validity. Infinity
   * where that never happens.
   */
  readonly changesAt: number;
  // Private and behind a getter of the prototype: neither inspection nor JSON
  // shows it, so it cannot get into a log by accident.
  readonly #privateKeyPem: string;
  readonly #anchorFingerprints: ReadonlySet<string>;

  constructor(parts: MaterialParts) {
    this.certificate = parts.certificate;
    this.chain = Object.freeze([...parts.chain]);
    this.certificateChainPem = pemOf([parts.certificate, ...parts.chain]);
    this.anchors = Object.freeze([...parts.anchors]);
    this.anchorsPem = pemOf(parts.anchors);
    this.revocation = parts.revocation;
    this.keyFormat = parts.key.format;
    this.keyType = parts.key.type;
    this.files = Object.freeze({
      ...parts.files,
      certificateAuthorities: Object.freeze(
        [...parts.files.certificateAuthorities],
      ),
    });
    this.notes = Object.freeze([...parts.notes]);
    this.warnings = Object.freeze([...parts.warnings]);
    this.digests = parts.digests;
    this.changesAt = parts.changesAt;
    this.#privateKeyPem = parts.key.pem;
    this.#anchorFingerprints = new Set(
      parts.anchors.map(({ fingerprint }) => fingerprint),
    );
    Object.freeze(this);
  }

  /** PKCS#8 PEM. For `node:tls` alone. */
  get privateKeyPem(): string {
    return this.#privateKeyPem;
  }

  /** Whether the certificate with this fingerprint is one of `anchors`. */
  isAnchor(fingerprint: string): boolean {
    return this.#anchorFingerprints.has(fingerprint);
  }
}
