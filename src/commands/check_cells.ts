import type { CertificateReport } from "./check_report.ts";
import type { Cell, Tone } from "./check_table.ts";
import { duration, type Standing } from "./check_time.ts";

/** A client may have a thousand, and what follows them matters more. */
const MAX_NAMES = 20;

/** How each standing is shown. */
export const TONES: Readonly<Record<Standing, Tone>> = {
  "not yet valid": "bad",
  "valid": "good",
  "soon": "warning",
  "imminent": "bad",
  "expired": "bad",
};

/** What is told of a certificate in its own section. */
export function certificateRows(
  certificate: CertificateReport & { readonly names: readonly string[] },
  now: number,
): (readonly Cell[])[] {
  const { subject, issuer, serial, fingerprint, names } = certificate;
  const { notBefore, notAfter } = certificate;
  return [
    ["Subject", nameOf(subject)],
    ["Issuer", nameOf(issuer)],
    ...names.slice(0, MAX_NAMES).map((
      name,
      index,
    ) => [index === 0 ? "Names" : "", name]),
    ...(names.length > MAX_NAMES
      ? [["", `and ${names.length - MAX_NAMES} more, which --json lists`]]
      : []),
    ["Serial", serial],
    ["SHA-256", fingerprint],
    ["Valid", `${notBefore} to ${notAfter}`],
    ["", validity(certificate, now)],
  ];
}

/** How long a certificate is valid yet, in words, at `now` in milliseconds since the epoch. */
export function validity(
  { standing, notBefore, notAfter }: CertificateReport,
  now: number,
): Cell {
  const text = standing === "expired"
    ? `expired ${duration(now - Date.parse(notAfter))} ago`
    : standing === "not yet valid"
    ? `valid in ${duration(Date.parse(notBefore) - now)}`
    : `${duration(Date.parse(notAfter) - now)} left`;
  return { text, tone: TONES[standing] };
}

/** A name of a certificate; there may be nothing in it. */
export function nameOf(name: string): string {
  return name === "" ? "(empty)" : name;
}
