import type { AdmissionCode } from "../errors.ts";
import {
  type ClientIdentity,
  clientIdentity,
} from "../identity/client_identity.ts";
import {
  type CertificateReference,
  referenceOf,
} from "../material/revocation.ts";
import type { TlsMaterial } from "../material/tls_material.ts";
import { type Certificate, parseCertificate } from "../x509/certificate.ts";
import { checkClientLeaf } from "../x509/leaf.ts";
import { findPath } from "../x509/path.ts";

/** What the trust in an admitted client rests on. Shared by its connections. */
export interface Standing {
  readonly client: ClientIdentity;
  /** Fingerprint of the CA that the path leads to. */
  readonly anchor: string;
  /** From the leaf to that CA. */
  readonly path: readonly CertificateReference[];
  /** DER of the intermediates of that path, from the leaf's issuer upwards: neither the leaf nor the CA. */
  readonly chain: readonly Uint8Array[];
  /** DER of the leaf, and of what came with it, as far as that is worth keeping. */
  readonly presented: readonly Uint8Array[];
  /** When every certificate of the path is valid, both ends included, in milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** With more than this presented, only what the path needs is kept. */
const MAX_PRESENTED_OCTETS = 16 * 1024;

/** A client's standing under some material, or why it has none. */
export type Judgement =
  | { readonly ok: true; readonly standing: Standing }
  | {
    readonly ok: false;
    readonly code: AdmissionCode;
    readonly detail: string;
  };

/**
 * Looks for a path from `leaf` through `intermediates` to a CA of `material`, at
 * `now` in milliseconds since the epoch.
 */
export function establish(
  { leaf, intermediates }: {
    leaf: Certificate;
    intermediates: readonly Certificate[];
  },
  { material, now }: { material: TlsMaterial; now: number },
): Judgement {
  const { anchors, revocation } = material;
  const code = checkClientLeaf(leaf, { now, anchors });
  if (code !== undefined) {
    return { ok: false, code, detail: "its certificate is no client's" };
  }
  const result = findPath({
    leaf,
    intermediates,
    anchors,
    now,
    revocationStatus: (certificate) =>
      revocation.statusOf(referenceOf(certificate), now),
  });
  if (!result.ok) return result;
  const { path, anchor } = result;
  return {
    ok: true,
    standing: {
      client: clientIdentity(leaf),
      anchor: anchor.fingerprint,
      path: path.map(referenceOf),
      chain: path.slice(1, -1).map(({ der }) => der),
      presented: worthKeeping([leaf, ...intermediates], path.slice(0, -1)),
      notBefore: Math.max(...path.map(({ notBefore }) => notBefore)),
      notAfter: Math.min(...path.map(({ notAfter }) => notAfter)),
    },
  };
}

/**
 * Whether a path that was found under other material is as good under this one:
 * it is valid, its CA is trusted, and nothing of it is revoked. Costs no search.
 */
export function holds(
  standing: Standing,
  { material, now }: { material: TlsMaterial; now: number },
): boolean {
  // Said so that a clock that gives NaN recalls nobody.
  return standing.notBefore <= now && now <= standing.notAfter &&
    material.isAnchor(standing.anchor) &&
    !material.isAnchor(standing.client.fingerprint) &&
    material.revocation.admitsPath(standing.path, now);
}

/**
 * The standing that a client has under `material` by the certificates that it
 * was admitted with: the same one where that holds, another one where another
 * path leads on, as when its CA was renewed; or why it has none any more.
 */
export function rejudge(
  standing: Standing,
  context: { material: TlsMaterial; now: number },
): Judgement {
  if (holds(standing, context)) return { ok: true, standing };
  const [leaf, ...intermediates] = standing.presented.map(parseCertificate);
  if (leaf === undefined) throw new TypeError("a standing without a leaf");
  return establish({ leaf, intermediates }, context);
}

function worthKeeping(
  presented: readonly Certificate[],
  needed: readonly Certificate[],
): readonly Uint8Array[] {
  const octets = presented.reduce((sum, { der }) => sum + der.length, 0);
  const kept = octets <= MAX_PRESENTED_OCTETS ? presented : needed;
  return kept.map(({ der }) => der);
}
