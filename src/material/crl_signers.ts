import { SidecarError } from "../errors.ts";
import { type Certificate, equalOctets } from "../x509/certificate.ts";
import {
  type CrlEnvelope,
  parseCrlKeyIdentifier,
  verifyCrlSignature,
} from "../x509/crl.ts";
import { verifySignature } from "../x509/signature.ts";

/** What may be spent on one file, in octets that are hashed: under a second. */
const BUDGET_OCTETS = 256 * 1024 * 1024;
/** What a signature costs beside the hash, in octets: 1,024 signatures are the most. */
const SIGNATURE_OCTETS = 256 * 1024;

/** Finds the CA of the bundle that signed a CRL, at a bounded cost for all CRLs of a file. */
export class CrlSigners {
  readonly #anchors: readonly Certificate[];
  #left = BUDGET_OCTETS;

  constructor(anchors: readonly Certificate[]) {
    this.#anchors = anchors;
  }

  /**
   * The CA that signed a CRL, or why the CRL is to be left out: its issuer is no
   * CA of the bundle, or only has the name of one. The latter says by its
   * authorityKeyIdentifier that another key made it, and lies there when a CA was
   * replaced under its old name: refusing it would keep the old CA trusted. A
   * damaged CRL of a CA of the bundle names that CA's key, and is refused.
   *
   * Throws `CRL_INVALID` where its revocations would be missing silently: for a
   * CRL in the name of a CA that did not sign it or may not sign it, and for one that a
   * CA signed under a name written otherwise than its own (RFC 5280 §7.1 may call
   * the two equal, but names are compared octet for octet here); and where the
   * file needs more signatures than are tried.
   */
  signerOf(crl: CrlEnvelope, place: string): Certificate | string {
    const namesakes = this.#anchors.filter(({ subject }) =>
      equalOctets(subject.der, crl.issuer.der)
    );
    if (namesakes.length === 0) {
      this.#refuseOtherName(crl, place);
      return "its issuer is no CA of the bundle";
    }
    for (const anchor of namesakes) {
      this.#spend(crl, place);
      if (verifyCrlSignature(crl, anchor)) return anchor;
    }
    if (isOfAnotherKey(crl, namesakes)) {
      return "it names another key than the CA of its issuer's name in the bundle has, and what it revokes is not revoked";
    }
    throw invalid(
      place,
      "expected the signature of the CA of that name in the bundle, and its keyUsage to have cRLSign",
    );
  }

  #refuseOtherName(crl: CrlEnvelope, place: string): void {
    for (const { spki } of this.#anchors) {
      this.#spend(crl, place);
      if (verifySignature(crl, spki)) {
        throw invalid(
          place,
          "expected the issuer's name octet for octet as the CA of the bundle that signed it has it",
        );
      }
    }
  }

  #spend({ tbs }: CrlEnvelope, place: string): void {
    this.#left -= SIGNATURE_OCTETS + tbs.length;
    if (this.#left < 0) {
      throw invalid(place, "expected fewer CRLs of CAs outside the bundle");
    }
  }
}

function isOfAnotherKey(
  crl: CrlEnvelope,
  namesakes: readonly Certificate[],
): boolean {
  let named: Uint8Array | undefined;
  try {
    named = parseCrlKeyIdentifier(crl);
  } catch (error) {
    // Damaged, perhaps: the caller refuses it for the signature.
    if (error instanceof SidecarError) return false;
    throw error;
  }
  if (!named) return false;
  const key = named;
  return namesakes.every(({ extensions: { subjectKeyIdentifier } }) =>
    subjectKeyIdentifier !== undefined &&
    !equalOctets(subjectKeyIdentifier, key)
  );
}

function invalid(place: string, expected: string): SidecarError {
  return new SidecarError("CRL_INVALID", `Cannot take ${place}: ${expected}`);
}
