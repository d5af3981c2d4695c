import { whoMayEnter } from "../monitor/page/access_section.ts";
import { ago, dateAndTime } from "../monitor/page/units.ts";
import type { StatusReport } from "../monitor/status_report.ts";
import { type Lines, padded } from "./status_lines.ts";

/** The newest of each history are shown. */
const MAX_EVENTS = 5;
/** As many rules, and as many peers. */
const MAX_RULES = 10;
const WHEN_COLUMNS = 16;

/** Who may enter, by which rules and pins. */
export function accessLines(lines: Lines, { access }: StatusReport): void {
  const { mode, refuse, unverified, rules, peers } = access;
  lines.heading("Who may enter");
  lines.text(["  "], whoMayEnter(access));
  if (rules.length > 0 || peers !== null) {
    const others = refuse === "403" ? "answered 403" : "cut off";
    lines.line(
      `  Whom rules and pins refuse: ${mode === "audit" ? "logged" : others}`,
    );
  }
  lines.line(
    `  Without a good certificate: ${
      unverified === "401" ? "answered 401" : "cut off"
    }`,
  );
  for (const { by, rule } of rules.slice(0, MAX_RULES)) {
    lines.line({ text: `  ${padded(by, 10)} `, tone: "faint" }, rule);
  }
  more(lines, rules.length - MAX_RULES);
  if (peers === null) return;
  if (peers.bootstrapUntil !== undefined) {
    lines.line(`  Bootstrap until ${dateAndTime(peers.bootstrapUntil)} UTC`);
  }
  for (const { id, pins, spiffe } of peers.peers.slice(0, MAX_RULES)) {
    lines.line(
      { text: `  ${padded("peer", 10)} `, tone: "faint" },
      `${id}, ${pins} ${pins === 1 ? "key" : "keys"}${
        spiffe === undefined ? "" : `, ${spiffe}`
      }`,
    );
  }
  more(lines, peers.peers.length - MAX_RULES);
}

/** The last reloads, the newest first. */
export function reloadLines(
  lines: Lines,
  { reloads, time }: StatusReport,
): void {
  lines.heading("Reloads");
  if (reloads.length === 0) lines.line("  none since the start");
  for (const { at, what, outcome, detail } of reloads.slice(0, MAX_EVENTS)) {
    const tone = outcome === "ok" ? "good" : "bad";
    lines.text(
      [`  ${padded(ago(at, time), WHEN_COLUMNS)} `, {
        text: `${outcome}  `,
        tone,
      }],
      `${what}: ${detail}`,
    );
  }
  more(lines, reloads.length - MAX_EVENTS);
}

/** The last clients that were not let in, and what would let them in. */
export function refusalLines(
  lines: Lines,
  { refusals, time }: StatusReport,
): void {
  lines.heading("Refused clients");
  if (refusals.length === 0) lines.line("  none since the start");
  const indent = " ".repeat(WHEN_COLUMNS + 3);
  for (const refusal of refusals.slice(0, MAX_EVENTS)) {
    const { at, code, detail, advice, address, subject, spki } = refusal;
    lines.text([
      `  ${padded(ago(at, time), WHEN_COLUMNS)} `,
      { text: `${code}  `, tone: "bad" },
    ], detail);
    const who = [subject, address].filter((text) => text).join(", from ");
    if (who !== "") lines.text([indent], { text: who, tone: "faint" });
    if (spki) {
      lines.line(indent, { text: `key ${pinOf(spki)}`, tone: "faint" });
    }
    lines.text([`${indent}→ `], advice);
  }
  more(lines, refusals.length - MAX_EVENTS);
}

/** As ALLOW_SPKI and PEERS_FILE take it, in base64, which fits a line where hex does not. */
function pinOf(spki: string): string {
  return /^[0-9a-f]{64}$/.test(spki)
    ? `sha256:${Uint8Array.fromHex(spki).toBase64()}`
    : spki;
}

function more(lines: Lines, count: number): void {
  if (count > 0) lines.line(`  and ${count} more, which --json lists`);
}
