import type { AccessReport, StatusReport } from "../status_report.ts";
import { type Markup, markup } from "./markup.ts";
import { dateAndTime } from "./units.ts";

/** The rules and pins in force, and what they come to. */
export function accessSection({ access }: StatusReport): Markup {
  const { mode, refuse, unverified, rules, peers } = access;
  const isNarrowed = rules.length > 0 || peers !== null;
  return markup`<h2 id="access-title">Who may enter</h2>
<p>${whoMayEnter(access)}.</p>
<dl class="facts">
${
    isNarrowed
      ? markup`<div><dt>Rules and pins</dt><dd>${
        mode === "audit" ? "only logged" : "enforced"
      }</dd></div>
<div><dt>Whom they refuse</dt><dd>${
        refuse === "403" ? "answered 403" : "cut off"
      }</dd></div>
`
      : null
  }<div><dt>Without a good certificate</dt><dd>${
    unverified === "401" ? "answered 401" : "cut off"
  }</dd></div>
</dl>
${rules.length === 0 ? null : rulesTable(rules)}
${peers === null ? null : peersTable(peers)}`;
}

/** In a sentence without its full stop. */
export function whoMayEnter({ rules, peers }: AccessReport): string {
  const named = "clients that one of the rules names";
  if (peers === null) {
    return rules.length > 0
      ? named.replace("c", "C")
      : "Every client with a good certificate";
  }
  if (peers.unpinned === "refuse") return "Pinned peers alone";
  return rules.length > 0
    ? `Pinned peers, and ${named}`
    : "Pinned peers, and every other client with a good certificate";
}

function rulesTable(rules: AccessReport["rules"]): Markup {
  return markup`<table>
<caption>Rules</caption>
<thead><tr><th scope="col">By</th><th scope="col">May enter</th></tr></thead>
<tbody>
${
    rules.map(({ by, rule }) =>
      markup`<tr><td>${by}</td><td class="code">${rule}</td></tr>
`
    )
  }</tbody>
</table>`;
}

function peersTable(
  { bootstrapUntil, peers }: NonNullable<AccessReport["peers"]>,
): Markup {
  return markup`<table>
<caption>Pinned peers${
    bootstrapUntil === undefined
      ? null
      : markup` <span class="quiet">bootstrap until ${
        dateAndTime(bootstrapUntil)
      }</span>`
  }</caption>
<thead><tr><th scope="col">Peer</th><th scope="col">Keys</th><th scope="col">SPIFFE ID</th></tr></thead>
<tbody>
${
    peers.map(({ id, pins, spiffe }) =>
      markup`<tr><th scope="row">${id}</th><td>${pins}</td><td class="code">${
        spiffe ?? "–"
      }</td></tr>
`
    )
  }</tbody>
</table>`;
}
