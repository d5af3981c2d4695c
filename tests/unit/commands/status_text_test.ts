import assert from "node:assert/strict";
import { widthOf } from "../../../src/commands/status_lines.ts";
import { renderStatus } from "../../../src/commands/status_text.ts";
import type { StatusReport } from "../../../src/monitor/status_report.ts";
import {
  days,
  discreet,
  fresh,
  healthy,
  refusals,
  serverCertificate,
  troubled,
} from "../monitor/page/reports.ts";

const REPORTS = [healthy, troubled, fresh, discreet];

/** A section's lines, its heading left out. */
function section(report: StatusReport, heading: string): string[] {
  const lines = renderStatus(report, { colours: false }).split("\n");
  const start = lines.indexOf(heading) + 1;
  assert.ok(start > 0, heading);
  return lines.slice(start, lines.indexOf("", start));
}

Deno.test("renderStatus() fits 80 columns, with nothing at the ends of lines", () => {
  for (const report of REPORTS) {
    for (const line of renderStatus(report, { colours: false }).split("\n")) {
      assert.ok(widthOf(line) <= 80, line);
      assert.equal(line, line.trimEnd());
    }
  }
});

Deno.test("renderStatus() says the same with colours and without", () => {
  const escapes = new RegExp(String.raw`\u{1b}\[\d+m`, "gu");
  for (const report of REPORTS) {
    const coloured = renderStatus(report, { colours: true });
    assert.match(coloured, escapes);
    const plain = renderStatus(report, { colours: false });
    assert.deepEqual(
      coloured.replaceAll(escapes, "").split("\n").map((line) =>
        line.trimEnd()
      ),
      plain.split("\n"),
    );
  }
});

Deno.test("renderStatus() begins with who it is, and how it does", () => {
  const [first = "", second, ...rest] = renderStatus(troubled, {
    colours: false,
  }).split("\n");
  assert.match(
    first,
    /^payments\.shop\.svc +mtls-sidecar 0\.1\.0 {2}12:03:59 UTC$/,
  );
  assert.equal(first.length, 80);
  assert.equal(second, "✗ Not ready  application: did not answer within 1 s");
  assert.equal(rest[0], "✗ The server certificate: ends in 7 h 12 min");
  assert.ok(rest.includes("! CA Workload Root CA: ends in 12 days"));
});

Deno.test("renderStatus() shows conditions, certificates and what they have left", () => {
  assert.equal(
    section(troubled, "Conditions").at(-1),
    "  ✗ application  did not answer within 1 s",
  );
  assert.deepEqual(section(healthy, "Certificates").slice(0, 2), [
    "  server payments.shop.svc                ██████████████░░░░░░  64 days left",
    "  CA     Workload Root CA                 ████████████░░░░░░░░  5.8 years left",
  ]);
  const certificates = [
    { ...serverCertificate, notAfter: days(-1) },
    { ...serverCertificate, notBefore: days(1) },
  ];
  const [ended, early] = section({ ...healthy, certificates }, "Certificates");
  assert.match(ended ?? "", /░{20} {2}ended$/);
  assert.match(early ?? "", / {2}not valid yet$/);
});

Deno.test("renderStatus() cuts lists that nobody reads, and says so", () => {
  const certificates = Array(25).fill(serverCertificate);
  const rules = Array(12).fill({ by: "cn", rule: "a" });
  const peers = {
    unpinned: "refuse" as const,
    bootstrapUntil: days(1),
    peers: Array(13).fill({ id: "p", pins: 1 }),
  };
  const report: StatusReport = {
    ...healthy,
    certificates,
    access: { ...healthy.access, rules, peers },
    reloads: Array(9).fill(healthy.reloads[0]),
    refusals: Array(20).fill(refusals[0]),
  };
  const more = ["Certificates", "Who may enter", "Reloads", "Refused clients"]
    .map((heading) => section(report, heading).at(-1));
  assert.deepEqual(more, [
    "  and 5 more, which --json lists",
    "  and 3 more, which --json lists",
    "  and 4 more, which --json lists",
    "  and 15 more, which --json lists",
  ]);
  const access = section(report, "Who may enter");
  assert.ok(access.includes("  and 2 more, which --json lists"));
  assert.ok(access.includes("  Bootstrap until 2026-11-22 12:03 UTC"));
});

Deno.test("renderStatus() shows traffic, connections and who may enter", () => {
  const traffic = section(healthy, "Traffic of the last 15 min");
  assert.deepEqual(traffic.map((line) => line.slice(44)), [
    "220 a second",
    "749 5xx (0.4 %), 1,073 4xx",
    "p50 3.2 ms, p99 25 ms",
    "20 clients",
  ]);
  assert.match(traffic[0] ?? "", /^ {2}Requests {2}[▁▂▃▄▅▆▇█]{30} {2}/);
  assert.deepEqual(section(healthy, "Connections"), [
    "  HTTP/1.1 96, HTTP/2 31, tunnels 5; 2 handshakes under way, 14 requests in hand",
    "  18,204 admitted since the start 3 d 4 h ago, 11,930 sessions resumed",
  ]);
  const access = section(healthy, "Who may enter");
  assert.ok(access.includes("  Whom rules and pins refuse: answered 403"));
  assert.ok(access.includes("  dns        *.checkout.example"));
  assert.ok(
    section(troubled, "Who may enter")
      .includes("  Whom rules and pins refuse: logged"),
  );
  assert.equal(section(fresh, "Who may enter").length, 2);
});

Deno.test("renderStatus() shows who was refused, why, and what would let them in", () => {
  const lines = section(healthy, "Refused clients");
  assert.deepEqual(lines.slice(0, 5), [
    "  1 min ago        ACCESS_NOT_ALLOWED  No rule lets the client in",
    "                   CN=report-export,OU=batch,O=Example, from 10.42.3.17",
    "                   key sha256:fh8MktToWmdwucHeI/Slloh3ZlVEMyIR/+7dzLuqAJk=",
    "                   → Add spiffe://example.org/ns/reports/sa/export to",
    "                     ALLOW_SPIFFE_ID, or another name of it to the rules",
  ]);
  assert.deepEqual(section(discreet, "Refused clients").slice(0, 2), [
    "  1 min ago        ACCESS_NOT_ALLOWED  No rule lets the client in",
    "                   → Add spiffe://example.org/ns/reports/sa/export to",
  ]);
  assert.deepEqual(section(fresh, "Reloads"), ["  none since the start"]);
});

Deno.test("renderStatus() shows nothing that acts on a terminal", () => {
  const text = "\x1b[2J\x07\u202e";
  const shown = renderStatus({
    ...troubled,
    version: text,
    conditions: [{ name: text, ok: false, detail: text }],
    certificates: [{ ...serverCertificate, name: `CN=${text}` }],
    differs: { ...troubled.differs!, code: text, error: text },
    access: {
      ...troubled.access,
      rules: [{ by: text, rule: text }],
      peers: {
        unpinned: "refuse",
        peers: [{ id: text, pins: 2, spiffe: text }],
      },
    },
    reloads: [{ at: days(0), what: text, outcome: text, detail: text }],
    refusals: [{
      ...refusals[0]!,
      ...{ code: text, detail: text, advice: text, subject: text, spki: text },
    }],
  }, { colours: false });
  assert.doesNotMatch(shown, /[^\n\P{Cc}]|\p{Cf}/u);
  assert.match(shown, /\\u\{1b\}/);
});
