import { printable } from "./check_table.ts";
import { askMonitor, type MonitorSettings } from "./monitor_request.ts";

/**
 * Asks the sidecar that serves with these settings whether it is alive, or with
 * `ready` whether it is ready. `output` is what it said, or why it said nothing.
 */
export async function healthcheck(
  settings: MonitorSettings,
  { ready, signal }: { readonly ready: boolean; readonly signal: AbortSignal },
): Promise<{ output: string; passed: boolean }> {
  const path = ready ? "/ready" : "/live";
  const answer = await askMonitor(path, { ...settings, signal });
  if ("problem" in answer) {
    return { output: `${printable(answer.problem)}\n`, passed: false };
  }
  const { status, body } = answer;
  const said = body.trimEnd().split("\n").map(printable).join("\n");
  return { output: `${said}\n`, passed: status === 200 };
}
