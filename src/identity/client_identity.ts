import { createHash } from "node:crypto";
import { SidecarError } from "../errors.ts";
import type { Certificate } from "../x509/certificate.ts";
import { formatName } from "../x509/name.ts";
import { formatIpAddress } from "./ip_address.ts";
import { spiffeIdOf } from "./spiffe_id.ts";

const COMMON_NAME = "2.5.4.3";
const ORGANIZATIONAL_UNIT = "2.5.4.11";
const SUBJECT_HASH_DIGITS = 16;

/** How many subject alternative names, and how many OUs, a client may have. */
const MAX_NAMES = 1024;
/** Of one name, unescaped. */
const MAX_NAME_CHARACTERS = 8192;

/**
 * Who a client is, by its admitted certificate. Computed once a leaf. Names are
 * unescaped and whole: any character that their type allows may occur in them,
 * NUL and line ends too, so who writes them anywhere must escape them.
 */
export interface ClientIdentity {
  /**
   * The subject's commonName. Of several the last in encoded order, the most
   * specific: the application is told this one, and rules look at no other.
   * Absent where it is missing, empty or not a string.
   */
  readonly commonName?: string;
  /** The subject as an RFC 4514 string of printable ASCII; empty for an empty subject. */
  readonly subject: string;
  /** The issuer, written like the subject. */
  readonly issuer: string;
  /** The subject's organizationalUnitNames in encoded order, empty ones left out. */
  readonly organizationalUnits: readonly string[];
  /** Subject alternative names (RFC 5280 §4.2.1.6) in encoded order, of ASCII characters. */
  readonly dnsNames: readonly string[];
  readonly uris: readonly string[];
  readonly emails: readonly string[];
  /** Dotted decimal or RFC 5952. */
  readonly ipAddresses: readonly string[];
  /** Absent unless there is exactly one URI, and that is a SPIFFE ID. */
  readonly spiffeId?: string;
  /** The serial number's content octets, lower-case hex. */
  readonly serial: string;
  /** The certificate's own validity, both ends included, in milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** SHA-256 over the certificate's DER, lower-case hex. */
  readonly fingerprint: string;
  /** SHA-256 over the DER of the SubjectPublicKeyInfo, lower-case hex. */
  readonly spki: string;
  /** The first 16 hex digits of SHA-256 over the subject's DER: names a client in logs. */
  readonly subjectHash: string;
}

/**
 * Reads the identity from a certificate. The caller has verified it.
 *
 * Throws `LEAF_MALFORMED` on more than 1024 subject alternative names or OUs, or
 * on a name of more than 8192 characters. Nothing is cut short or left out to
 * fit: what is left could be another client's identity.
 */
export function clientIdentity(leaf: Certificate): ClientIdentity {
  const { subject } = leaf;
  const { commonName, organizationalUnits } = subjectNames(leaf);
  const names = alternativeNames(leaf);
  const spiffeId = spiffeIdOf(names.uris);
  return {
    ...(commonName !== undefined && { commonName }),
    subject: formatName(subject),
    issuer: formatName(leaf.issuer),
    organizationalUnits,
    ...names,
    ...(spiffeId !== undefined && { spiffeId }),
    serial: leaf.serialNumber,
    notBefore: leaf.notBefore,
    notAfter: leaf.notAfter,
    fingerprint: leaf.fingerprint,
    spki: sha256(leaf.spki),
    subjectHash: sha256(subject.der).slice(0, SUBJECT_HASH_DIGITS),
  };
}

function subjectNames({ subject }: Certificate) {
  let commonName: string | undefined;
  const organizationalUnits: string[] = [];
  for (const rdn of subject.rdns) {
    for (const { oid, value } of rdn) {
      // One that is no string hides those before it: none is the most specific.
      if (oid === COMMON_NAME) commonName = value && bounded(value);
      if (oid === ORGANIZATIONAL_UNIT && value) {
        organizationalUnits.push(bounded(value));
      }
    }
  }
  requireFew(organizationalUnits, "organizational units");
  return { commonName: commonName || undefined, organizationalUnits };
}

function alternativeNames({ extensions }: Certificate) {
  const { subjectAltName = [] } = extensions;
  requireFew(subjectAltName, "subject alternative names");
  const dnsNames: string[] = [];
  const uris: string[] = [];
  const emails: string[] = [];
  const ipAddresses: string[] = [];
  for (const name of subjectAltName) {
    switch (name.form) {
      case "dns":
        dnsNames.push(bounded(name.value));
        break;
      case "uri":
        uris.push(bounded(name.value));
        break;
      case "email":
        emails.push(bounded(name.value));
        break;
      case "ip":
        ipAddresses.push(formatIpAddress(name.octets));
    }
  }
  return { dnsNames, uris, emails, ipAddresses };
}

function requireFew(names: readonly unknown[], what: string): void {
  if (names.length > MAX_NAMES) {
    throw unrepresentable(`at most ${MAX_NAMES} ${what}, not ${names.length}`);
  }
}

function bounded(name: string): string {
  if (name.length > MAX_NAME_CHARACTERS) {
    throw unrepresentable(
      `names of at most ${MAX_NAME_CHARACTERS} characters, not ${name.length}`,
    );
  }
  return name;
}

function unrepresentable(expected: string): SidecarError {
  return new SidecarError(
    "LEAF_MALFORMED",
    `Cannot identify the client: expected ${expected}`,
  );
}

function sha256(octets: Uint8Array): string {
  return createHash("sha256").update(octets).digest("hex");
}
