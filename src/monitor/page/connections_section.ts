import type { StatusReport } from "../status_report.ts";
import { type Markup, markup } from "./markup.ts";
import { count } from "./units.ts";

const PROTOCOLS = [
  ["http/1.1", "HTTP/1.1"],
  ["h2", "HTTP/2"],
  ["tunnel", "Tunnels"],
] as const;

/** Open connections by protocol, and handshakes. */
export function connectionsSection(
  { connections, workers }: StatusReport,
): Markup {
  const { open, total, handshaking, resumed } = connections;
  return markup`<h2 id="connections-title">Connections</h2>
<table class="figures" aria-labelledby="connections-title">
<thead><tr><th scope="col">Protocol</th><th scope="col">Open</th></tr></thead>
<tbody>
${
    PROTOCOLS.map(([key, name]) =>
      markup`<tr><th scope="row">${name}</th><td>${count(open[key])}</td></tr>
`
    )
  }</tbody>
</table>
<dl class="facts">
<div><dt>Handshakes under way</dt><dd>${count(handshaking)}</dd></div>
<div><dt>Admitted since the start</dt><dd>${count(total)}</dd></div>
<div><dt>Sessions resumed since then</dt><dd>${count(resumed)}</dd></div>
<div><dt>Threads that serve</dt><dd>${count(workers.running)}</dd></div>
</dl>`;
}
