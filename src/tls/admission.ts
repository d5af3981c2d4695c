import { createHash } from "node:crypto";
import { type AdmissionCode, SidecarError } from "../errors.ts";
import type { MaterialStore } from "../material/store.ts";
import type { TlsMaterial } from "../material/tls_material.ts";
import { type Certificate, parseCertificate } from "../x509/certificate.ts";
import { establish, holds, type Standing } from "./standing.ts";

/** How many admitted leaves are remembered. */
const MAX_REMEMBERED = 4096;

/** What a finished handshake, full or resumed, says of the client. */
export interface Presented {
  /**
   * The runtime's own verdict. It counts in a full handshake alone: on a resumed
   * session it says no more than that there is a certificate, even one that it
   * refused in the full handshake before.
   */
  readonly authorized: boolean;
  /** DER of the leaf certificate, where there is one. */
  readonly leaf: Uint8Array | undefined;
  /** DER of the certificates that came with it; called only where they matter. */
  intermediates(): readonly Uint8Array[];
}

/** The guard's verdict on a connection. */
export type Admission =
  | { readonly admitted: true; readonly standing: Standing }
  | {
    readonly admitted: false;
    readonly code: AdmissionCode;
    readonly detail: string;
  };

/**
 * Decides on every connection after its handshake and before its first HTTP
 * octet. The runtime honours a session of any earlier TLS server, without
 * looking at certificates or trust again, so what it says is never enough: a
 * path from the leaf to a CA that is trusted now must be found by our own
 * verification, once for each leaf as long as that CA stays. Whether a
 * certificate of the path is revoked is looked up on every connection.
 *
 * That the client holds the key of its leaf is for the runtime to see to. It does
 * so in every full handshake, but where the leaf is of a version other than 3:
 * then it asks for no proof, so such a leaf must never be admitted.
 *
 * Whatever cannot be judged is refused.
 */
export class AdmissionGuard {
  readonly #store: MaterialStore;
  readonly #now: () => number;
  /** By the leaf's fingerprint, the one used longest ago first. */
  readonly #remembered = new Map<string, Standing>();

  /** `now` gives milliseconds since the epoch. */
  constructor(store: MaterialStore, now: () => number = Date.now) {
    this.#store = store;
    this.#now = now;
  }

  /**
   * Judges a client by what is trusted now, whatever was when its handshake
   * began: our own verification needs nothing of that. Its code tells more than
   * the runtime's verdict, which is asked last: `UNAUTHORIZED` is a client that
   * the runtime alone refuses.
   */
  judge(presented: Presented): Admission {
    const admission = this.#verify(presented);
    if (admission.admitted && !presented.authorized) {
      return refused("UNAUTHORIZED", "the TLS handshake did not verify it");
    }
    return admission;
  }

  #verify(presented: Presented): Admission {
    if (presented.leaf === undefined || presented.leaf.length === 0) {
      return refused("LEAF_MISSING", "it presented no certificate to be read");
    }
    const fingerprint = createHash("sha256").update(presented.leaf)
      .digest("hex");
    const { material } = this.#store.current;
    if (material.isAnchor(fingerprint)) {
      return refused("LEAF_IS_CA", "its certificate is one of the CAs");
    }
    const context = { material, now: this.#now() };
    const recalled = this.#recall(fingerprint, context);
    if (recalled !== undefined) return { admitted: true, standing: recalled };
    try {
      const leaf = parseCertificate(presented.leaf);
      const intermediates = parsedOf(presented.intermediates());
      const judgement = establish({ leaf, intermediates }, context);
      if (!judgement.ok) return refused(judgement.code, judgement.detail);
      const { standing } = judgement;
      this.#remember(fingerprint, standing);
      return { admitted: true, standing };
    } catch (error) {
      if (!(error instanceof SidecarError)) throw error;
      return refused("LEAF_MALFORMED", error.message);
    }
  }

  /** A client admitted before, if what that rested on still holds. */
  #recall(
    fingerprint: string,
    context: { material: TlsMaterial; now: number },
  ): Standing | undefined {
    const found = this.#remembered.get(fingerprint);
    if (found === undefined) return undefined;
    this.#remembered.delete(fingerprint);
    if (!holds(found, context)) return undefined;
    this.#remembered.set(fingerprint, found);
    return found;
  }

  #remember(fingerprint: string, standing: Standing): void {
    if (this.#remembered.size >= MAX_REMEMBERED) {
      const [oldest] = this.#remembered.keys();
      this.#remembered.delete(oldest!);
    }
    this.#remembered.set(fingerprint, standing);
  }
}

function refused(code: AdmissionCode, detail: string): Admission {
  return { admitted: false, code, detail };
}

/**
 * What does not parse can be no part of a path, and what else came with the leaf
 * is none of our business.
 */
function parsedOf(ders: readonly Uint8Array[]): readonly Certificate[] {
  return ders.flatMap((der) => {
    try {
      return [parseCertificate(der)];
    } catch (error) {
      if (error instanceof SidecarError) return [];
      throw error;
    }
  });
}
