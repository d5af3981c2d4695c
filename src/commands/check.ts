import { mountWarnings } from "../followed_material.ts";
import { disk } from "../material/files.ts";
import { asciiJson } from "./ascii_json.ts";
import { gather, type GatherOptions } from "./check_gather.ts";
import type { CheckReport } from "./check_report.ts";
import { renderText } from "./check_text.ts";

/** What a run of `check` is given. */
export interface CheckOptions
  extends Pick<GatherOptions, "args" | "lookup" | "client"> {
  /** Whether the report is to be an object of {@linkcode CheckReport}. */
  readonly json: boolean;
  /** Whether the text has colours. */
  readonly colours: boolean;
}

/**
 * Reads settings and files as `serve` does and reports what would be served, and
 * every problem there is. `passed` is false where `serve` would not start, and
 * where a client was to be judged and would not get in. Opens no port and calls
 * nobody.
 */
export async function check(
  { json, colours, ...options }: CheckOptions,
): Promise<{ output: string; passed: boolean }> {
  const report = await gather({
    ...options,
    fs: disk,
    now: Date.now(),
    mountWarnings,
  });
  return {
    output: json ? renderJson(report) : renderText(report, { colours }),
    // A client whose verdict is not known is not let in.
    passed: report.wouldStart &&
      (options.client === undefined || report.client?.admitted === true),
  };
}

/** The report as one JSON object. */
export function renderJson(report: CheckReport): string {
  return `${asciiJson(report, { indent: 2 })}\n`;
}
