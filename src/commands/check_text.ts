import { allowVariable } from "../config/allow_rules.ts";
import { certificateRows, nameOf, TONES, validity } from "./check_cells.ts";
import { clientSections } from "./check_client_text.ts";
import type {
  AccessReport,
  CertificateReport,
  CheckReport,
  IdentityHeadersReport,
  OwnCertificateReport,
  PeersReport,
  RevocationListReport,
  SealReport,
} from "./check_report.ts";
import {
  type Cell,
  renderSections,
  type Section,
  type Tone,
} from "./check_table.ts";
import { counted, duration } from "./check_time.ts";

const SHORT_FINGERPRINT_DIGITS = 16;

/** The report for people: tables under headings, the verdict last. */
export function renderText(
  report: CheckReport,
  options: { readonly colours: boolean },
): string {
  const now = Date.parse(report.checkedAt);
  const { certificate, authorities, revocationLists, client } = report;
  const sections: Section[] = [
    {
      heading: "Settings that are not as by default",
      rows: Object.entries(report.settings).map(([variable, value]) => [
        variable,
        String(value),
      ]),
    },
    ...(certificate ? [ownCertificate(certificate, now)] : []),
    ...(authorities ? [trustedAuthorities(authorities, now)] : []),
    ...(revocationLists ? [revocation(revocationLists, now)] : []),
    ...(report.access ? [access(report.access)] : []),
    ...(report.peers ? [pinnedPeers(report.peers)] : []),
    ...(report.identityHeaders ? [headers(report.identityHeaders)] : []),
    ...(report.seal ? [seal(report.seal)] : []),
    ...(client ? clientSections(client, now) : []),
    messages("Notes", { texts: report.notes, tone: "faint" }),
    messages("Warnings", { texts: report.warnings, tone: "warning" }),
    messages("Problems", {
      texts: report.problems.map(({ message }) => message),
      tone: "bad",
    }),
    { heading: "Verdict", rows: verdict(report) },
  ];
  return renderSections(sections, options);
}

function ownCertificate(
  certificate: OwnCertificateReport,
  now: number,
): Section {
  const { file, names, keyType, chain } = certificate;
  return {
    heading: "Own certificate",
    rows: [
      ["File", file],
      ...certificateRows({ ...certificate, names }, now),
      ...(keyType === undefined ? [] : [["Key", keyType]]),
      ...chain.map((issuer, index) => [
        index === 0 ? "Chain" : "",
        validity(issuer, now),
        nameOf(issuer.subject),
      ]),
    ],
  };
}

function trustedAuthorities(
  authorities: readonly CertificateReport[],
  now: number,
): Section {
  return {
    heading: `Trusted CAs (${authorities.length})`,
    rows: authorities.map((authority) => [
      validity(authority, now),
      authority.fingerprint.slice(0, SHORT_FINGERPRINT_DIGITS),
      nameOf(authority.subject),
    ]),
  };
}

function revocation(
  lists: readonly RevocationListReport[],
  now: number,
): Section {
  return {
    heading: `Revocation lists (${lists.length})`,
    rows: lists.length === 0
      ? [["none: no certificate counts as revoked"]]
      : lists.map(({ issuer, thisUpdate, nextUpdate, standing, entries }) => [
        counted(entries, "entry", "entries"),
        `${duration(now - Date.parse(thisUpdate))} old`,
        {
          text: standing === "expired"
            ? `expired ${duration(now - Date.parse(nextUpdate))} ago`
            : `next in ${duration(Date.parse(nextUpdate) - now)}`,
          tone: TONES[standing],
        },
        nameOf(issuer),
      ]),
  };
}

function access({ mode, refuse, unverified, rules }: AccessReport): Section {
  const refusal = refuse === "403" ? "answered 403" : "closed";
  return {
    heading: "Who may enter",
    rows: [
      [
        "Refused",
        mode === "audit" ? "nobody, only logged (audit)" : refusal,
      ],
      ["Unverified", unverified === "401" ? "answered 401" : "closed"],
      ...rules.map(({ form, text }) => [
        allowVariable(form),
        text,
      ]),
      ...(rules.length === 0 ? [["Rules", "none"]] : []),
    ],
  };
}

function pinnedPeers(
  { file, unpinned, bootstrapUntil, peers }: PeersReport,
): Section {
  return {
    heading: `Pinned peers (${peers.length})`,
    rows: [
      ["File", "", file],
      ["Others", "", unpinned === "refuse" ? "refused" : "by the rules"],
      ...(bootstrapUntil === undefined
        ? []
        : [["Bootstrap", "", `until ${bootstrapUntil}`]]),
      ...peers.map(({ id, pins, spiffe }) => [
        id,
        counted(pins, "pin"),
        spiffe ?? "",
      ]),
    ],
  };
}

function headers({ basic, formats }: IdentityHeadersReport): Section {
  const told = [
    ...(basic ? ["X-Client-CN and X-Client-Subject"] : []),
    ...formats,
  ];
  return {
    heading: "Identity headers",
    rows: [[told.length === 0 ? "none" : told.join(", ")]],
  };
}

function seal({ file, keys, id, body }: SealReport): Section {
  return {
    heading: "Seal",
    rows: [
      ["File", file],
      ["Keys", counted(keys, "key")],
      ["Id", id],
      ["Covers", body ? "requests and their bodies" : "requests, not bodies"],
    ],
  };
}

function messages(
  heading: string,
  { texts, tone }: { texts: readonly string[]; tone: Tone },
): Section {
  return { heading, rows: texts.map((text) => [{ text, tone }]) };
}

function verdict(
  { wouldStart, client, problems, warnings }: CheckReport,
): (readonly Cell[])[] {
  const found = [
    ...(problems.length > 0 ? [counted(problems.length, "problem")] : []),
    ...(warnings.length > 0 ? [counted(warnings.length, "warning")] : []),
  ].map((text) => `, ${text}`).join("");
  return [
    wouldStart
      ? [{ text: `serve would start${found}`, tone: "good" }]
      : [{ text: `serve would not start${found}`, tone: "bad" }],
    ...(client === undefined ? [] : [
      client.admitted
        ? [{ text: "the client would get in", tone: "good" } as const]
        : [{ text: "the client would not get in", tone: "bad" } as const],
    ]),
  ];
}
