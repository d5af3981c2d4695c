import type { StatusReport } from "../monitor/status_report.ts";
import { asciiJson } from "./ascii_json.ts";
import { printable } from "./check_table.ts";
import { askMonitor, type MonitorSettings } from "./monitor_request.ts";
import { renderStatus } from "./status_text.ts";

const WATCH_MS = 2_000;
/** To the upper left corner, and nothing below it (ECMA-48 §8.3.21, §8.3.39). */
const CLEAR = "\x1b[H\x1b[J";

/** What a run of `status` is given. */
export interface StatusOptions {
  /** Whether it goes on, every two seconds, until `signal` aborts. */
  readonly watch: boolean;
  /** Whether reports are JSON; with `watch`, one line each. */
  readonly json: boolean;
  /** Whether text has colours. */
  readonly colours: boolean;
  /** How many lines a terminal has for each report; undefined where there is none. */
  readonly rows: () => number | undefined;
  readonly signal: AbortSignal;
  /** Takes reports. */
  write(text: string): Promise<void>;
  /** Takes one line on why there is no report. */
  tell(problem: string): void;
  /** Resolves after so many milliseconds, or when `signal` aborts. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

/**
 * Shows how the sidecar does that serves with these settings. Resolves to
 * whether it could be asked, with `watch` the last time.
 */
export async function status(
  settings: MonitorSettings,
  options: StatusOptions,
): Promise<boolean> {
  const { watch, json, colours, rows, signal, write, tell, pause } = options;
  const isScreen = watch && !json && rows() !== undefined;
  let answered = true;
  do {
    const found = await ask(settings, signal);
    // What was interrupted is no finding.
    if (watch && signal.aborted) break;
    answered = "report" in found;
    if (!("report" in found)) {
      if (isScreen) await write(`${CLEAR}${found.problem}\n`);
      else tell(found.problem);
    } else if (json) {
      await write(
        `${asciiJson(found.report, watch ? {} : { indent: 2 })}\n`,
      );
    } else {
      const text = renderStatus(found.report, { colours });
      await write(isScreen ? CLEAR + topOf(text, rows()) : text);
    }
    if (watch) await pause(WATCH_MS, signal);
  } while (watch && !signal.aborted);
  return answered;
}

type Found = { readonly report: StatusReport } | { readonly problem: string };

async function ask(
  settings: MonitorSettings,
  signal: AbortSignal,
): Promise<Found> {
  const answer = await askMonitor("/status.json", { ...settings, signal });
  if ("problem" in answer) return { problem: printable(answer.problem) };
  const { monitorPort } = settings;
  if (answer.status !== 200) {
    return {
      problem:
        `Cannot read /status.json at port ${monitorPort}: expected status 200, found ${answer.status}${
          answer.status === 404
            ? ", as with STATUS_PAGE=false or another program"
            : ""
        }`,
    };
  }
  const report = parse(answer.body);
  return report === undefined
    ? {
      problem:
        `Cannot read /status.json at port ${monitorPort}: expected the status of an mtls-sidecar`,
    }
    : { report };
}

/** Undefined for what no sidecar says. That it holds its word within is taken for granted. */
function parse(body: string): StatusReport | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  return isReport(value) ? value : undefined;
}

function isReport(value: unknown): value is StatusReport {
  if (typeof value !== "object" || value === null) return false;
  const fields: Readonly<Record<string, unknown>> = { ...value };
  return ["version", "time", "phase"].every((name) =>
    typeof fields[name] === "string"
  ) &&
    ["conditions", "certificates", "reloads", "refusals"].every((name) =>
      Array.isArray(fields[name])
    ) &&
    ["source", "access", "traffic", "connections"].every((name) =>
      typeof fields[name] === "object" && fields[name] !== null
    );
}

/** As many lines as there are rows, the last to say how many are below. */
function topOf(text: string, rows = Infinity): string {
  const lines = text.trimEnd().split("\n");
  if (lines.length < rows) return text;
  const shown = lines.slice(0, Math.max(0, rows - 2));
  const hidden = lines.length - shown.length;
  return `${
    shown.join("\n")
  }\n(${hidden} more lines; make the window taller)\n`;
}
