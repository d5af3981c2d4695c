import type { CertificateReport, StatusReport } from "../status_report.ts";
import { type Level, lifeOf } from "./life.ts";
import { shortName } from "./names.ts";
import { counted, lengthOfTime } from "./units.ts";

/** Something that an operator should see to. */
export interface Finding {
  readonly level: Exclude<Level, "good">;
  readonly title: string;
  readonly detail: string;
}

/** A report in one line, and what is behind it. */
export interface Assessment {
  /** Of the gravest finding; `good` where there is none. */
  readonly level: Level;
  /** `Ready`, `Not ready`, or where it is on its way from start to end. */
  readonly state: string;
  /** The one thing that matters most now. */
  readonly sentence: string;
  /** All the others, the gravest first. */
  readonly findings: readonly Finding[];
}

const ROLES: Readonly<Record<CertificateReport["role"], string>> = {
  server: "The server certificate",
  upstream: "The certificate shown to the application",
  ca: "CA",
  crl: "The CRL of",
};

/** What a report comes to, for the page's top and the terminal's first lines. */
export function assess(report: StatusReport): Assessment {
  const all = [
    ...unmet(report),
    ...endings(report),
    ...material(report),
    ...threads(report),
    ...access(report),
  ];
  // The sort is stable: within a level the order above stands.
  all.sort((a, b) => Number(a.level === "warn") - Number(b.level === "warn"));
  if (report.phase !== "serving") {
    return { level: "warn", ...phase(report), findings: all };
  }
  const [first, ...findings] = all;
  return {
    level: report.ready ? first?.level ?? "good" : "bad",
    state: report.ready ? "Ready" : "Not ready",
    sentence: first !== undefined
      ? `${first.title}: ${first.detail}`
      : report.ready
      ? quietSentence(report)
      : "No condition says why",
    findings,
  };
}

function quietSentence(report: StatusReport): string {
  const serving = `Serving for ${lengthOfTime(age(report.startedAt, report))}`;
  const server = report.certificates.find(({ role }) => role === "server");
  if (server === undefined) return serving;
  const { leftMs } = lifeOf(server, report.time);
  return `${serving}; the server certificate has ${lengthOfTime(leftMs)} left`;
}

function phase(report: StatusReport): { state: string; sentence: string } {
  switch (report.phase) {
    case "draining":
      return {
        state: "Draining",
        sentence: `Takes no new connections and finishes ${
          counted(report.traffic.inFlight, "request")
        } in hand`,
      };
    case "stopped":
      return { state: "Stopped", sentence: "Serves nothing any more" };
    default:
      return { state: "Starting", sentence: "Does not serve yet" };
  }
}

function* unmet({ conditions }: StatusReport): Generator<Finding> {
  for (const { name, ok, detail } of conditions) {
    if (!ok) yield { level: "bad", title: name, detail };
  }
}

function* endings(report: StatusReport): Generator<Finding> {
  for (const certificate of report.certificates) {
    const { role, name } = certificate;
    const { level, leftMs, early } = lifeOf(certificate, report.time);
    const own = role === "server" || role === "upstream";
    const title = own ? ROLES[role] : `${ROLES[role]} ${shortName(name)}`;
    if (early) {
      yield { level: "bad", title, detail: "is not valid yet" };
    } else if (!(leftMs > 0)) {
      yield { level: "bad", title, detail: "has ended" };
    } else if (level !== "good") {
      yield { level, title, detail: `ends in ${lengthOfTime(leftMs)}` };
    }
  }
}

function* material(report: StatusReport): Generator<Finding> {
  const { differs, source } = report;
  if (differs !== null) {
    yield {
      level: "bad",
      title: "Disk differs from what is served",
      detail: `${differs.code} for ${
        lengthOfTime(age(differs.since, report))
      }. ${differs.error}`,
    };
  }
  if (!source.healthy) {
    const since = source.since === undefined
      ? ""
      : ` for ${lengthOfTime(age(source.since, report))}`;
    yield {
      level: "bad",
      title: "The files cannot be followed",
      detail: `${source.code ?? "unknown reason"}${since}. ${
        source.error ?? "No error was told"
      }`,
    };
  }
}

function* threads({ workers }: StatusReport): Generator<Finding> {
  const { wanted, running, silent, replaced } = workers;
  const title = "Threads";
  if (silent > 0) {
    const detail = `${counted(silent, "thread")} that should serve ${
      silent === 1 ? "does" : "do"
    } not answer any more`;
    yield { level: "bad", title, detail };
  }
  if (running < wanted) {
    const detail = `${running} of ${wanted} serve; ${replaced} ended so far`;
    yield { level: "warn", title, detail };
  }
}

function* access({ access, time }: StatusReport): Generator<Finding> {
  if (access.mode === "audit") {
    yield {
      level: "warn",
      title: "Access rules are not enforced",
      detail: "ACCESS_MODE=audit lets in every client with a good certificate",
    };
  }
  const until = access.peers?.bootstrapUntil;
  if (until !== undefined && Date.parse(until) > Date.parse(time)) {
    yield {
      level: "warn",
      title: "Bootstrap of the pinned peers",
      detail: `clients that are no peer are not refused for ${
        lengthOfTime(Date.parse(until) - Date.parse(time))
      } more`,
    };
  }
}

/** In milliseconds, at the time of the report. */
function age(since: string, { time }: StatusReport): number {
  return Date.parse(time) - Date.parse(since);
}
