import { problemOf, SidecarError } from "../errors.ts";
import { type Certificate, equalOctets } from "../x509/certificate.ts";
import { type Crl, parseCrl, verifyCrlSignature } from "../x509/crl.ts";
import { parsePem } from "./pem.ts";
import {
  type CrlInForce,
  Revocation,
  type RevocationOptions,
} from "./revocation.ts";

/** The largest `CRL_FILE` that is read, in octets: the largest CRL in PEM, and room for more. */
export const MAX_CRL_FILE_OCTETS = 32 * 1024 * 1024;

/** Which certificates are revoked, and what the operator should know of it. */
export interface CertificateRevocationLists {
  readonly revocation: Revocation;
  readonly warnings: readonly string[];
  /** When the next CRL comes into its time or expires, in milliseconds since the epoch; Infinity where none does. */
  readonly changesAt: number;
}

/** By what {@linkcode readCertificateRevocationLists} judges. */
export interface CrlContext extends RevocationOptions {
  /** The CAs of the bundle. */
  readonly anchors: readonly Certificate[];
}

interface PlacedCrl {
  readonly crl: Crl;
  readonly place: string;
}

/**
 * Reads `CRL_FILE`: one CRL in DER, or one or several in PEM and nothing else.
 * Of several of one CA for the same scope the newest counts, by CRL number or
 * else by thisUpdate. Throws `PEM_INVALID` for the framing and `CRL_INVALID` for
 * a CRL that does not parse, and for one in the name of a CA of the bundle that
 * it did not sign or may not sign: that CA's revocations would be missing
 * silently. A CRL of no CA of the bundle is left out with a warning, for a CA
 * that leaves may leave its CRL behind. One that has expired is taken, and what
 * follows from that is for {@linkcode Revocation}.
 */
export function readCertificateRevocationLists(
  { path, octets }: { path: string; octets: Uint8Array },
  { anchors, now, onExpired }: CrlContext,
): CertificateRevocationLists {
  const newest = new Map<string, CrlInForce>();
  const warnings: string[] = [];
  for (const { crl, place } of parseCrls(octets, path)) {
    const signer = signerOf({ crl, place }, anchors);
    if (signer === undefined) {
      warnings.push(`${place} is left out: its issuer is no CA of the bundle`);
      continue;
    }
    const { fingerprint, thisUpdate, nextUpdate, crlNumber, revoked } = crl;
    const candidate: CrlInForce = {
      place,
      issuer: crl.issuer.der.toHex(),
      fingerprint,
      thisUpdate,
      nextUpdate,
      ...(crlNumber !== undefined && { crlNumber }),
      revoked,
    };
    const list = `${candidate.issuer} ${signer.spki.toHex()} ${crl.scope}`;
    const known = newest.get(list);
    const [kept, left] = known === undefined
      ? [candidate]
      : isNewer(candidate, known)
      ? [candidate, known]
      : [known, candidate];
    newest.set(list, kept);
    if (left) {
      warnings.push(`${left.place} is left out: ${kept.place} is newer`);
    }
  }
  const crls = [...newest.values()];
  let changesAt = Infinity;
  for (const crl of crls) {
    warnings.push(...timeWarnings(crl, { now, onExpired }));
    for (const time of [crl.thisUpdate, crl.nextUpdate + 1]) {
      if (time > now) changesAt = Math.min(changesAt, time);
    }
  }
  const revocation = new Revocation(crls, { now, onExpired });
  return { revocation, warnings, changesAt };
}

function parseCrls(octets: Uint8Array, file: string): PlacedCrl[] {
  if (isDer(octets)) return [parsePlaced(octets, `CRL of "${file}"`)];
  return parsePem(octets, file).map(({ label, der, line }, index) => {
    if (label !== "X509 CRL") {
      throw new SidecarError(
        "PEM_INVALID",
        `Cannot parse "${file}" line ${line}: expected only blocks of X509 CRL, found ${label}`,
      );
    }
    return parsePlaced(der, `CRL ${index + 1} (line ${line}) of "${file}"`);
  });
}

/** A SEQUENCE of 128 octets or more, as every signed one is: no text begins so. */
function isDer([tag = 0, length = 0]: Uint8Array): boolean {
  return tag === 0x30 && length >= 0x80;
}

function parsePlaced(der: Uint8Array, place: string): PlacedCrl {
  try {
    return { crl: parseCrl(der), place };
  } catch (cause) {
    if (!(cause instanceof SidecarError)) throw cause;
    throw new SidecarError(
      "CRL_INVALID",
      `Cannot parse ${place}: ${problemOf(cause)}`,
      { cause },
    );
  }
}

/** The CA that signed a CRL; undefined where none has its issuer's name. */
function signerOf(
  { crl, place }: PlacedCrl,
  anchors: readonly Certificate[],
): Certificate | undefined {
  const namesakes = anchors.filter(({ subject }) =>
    equalOctets(subject.der, crl.issuer.der)
  );
  const signer = namesakes.find((anchor) => verifyCrlSignature(crl, anchor));
  if (signer === undefined && namesakes.length > 0) {
    throw new SidecarError(
      "CRL_INVALID",
      `Cannot take ${place}: expected the signature of the CA of that name in the bundle, and its keyUsage to have cRLSign`,
    );
  }
  return signer;
}

function isNewer(a: CrlInForce, b: CrlInForce): boolean {
  const bothNumbered = a.crlNumber !== undefined && b.crlNumber !== undefined;
  return bothNumbered && a.crlNumber !== b.crlNumber
    ? a.crlNumber > b.crlNumber
    : a.thisUpdate > b.thisUpdate;
}

function timeWarnings(
  { place, thisUpdate, nextUpdate }: CrlInForce,
  { now, onExpired }: RevocationOptions,
): string[] {
  if (now < thisUpdate) {
    return [`${place} is taken before its time: ${iso(thisUpdate)}`];
  }
  if (now <= nextUpdate) return [];
  const consequence = onExpired === "refuse"
    ? "clients of its issuer are refused"
    : "its issuer may have revoked more since";
  return [`${place} expired at ${iso(nextUpdate)}: ${consequence}`];
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
