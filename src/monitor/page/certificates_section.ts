import type { CertificateReport, StatusReport } from "../status_report.ts";
import { type Life, lifeOf } from "./life.ts";
import { type Markup, markup } from "./markup.ts";
import { shortName } from "./names.ts";
import { dateAndTime, lengthOfTime } from "./units.ts";

const GROUPS = [
  { role: "server", title: "Server certificate" },
  { role: "upstream", title: "Certificate shown to the application" },
  { role: "ca", title: "CAs of clients" },
  { role: "crl", title: "Revocation lists" },
] as const;

/** Each certificate and CRL with a bar of the life that it has left. */
export function certificatesSection(report: StatusReport): Markup {
  const groups = GROUPS.map(({ role, title }) => {
    const members = report.certificates.filter((one) => one.role === role);
    return members.length === 0 ? null : markup`<h3>${title}</h3>
<ul class="certificates">
${
      members.map((one, at) =>
        certificate(one, { id: `${role}-${at}`, now: report.time })
      )
    }</ul>
`;
  });
  return markup`<h2 id="certificates-title">Certificates</h2>
${
    report.certificates.length === 0
      ? markup`<p class="quiet">None is loaded.</p>`
      : groups
  }
<p class="quiet">Trust generation ${report.trustGeneration}; it rises whenever trust in clients shrinks.</p>`;
}

function certificate(
  one: CertificateReport,
  { id, now }: { id: string; now: string },
): Markup {
  const life = lifeOf(one, now);
  const isCrl = one.role === "crl";
  return markup`<li class="${life.level}">
<p class="name"><b>${shortName(one.name)}</b> <span class="ends">${
    ends(life)
  }</span></p>
${bar(life)}
<details><summary id="${id}">${isCrl ? "Next update" : "Ends"} ${
    dateAndTime(one.notAfter)
  }</summary>
<dl class="facts">
${fact(isCrl ? "Issuer" : "Subject", one.name)}
${fact("Issuer", one.issuer)}
${fact("Names", one.names?.join(", "))}
${fact("Begins", one.notBefore && dateAndTime(one.notBefore))}
${fact("SHA-256", one.fingerprint)}
</dl>
</details>
</li>
`;
}

function ends({ leftMs, early }: Life): string {
  if (early) return "not valid yet";
  return leftMs > 0 ? `${lengthOfTime(leftMs)} left` : "ended";
}

/** A bar that is full at the begin of the life and empty at its end. */
function bar({ share, level }: Life): Markup {
  const shown = share ?? (level === "bad" ? 0 : 1);
  // A sliver still shows that there is something left.
  const width = shown > 0 ? Math.max(6, Math.round(1000 * shown)) : 0;
  const title = share === null
    ? "Share of life left unknown"
    : `${Math.floor(100 * share)} % of life left`;
  return markup`<svg class="bar" viewBox="0 0 1000 8" preserveAspectRatio="none" role="img"><title>${title}</title><rect class="track" width="1000" height="8"/><rect class="left" width="${width}" height="8"/></svg>`;
}

/** Nothing where there is no value. */
function fact(name: string, value: string | undefined): Markup | null {
  return value
    ? markup`<div><dt>${name}</dt><dd class="code">${value}</dd></div>`
    : null;
}
