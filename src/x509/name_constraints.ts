import type { Certificate } from "./certificate.ts";
import type { NameConstraints } from "./extensions.ts";
import type { GeneralName } from "./general_name.ts";
import type { Name, NameAttribute } from "./name.ts";

/** More names times subtrees than this are refused rather than compared. */
const MAX_COMPARISONS = 16_384;

const EMAIL_ADDRESS = "1.2.840.113549.1.9.1";

const HOST = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i;
const URI_HOST = /^[a-z][a-z0-9+.-]*:\/\/([a-z0-9_.-]+)(?::\d*)?(?:[/?#]|$)/i;
const MAILBOX = /^[^\s"@\\]+@([^@]+)$/;

/**
 * Why name constraints (RFC 5280 §4.2.1.10) of an issuer do not let
 * `certificate` stand below it; undefined where they do. They are asked of every
 * subject alternative name, the subject and the e-mail addresses in it. A
 * constraint or a constrained name that this cannot judge is a problem as well.
 */
export function nameConstraintsProblem(
  constraints: NameConstraints,
  certificate: Certificate,
): string | undefined {
  const { permitted, excluded } = constraints;
  const names = namesOf(certificate);
  if (names.length * (permitted.length + excluded.length) > MAX_COMPARISONS) {
    return "it has too many names to hold against the name constraints";
  }
  if (![...permitted, ...excluded].every(isKnownBase)) {
    return "a name constraint above it is of a form that is not supported";
  }
  for (const name of names) {
    const permittedBases = permitted.filter((base) => base.form === name.form);
    const excludedBases = excluded.filter((base) => base.form === name.form);
    if (permittedBases.length + excludedBases.length === 0) continue;
    if (!isKnownName(name)) {
      return `it has a name (${name.form}) that no constraint can judge`;
    }
    if (
      permittedBases.length > 0 &&
      !permittedBases.some((base) => permits(base, name))
    ) {
      return `it has a name (${name.form}) outside the permitted subtrees`;
    }
    if (excludedBases.some((base) => excludes(base, name))) {
      return `it has a name (${name.form}) within an excluded subtree`;
    }
  }
  return undefined;
}

function namesOf({ subject, extensions }: Certificate): readonly GeneralName[] {
  const names = [...extensions.subjectAltName ?? []];
  if (subject.rdns.length > 0) names.push({ form: "directory", name: subject });
  for (const { oid, value = "" } of subject.rdns.flat()) {
    if (oid === EMAIL_ADDRESS) names.push({ form: "email", value });
  }
  return names;
}

function isKnownBase(base: GeneralName): boolean {
  switch (base.form) {
    case "dns":
      return base.value === "" || HOST.test(withoutDot(base.value));
    case "uri":
      return HOST.test(withoutDot(base.value));
    case "email":
      return HOST.test(withoutDot(mailHost(base.value) ?? base.value));
    case "ip":
      return isContiguous(base.octets.subarray(base.octets.length / 2));
    case "directory":
      return true;
    case "other":
      return false;
  }
}

function isKnownName(name: GeneralName): boolean {
  switch (name.form) {
    case "dns":
      return HOST.test(name.value.replace(/^\*\./, ""));
    case "uri":
      return uriHost(name.value) !== undefined;
    case "email":
      return HOST.test(mailHost(name.value) ?? "");
    default:
      return true;
  }
}

function permits(base: GeneralName, name: GeneralName): boolean {
  if (base.form === "dns" && name.form === "dns") {
    return dnsWithin(base.value, name.value);
  }
  if (base.form === "uri" && name.form === "uri") {
    return hostMatches(base.value, uriHost(name.value) ?? "");
  }
  if (base.form === "email" && name.form === "email") {
    return emailMatches(base.value, name.value);
  }
  if (base.form === "ip" && name.form === "ip") {
    return addressWithin(base.octets, name.octets);
  }
  return base.form === "directory" && name.form === "directory" &&
    nameWithin(base.name, name.name, exactAttribute);
}

function excludes(base: GeneralName, name: GeneralName): boolean {
  if (base.form === "directory" && name.form === "directory") {
    return nameWithin(base.name, name.name, looseAttribute);
  }
  if (
    base.form === "dns" && name.form === "dns" && name.value.startsWith("*.")
  ) {
    // A wildcard must not stand for a name below that is excluded.
    if (dnsWithin(name.value.slice(1), base.value)) return true;
  }
  return permits(base, name);
}

function withoutDot(value: string): string {
  return value.startsWith(".") ? value.slice(1) : value;
}

/**
 * A DNS base covers itself and what stands below it, or all names when empty.
 * With a leading dot, which the RFC does not know but many authorities write,
 * it covers what stands below alone.
 */
function dnsWithin(base: string, name: string): boolean {
  const [domain, host] = [base.toLowerCase(), name.toLowerCase()];
  return domain === "" || host === domain ||
    host.endsWith(`.${withoutDot(domain)}`);
}

/** A host by itself, or with a leading dot all hosts below. */
function hostMatches(base: string, host: string): boolean {
  return base.startsWith(".")
    ? host.toLowerCase().endsWith(base.toLowerCase())
    : host.toLowerCase() === base.toLowerCase();
}

/** The host of a URI, unless it is missing, an address, or preceded by user information. */
function uriHost(uri: string): string | undefined {
  const host = URI_HOST.exec(uri)?.[1];
  return host !== undefined && HOST.test(host) && !/(^|\.)\d+$/.test(host)
    ? host
    : undefined;
}

function mailHost(mailbox: string): string | undefined {
  return MAILBOX.exec(mailbox)?.[1];
}

function emailMatches(base: string, mailbox: string): boolean {
  const host = mailHost(mailbox) ?? "";
  const baseHost = mailHost(base);
  if (baseHost === undefined) return hostMatches(base, host);
  const local = mailbox.slice(0, -host.length);
  return local === base.slice(0, -baseHost.length) &&
    hostMatches(baseHost, host);
}

function isContiguous(mask: Uint8Array): boolean {
  const bits = Array.from(mask, (octet) => octet.toString(2).padStart(8, "0"))
    .join("");
  return /^1*0*$/.test(bits);
}

function addressWithin(base: Uint8Array, address: Uint8Array): boolean {
  if (base.length !== address.length * 2) return false;
  return address.every((octet, index) => {
    const mask = base[address.length + index] ?? 0xff;
    return (octet & mask) === ((base[index] ?? 0) & mask);
  });
}

function nameWithin(
  base: Name,
  name: Name,
  keyOf: (attribute: NameAttribute) => string,
): boolean {
  const rdnKey = (rdn: readonly NameAttribute[] = []) =>
    rdn.map(keyOf).sort().join("+");
  return base.rdns.every((rdn, index) =>
    rdnKey(rdn) === rdnKey(name.rdns[index])
  );
}

function exactAttribute({ oid, der }: NameAttribute): string {
  return `${oid}=${der.toHex()}`;
}

/** An exclusion must not be escaped by another string type, case or spacing (RFC 5280 §7.1). */
function looseAttribute({ oid, value, der }: NameAttribute): string {
  const text = value?.normalize("NFKC").toLowerCase().replace(/\s+/g, " ")
    .trim();
  return `${oid}=${text ?? der.toHex()}`;
}
