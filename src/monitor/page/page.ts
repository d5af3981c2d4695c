import type { StatusReport } from "../status_report.ts";
import { accessSection } from "./access_section.ts";
import { certificatesSection } from "./certificates_section.ts";
import { connectionsSection } from "./connections_section.ts";
import { assess } from "./findings.ts";
import { refusalsSection, reloadsSection } from "./history_sections.ts";
import { type Markup, markup } from "./markup.ts";
import { shortName } from "./names.ts";
import { type Page, pageHeaders } from "./resources.ts";
import { stateSection } from "./state_section.ts";
import { trafficSection } from "./traffic_section.ts";
import { lengthOfTime, timeOfDay } from "./units.ts";

export { type Page, PAGE_RESOURCES } from "./resources.ts";

/**
 * The page `/status`. It is whole without its script, which renews each section
 * that changed in place. Every value of the report is escaped. Its links are
 * relative, so that it also works behind `kubectl proxy`.
 */
export function renderPage(report: StatusReport): Page {
  const assessment = assess(report);
  const { level, state } = assessment;
  const { version, time, startedAt } = report;
  const server = report.certificates.find(({ role }) => role === "server");
  const name = server === undefined ? "mtls-sidecar" : shortName(server.name);
  const upMs = Date.parse(time) - Date.parse(startedAt);
  const page = markup`<!doctype html>
<html lang="en" class="${level}" data-version="${version}">
<head>
<meta charset="utf-8">
<title>${state} · ${name}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" type="image/svg+xml" href="status/${level}.svg">
<link rel="stylesheet" href="status/page.css">
<script src="status/refresh.js" defer></script>
</head>
<body>
<header>
<p><b>${name}</b> <span class="quiet">mtls-sidecar ${version}</span></p>
<p class="freshness"><span id="freshness">${
    timeOfDay(time)
  } UTC</span> <button type="button" id="pause" hidden>Pause</button></p>
</header>
<main>
${section("state", stateSection(report, assessment))}
${section("traffic", trafficSection(report))}
<div class="columns">
<div>
${section("certificates", certificatesSection(report))}
${section("reloads", reloadsSection(report))}
</div>
<div>
${section("access", accessSection(report))}
${section("connections", connectionsSection(report))}
</div>
</div>
${section("refusals", refusalsSection(report))}
</main>
<footer>
<p id="uptime" data-live>Up for ${lengthOfTime(upMs)}. All times are in UTC.</p>
<p><a href="status.json">The same as JSON</a></p>
</footer>
<p class="hidden" id="told" role="status"></p>
</body>
</html>
`;
  return {
    headers: pageHeaders("text/html; charset=utf-8"),
    body: page.toString(),
  };
}

/** A part of the page that the script renews by itself. */
function section(id: string, content: Markup): Markup {
  const label = id === "state"
    ? markup`aria-label="State"`
    : markup`aria-labelledby="${id}-title"`;
  return markup`<section id="${id}" class="card" data-live ${label}>
${content}
</section>`;
}
