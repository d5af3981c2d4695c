import type {
  RefusalReport,
  ReloadReport,
  StatusReport,
} from "../status_report.ts";
import { type Markup, markup } from "./markup.ts";
import { ago, dateAndTime, timeOfDay } from "./units.ts";

/** What was loaded, with outcome and reason, the newest first. */
export function reloadsSection({ reloads, time }: StatusReport): Markup {
  return markup`<h2 id="reloads-title">Reloads</h2>
${reloads.length === 0 ? nothing() : reloadsTable(reloads, time)}`;
}

function reloadsTable(reloads: readonly ReloadReport[], now: string): Markup {
  return markup`<table aria-labelledby="reloads-title">
<thead><tr><th scope="col">When</th><th scope="col">What came of it</th></tr></thead>
<tbody>
${
    reloads.map(({ at, what, outcome, detail }) =>
      markup`<tr><td class="when">${when(at, now)}</td><td><span class="badge ${
        outcome === "ok" ? "good" : "bad"
      }">${outcome}</span> <b>${what}</b> ${detail}</td></tr>
`
    )
  }</tbody>
</table>`;
}

/** Clients that were not let in, with the reason and the remedy, the newest first. */
export function refusalsSection({ refusals, time }: StatusReport): Markup {
  const nameless = refusals.length > 0 &&
    refusals.every(({ address, subject }) =>
      (address ?? subject) === undefined
    );
  return markup`<h2 id="refusals-title">Refused clients</h2>
${
    nameless
      ? markup`<p class="quiet">Who they were is told to callers on loopback, or to all with STATUS_DETAIL=all.</p>`
      : null
  }
${
    refusals.length === 0 ? nothing() : markup`<ol class="refusals">
${refusals.map((one) => refusal(one, time))}</ol>`
  }`;
}

function refusal(one: RefusalReport, now: string): Markup {
  return markup`<li>
<p class="name"><span class="badge bad">${one.code}</span> <span class="when">${
    when(one.at, now)
  }</span></p>
<p>${one.detail}</p>
<dl class="facts">
${fact("Subject", one.subject)}
${fact("Issuer", one.issuer)}
${fact("Key", one.spki && `sha256:${one.spki}`)}
${fact("Address", one.address)}
</dl>
<p class="advice"><b>What would let it in</b> ${one.advice}</p>
</li>
`;
}

function nothing(): Markup {
  return markup`<p class="quiet">None since the start.</p>`;
}

function fact(name: string, value: string | undefined): Markup | null {
  return value
    ? markup`<div><dt>${name}</dt><dd class="code">${value}</dd></div>`
    : null;
}

/** The time of day, with its date where that is not today's. */
function when(at: string, now: string): Markup {
  const today = at.slice(0, 10) === now.slice(0, 10);
  return markup`<time datetime="${at}">${
    ago(at, now)
  }</time> <span class="quiet">${
    today ? timeOfDay(at) : dateAndTime(at)
  }</span>`;
}
