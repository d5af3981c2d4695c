import { createHash } from "node:crypto";
import { type AdmissionCode, SidecarError } from "../errors.ts";
import {
  type ClientIdentity,
  clientIdentity,
} from "../identity/client_identity.ts";
import {
  type CertificateReference,
  referenceOf,
  type Revocation,
} from "../material/revocation.ts";
import type { Current, MaterialStore } from "../material/store.ts";
import { type Certificate, parseCertificate } from "../x509/certificate.ts";
import { checkClientLeaf } from "../x509/leaf.ts";
import { findPath } from "../x509/path.ts";

/** How many admitted leaves are remembered. */
const MAX_REMEMBERED = 4096;

/** What a finished handshake, full or resumed, says of the client. */
export interface Presented {
  /** The runtime's own verdict: necessary, and not sufficient. */
  readonly authorized: boolean;
  /** DER of the leaf certificate, where there is one. */
  readonly leaf: Uint8Array | undefined;
  /** DER of the certificates that came with it; called only where they matter. */
  intermediates(): readonly Uint8Array[];
}

/** The guard's verdict on a connection. */
export type Admission =
  | { readonly admitted: true; readonly client: ClientIdentity }
  | {
    readonly admitted: false;
    readonly code: AdmissionCode;
    readonly detail: string;
  };

interface Remembered {
  readonly client: ClientIdentity;
  /** Fingerprint of the CA that the path leads to. */
  readonly anchor: string;
  /** From the leaf to that CA. */
  readonly path: readonly CertificateReference[];
  /** When every certificate of the path is valid, both ends included, in milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/**
 * Decides on every connection after its handshake and before its first HTTP
 * octet. The runtime honours a session of any earlier TLS server, without
 * looking at certificates or trust again, so what it says is never enough: a
 * path from the leaf to a CA that is trusted now must be found by our own
 * verification, once for each leaf as long as that CA stays. Whether a
 * certificate of the path is revoked is looked up on every connection.
 *
 * Whatever cannot be judged is refused.
 */
export class AdmissionGuard {
  readonly #store: MaterialStore;
  readonly #now: () => number;
  /** By the leaf's fingerprint, the one used longest ago first. */
  readonly #remembered = new Map<string, Remembered>();
  #trusted: { of: Current; fingerprints: ReadonlySet<string> } | undefined;

  /** `now` gives milliseconds since the epoch. */
  constructor(store: MaterialStore, now: () => number = Date.now) {
    this.#store = store;
    this.#now = now;
  }

  /** Judges a client whose handshake was begun under `begunUnder`. */
  judge(presented: Presented, begunUnder: Current): Admission {
    if (!presented.authorized) {
      return refused("UNAUTHORIZED", "the TLS handshake did not verify it");
    }
    const current = this.#store.current;
    if (begunUnder.generation !== current.generation) {
      return refused("TRUST_SHRUNK", "trust shrank during its handshake");
    }
    if (presented.leaf === undefined || presented.leaf.length === 0) {
      return refused("LEAF_MISSING", "it presented no certificate");
    }
    const fingerprint = createHash("sha256").update(presented.leaf)
      .digest("hex");
    const trusted = this.#trustedFingerprints(current);
    if (trusted.has(fingerprint)) {
      return refused("LEAF_IS_CA", "its certificate is one of the CAs");
    }
    const now = this.#now();
    const { anchors, revocation } = current.material;
    const client = this.#recall(fingerprint, { trusted, revocation, now });
    if (client !== undefined) return { admitted: true, client };
    try {
      return this.#verify(parseCertificate(presented.leaf), {
        presented,
        anchors,
        revocation,
        now,
      });
    } catch (error) {
      if (!(error instanceof SidecarError)) throw error;
      return refused("LEAF_MALFORMED", error.message);
    }
  }

  #trustedFingerprints(current: Current): ReadonlySet<string> {
    if (this.#trusted?.of !== current) {
      const { anchors } = current.material;
      this.#trusted = {
        of: current,
        fingerprints: new Set(anchors.map(({ fingerprint }) => fingerprint)),
      };
    }
    return this.#trusted.fingerprints;
  }

  /** A client admitted before, if its path still ends at a CA trusted now and nothing of it is revoked. */
  #recall(
    fingerprint: string,
    { trusted, revocation, now }: {
      trusted: ReadonlySet<string>;
      revocation: Revocation;
      now: number;
    },
  ): ClientIdentity | undefined {
    const found = this.#remembered.get(fingerprint);
    if (found === undefined) return undefined;
    this.#remembered.delete(fingerprint);
    // Said so that a clock that gives NaN recalls nobody.
    const valid = found.notBefore <= now && now <= found.notAfter;
    if (!valid || !trusted.has(found.anchor)) return undefined;
    if (!revocation.admitsPath(found.path, now)) return undefined;
    this.#remembered.set(fingerprint, found);
    return found.client;
  }

  #verify(
    leaf: Certificate,
    { presented, anchors, revocation, now }: {
      presented: Presented;
      anchors: readonly Certificate[];
      revocation: Revocation;
      now: number;
    },
  ): Admission {
    const code = checkClientLeaf(leaf, { now, anchors });
    if (code !== undefined) {
      return refused(code, "its certificate is no client's");
    }
    const intermediates: Certificate[] = [];
    for (const der of presented.intermediates()) {
      // What does not parse can be no part of a path, and what else came with
      // the leaf is none of our business.
      const certificate = parsedOrUndefined(der);
      if (certificate !== undefined) intermediates.push(certificate);
    }
    const result = findPath({
      leaf,
      intermediates,
      anchors,
      now,
      revocationStatus: (certificate) =>
        revocation.statusOf(referenceOf(certificate), now),
    });
    if (!result.ok) return refused(result.code, result.detail);
    const client = clientIdentity(leaf);
    this.#remember(leaf.fingerprint, {
      client,
      anchor: result.anchor.fingerprint,
      path: result.path.map(referenceOf),
      notBefore: Math.max(...result.path.map(({ notBefore }) => notBefore)),
      notAfter: Math.min(...result.path.map(({ notAfter }) => notAfter)),
    });
    return { admitted: true, client };
  }

  #remember(fingerprint: string, entry: Remembered): void {
    if (this.#remembered.size >= MAX_REMEMBERED) {
      const [oldest] = this.#remembered.keys();
      this.#remembered.delete(oldest!);
    }
    this.#remembered.set(fingerprint, entry);
  }
}

function refused(code: AdmissionCode, detail: string): Admission {
  return { admitted: false, code, detail };
}

function parsedOrUndefined(der: Uint8Array): Certificate | undefined {
  try {
    return parseCertificate(der);
  } catch (error) {
    if (error instanceof SidecarError) return undefined;
    throw error;
  }
}
