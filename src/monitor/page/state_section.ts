import type { StatusReport } from "../status_report.ts";
import type { Assessment } from "./findings.ts";
import { type Level, lifeOf } from "./life.ts";
import { type Markup, markup } from "./markup.ts";

/** A tick, an exclamation mark, a cross: the state is not told by colour alone. */
const GLYPHS: Readonly<Record<Level, string>> = {
  good: "M30 51l13 13 27-30",
  warn: "M50 28v28M50 70v.1",
  bad: "M36 36l28 28M64 36l-28 28",
};
const RADIUS = 42;

/** The state in words, beside a ring of the server certificate's life. */
export function stateSection(
  report: StatusReport,
  { level, state, sentence, findings }: Assessment,
): Markup {
  return markup`${ring(report, level)}
<div class="state">
<h1>${state}</h1>
<p class="sentence">${sentence}</p>
<ul class="conditions" aria-label="Conditions of readiness">
${
    report.conditions.map(({ name, ok, detail }) =>
      markup`<li class="${
        ok ? "good" : "bad"
      }"><b>${name}</b><span class="hidden"> ${
        ok ? "holds" : "fails"
      }:</span> <span class="quiet">${
        detail === name ? null : detail
      }</span></li>
`
    )
  }</ul>
</div>
${findings.length === 0 ? null : list(findings)}`;
}

function list(findings: Assessment["findings"]): Markup {
  return markup`<ul class="findings" aria-label="Also to be seen to">
${
    findings.map(({ level, title, detail }) =>
      markup`<li class="${level}"><b>${title}</b> ${detail}</li>
`
    )
  }</ul>`;
}

function ring(report: StatusReport, level: Level): Markup {
  const server = report.certificates.find(({ role }) => role === "server");
  const share = server === undefined ? 0 : lifeOf(server, report.time).share;
  const circle = 2 * Math.PI * RADIUS;
  const arc = ((share ?? 1) * circle).toFixed(1);
  const title = server === undefined
    ? "No server certificate"
    : share === null
    ? "The server certificate's share of life left is unknown"
    : `${Math.floor(100 * share)} % of the server certificate's life left`;
  return markup`<svg class="ring" viewBox="0 0 100 100" role="img" aria-labelledby="ring-title">
<title id="ring-title">${title}</title>
<circle class="track" cx="50" cy="50" r="${RADIUS}"/>
<circle class="arc" cx="50" cy="50" r="${RADIUS}" stroke-dasharray="${arc} ${
    circle.toFixed(1)
  }" transform="rotate(-90 50 50)"/>
<path class="glyph" d="${GLYPHS[level]}"/>
</svg>`;
}
