import { problemOf, SidecarError } from "../errors.ts";
import type { Certificate } from "../x509/certificate.ts";
import {
  type CrlEnvelope,
  parseCrlContent,
  parseCrlEnvelope,
} from "../x509/crl.ts";
import { CrlSigners } from "./crl_signers.ts";
import { parsePem } from "./pem.ts";
import {
  type CrlInForce,
  Revocation,
  type RevocationOptions,
} from "./revocation.ts";

/** The largest `CRL_FILE` that is read, in octets: the largest CRL in PEM, and room for more. */
export const MAX_CRL_FILE_OCTETS = 32 * 1024 * 1024;

/** The most CRLs that a file may hold: far more than CAs that a bundle can have. */
export const MAX_CRLS = 256;

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
  readonly envelope: CrlEnvelope;
  readonly place: string;
}

/**
 * Reads `CRL_FILE`: one CRL in DER, or one or several in PEM and nothing else.
 * Of several of one CA for the same scope the newest counts, by CRL number or
 * else by thisUpdate. Throws `PEM_INVALID` for the framing and `CRL_INVALID` for
 * a CRL that does not parse, for more than {@linkcode MAX_CRLS}, and for one whose
 * revocations would be missing silently: see {@linkcode CrlSigners}. A CRL of no
 * CA of the bundle is left out with a warning, for a CA that leaves or changes
 * its key may leave its CRL behind. Nothing but the envelope of a CRL is read
 * before its signature is verified, and copies are passed over. One that has
 * expired is taken, and what follows from that is for {@linkcode Revocation}.
 */
export function readCertificateRevocationLists(
  { path, octets }: { path: string; octets: Uint8Array },
  { anchors, now, onExpired }: CrlContext,
): CertificateRevocationLists {
  const newest = new Map<string, CrlInForce>();
  const warnings: string[] = [];
  const signers = new CrlSigners(anchors);
  const seen = new Set<string>();
  for (const { envelope, place } of parseEnvelopes(octets, path)) {
    // A copy says nothing new, and would cost a signature.
    if (seen.has(envelope.fingerprint)) continue;
    seen.add(envelope.fingerprint);
    const signer = signers.signerOf(envelope, place);
    if (typeof signer === "string") {
      warnings.push(`${place} is left out: ${signer}`);
      continue;
    }
    const crl = parsePlaced(place, () => parseCrlContent(envelope));
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

function parseEnvelopes(octets: Uint8Array, file: string): PlacedCrl[] {
  if (isDer(octets)) return [parseEnvelope(octets, `CRL of "${file}"`)];
  const blocks = parsePem(octets, file);
  if (blocks.length > MAX_CRLS) {
    throw new SidecarError(
      "CRL_INVALID",
      `Cannot parse "${file}": expected at most ${MAX_CRLS} CRLs, found ${blocks.length}`,
    );
  }
  return blocks.map(({ label, der, line }, index) => {
    if (label !== "X509 CRL") {
      throw new SidecarError(
        "PEM_INVALID",
        `Cannot parse "${file}" line ${line}: expected only blocks of X509 CRL, found ${label}`,
      );
    }
    return parseEnvelope(der, `CRL ${index + 1} (line ${line}) of "${file}"`);
  });
}

/** A SEQUENCE of 128 octets or more, as every signed one is: no text begins so. */
function isDer([tag = 0, length = 0]: Uint8Array): boolean {
  return tag === 0x30 && length >= 0x80;
}

function parseEnvelope(der: Uint8Array, place: string): PlacedCrl {
  return { envelope: parsePlaced(place, () => parseCrlEnvelope(der)), place };
}

function parsePlaced<T>(place: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    if (!(cause instanceof SidecarError)) throw cause;
    throw new SidecarError(
      "CRL_INVALID",
      `Cannot parse ${place}: ${problemOf(cause)}`,
      { cause },
    );
  }
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
