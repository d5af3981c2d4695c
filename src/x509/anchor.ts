import type { Certificate } from "./certificate.ts";
import { issuerProblem, validityAt } from "./issuer.ts";

/** The verdict on a CA of the bundle. */
export type AnchorVerdict =
  | { readonly ok: true }
  | {
    readonly ok: false;
    /**
     * `now` is outside the validity period, past it or before it: leave the CA
     * out with a warning. Where this is false the CA can never serve: refuse.
     */
    readonly expired: boolean;
    /** A clause such as `its keyUsage lacks keyCertSign`. */
    readonly problem: string;
  };

/**
 * Whether a CA of the bundle may be a trust anchor at `now`, in milliseconds
 * since the epoch. A CA that {@linkcode findPath} would refuse in every path is
 * refused here already, where an operator sees it.
 */
export function checkAnchor(
  certificate: Certificate,
  now: number,
): AnchorVerdict {
  const problem = issuerProblem(certificate);
  if (problem) return { ok: false, expired: false, problem };
  const { notBefore, notAfter } = certificate;
  switch (validityAt(certificate, now)) {
    case "expired":
      return {
        ok: false,
        expired: true,
        problem: `it expired at ${iso(notAfter)}`,
      };
    case "not yet valid":
      return {
        ok: false,
        expired: true,
        problem: `it is not valid before ${iso(notBefore)}`,
      };
    case "valid":
      return { ok: true };
  }
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
