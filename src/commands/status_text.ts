import { assess } from "../monitor/page/findings.ts";
import { type Level, lifeOf } from "../monitor/page/life.ts";
import { shortName } from "../monitor/page/names.ts";
import {
  ago,
  count,
  counted,
  latency,
  lengthOfTime,
  percentage,
  perSecond,
  timeOfDay,
} from "../monitor/page/units.ts";
import type {
  CertificateReport,
  StatusReport,
  TrafficReport,
  TrafficSample,
} from "../monitor/status_report.ts";
import type { Tone } from "./check_table.ts";
import { accessLines, refusalLines, reloadLines } from "./status_history.ts";
import { meter, sparkline } from "./status_graphs.ts";
import { COLUMNS, fit, Lines, padded, widthOf } from "./status_lines.ts";

/** More certificates than a person reads are left to `--json`. */
const MAX_CERTIFICATES = 20;
const METER_COLUMNS = 20;
const NAME_COLUMNS = 32;
const SLOTS = 60;

const TONES: Readonly<Record<Level, Tone>> = {
  good: "good",
  warn: "warning",
  bad: "bad",
};
const GLYPHS: Readonly<Record<Level, string>> = {
  good: "✓",
  warn: "!",
  bad: "✗",
};
const ROLES: Readonly<Record<CertificateReport["role"], string>> = {
  server: "server",
  upstream: "to app",
  ca: "CA",
  crl: "CRL",
};

/** A report for people at a terminal, in the words of the status page and in 80 columns. */
export function renderStatus(
  report: StatusReport,
  { colours }: { readonly colours: boolean },
): string {
  const lines = new Lines({ colours });
  stateLines(lines, report);
  certificateLines(lines, report);
  trafficLines(lines, report);
  connectionLines(lines, report);
  accessLines(lines, report);
  reloadLines(lines, report);
  refusalLines(lines, report);
  return lines.toString();
}

function stateLines(lines: Lines, report: StatusReport): void {
  const server = report.certificates.find(({ role }) => role === "server");
  const about = `mtls-sidecar ${fit(report.version, 20)}  ${
    timeOfDay(report.time)
  } UTC`;
  const name = server === undefined ? "" : shortName(server.name);
  lines.line(
    { text: padded(name, COLUMNS - widthOf(about) - 2), tone: "heading" },
    { text: `  ${about}`, tone: "faint" },
  );
  const { level, state, sentence, findings } = assess(report);
  const tone = TONES[level];
  lines.text([{ text: `${GLYPHS[level]} ${state}`, tone }, "  "], sentence);
  for (const { level, title, detail } of findings) {
    const glyph = { text: `${GLYPHS[level]} `, tone: TONES[level] };
    lines.text([glyph], `${title}: ${detail}`);
  }
  lines.heading("Conditions");
  for (const { name, ok, detail } of report.conditions) {
    const level = ok ? "good" : "bad";
    lines.text(
      [
        { text: `  ${GLYPHS[level]} `, tone: TONES[level] },
        `${padded(name, 12)} `,
      ],
      { text: detail === name ? "" : detail, tone: "faint" },
    );
  }
}

function certificateLines(
  lines: Lines,
  { certificates, time }: StatusReport,
): void {
  lines.heading("Certificates");
  if (certificates.length === 0) lines.line("  none is loaded");
  for (const one of certificates.slice(0, MAX_CERTIFICATES)) {
    const { share, leftMs, early, level } = lifeOf(one, time);
    const { full, empty } = meter(share ?? (leftMs > 0 ? 1 : 0), METER_COLUMNS);
    const left = early
      ? "not valid yet"
      : leftMs > 0
      ? `${lengthOfTime(leftMs)} left`
      : "ended";
    lines.line(
      { text: `  ${padded(ROLES[one.role], 7)}`, tone: "faint" },
      `${padded(shortName(one.name), NAME_COLUMNS)} `,
      { text: full, tone: TONES[level] },
      { text: empty, tone: "faint" },
      { text: `  ${left}`, tone: level === "good" ? "plain" : TONES[level] },
    );
  }
  const more = certificates.length - MAX_CERTIFICATES;
  if (more > 0) lines.line(`  and ${more} more, which --json lists`);
}

function trafficLines(lines: Lines, { traffic }: StatusReport): void {
  const { samples, stepSecs } = traffic;
  const total = (what: "requests" | "clientErrors" | "serverErrors") =>
    samples.reduce((sum, sample) => sum + sample[what], 0);
  const errors = total("serverErrors");
  const last = samples.at(-1);
  lines.heading(`Traffic of the last ${lengthOfTime(1000 * SLOTS * stepSecs)}`);
  const row = (
    name: string,
    of: (sample: TrafficSample) => number | null,
    text: string,
  ) => {
    lines.line(
      `  ${padded(name, 10)}`,
      { text: sparkline(samples.map(of), SLOTS), tone: "faint" },
      `  ${text}`,
    );
  };
  row(
    "Requests",
    ({ requests }) => requests,
    last === undefined
      ? "–"
      : `${perSecond(last.requests / stepSecs)} a second`,
  );
  row(
    "Errors",
    ({ serverErrors }) => serverErrors,
    `${count(errors)} 5xx (${percentage(errors, total("requests"))}), ${
      count(total("clientErrors"))
    } 4xx`,
  );
  row("Latency", ({ p99Ms }) => p99Ms, quantiles(traffic));
  row(
    "Refused",
    ({ refused }) => refused,
    counted(samples.reduce((sum, { refused }) => sum + refused, 0), "client"),
  );
}

function quantiles({ p50Ms, p99Ms }: TrafficReport): string {
  return `p50 ${latency(p50Ms)}, p99 ${latency(p99Ms)}`;
}

function connectionLines(
  lines: Lines,
  { connections, workers, traffic, startedAt, time }: StatusReport,
): void {
  const { open, total, handshaking, resumed } = connections;
  lines.heading("Connections");
  lines.text(
    ["  "],
    `HTTP/1.1 ${count(open["http/1.1"])}, HTTP/2 ${count(open.h2)}, tunnels ${
      count(open.tunnel)
    }; ${counted(handshaking, "handshake")} under way, ${
      counted(traffic.inFlight, "request")
    } in hand${workers.wanted > 1 ? `; ${workers.running} threads serve` : ""}`,
  );
  lines.text(
    ["  "],
    `${count(total)} admitted since the start ${ago(startedAt, time)}, ${
      counted(resumed, "session")
    } resumed`,
  );
}
