import assert from "node:assert/strict";
import { assess } from "../../../../src/monitor/page/findings.ts";
import type { StatusReport } from "../../../../src/monitor/status_report.ts";
import { days, healthy, minutes, NOW, troubled } from "./reports.ts";

function titles(report: StatusReport): string[] {
  const { sentence, findings } = assess(report);
  return [sentence, ...findings.map(({ title }) => title)];
}

Deno.test("assess() says of a healthy sidecar how long it serves and has left", () => {
  assert.deepEqual(assess(healthy), {
    level: "good",
    state: "Ready",
    sentence: "Serving for 3 d 4 h; the server certificate has 64 days left",
    findings: [],
  });
});

Deno.test("assess() puts what keeps it from being ready first, warnings last", () => {
  const { level, state, sentence, findings } = assess(troubled);
  assert.deepEqual([level, state], ["bad", "Not ready"]);
  assert.equal(sentence, "application: did not answer within 1 s");
  assert.deepEqual(findings.map(({ level, title }) => [level, title]), [
    ["bad", "The server certificate"],
    ["bad", "Disk differs from what is served"],
    ["warn", "CA Workload Root CA"],
    ["warn", "Access rules are not enforced"],
  ]);
});

Deno.test("assess() is not good while anything is to be seen to, though ready", () => {
  const differs = { since: minutes(-5), code: "CA_EMPTY", error: "Nothing" };
  const { level, state, sentence } = assess({ ...healthy, differs });
  assert.deepEqual([level, state], ["bad", "Ready"]);
  assert.equal(
    sentence,
    "Disk differs from what is served: CA_EMPTY for 5 min. Nothing",
  );
});

Deno.test("assess() tells of files that cannot be followed, since when and why", () => {
  const source = {
    healthy: false,
    since: minutes(-2),
    code: "SOURCE_FAILED",
    error: "Too many open files",
  };
  assert.match(
    assess({ ...healthy, source }).sentence,
    /SOURCE_FAILED for 2 min/,
  );
  const bare = assess({ ...healthy, source: { healthy: false } });
  assert.match(bare.sentence, /unknown reason\. No error was told$/);
});

Deno.test("assess() tells of certificates that have ended or not begun", () => {
  const [server, ...others] = healthy.certificates;
  const ended = { ...server!, notAfter: days(-1) };
  const early = { ...others[0]!, notBefore: days(1) };
  assert.deepEqual(titles({ ...healthy, certificates: [ended, early] }), [
    "The server certificate: has ended",
    "CA Workload Root CA",
  ]);
});

Deno.test("assess() tells of a bootstrap that still lets in others, and not of one that is over", () => {
  const during = (bootstrapUntil: string): StatusReport => ({
    ...healthy,
    access: {
      ...healthy.access,
      peers: { unpinned: "refuse", bootstrapUntil, peers: [] },
    },
  });
  const { level, sentence } = assess(during(minutes(30)));
  assert.equal(level, "warn");
  assert.match(sentence, /not refused for 30 min more$/);
  assert.equal(assess(during(minutes(-30))).level, "good");
});

Deno.test("assess() says where it is on its way from start to end", () => {
  const state = (phase: StatusReport["phase"]) => {
    const { level, state, sentence } = assess({
      ...healthy,
      phase,
      ready: false,
      time: NOW,
    });
    assert.equal(level, "warn");
    return `${state}: ${sentence}`;
  };
  assert.equal(state("starting"), "Starting: Does not serve yet");
  assert.equal(
    state("draining"),
    "Draining: Takes no new connections and finishes 14 requests in hand",
  );
  assert.equal(state("stopped"), "Stopped: Serves nothing any more");
});

Deno.test("assess() does not pretend to know why it is not ready", () => {
  const report = { ...healthy, ready: false };
  assert.equal(assess(report).level, "bad");
  assert.equal(assess(report).sentence, "No condition says why");
});

Deno.test("assess() has a sentence before any certificate is loaded", () => {
  const report = { ...healthy, certificates: [] };
  assert.equal(assess(report).sentence, "Serving for 3 d 4 h");
});

Deno.test("assess() tells of threads that do not answer, and of those that are missing", () => {
  const workers = { wanted: 4, running: 3, silent: 1, replaced: 2 };
  const { level, sentence, findings } = assess({ ...healthy, workers });
  assert.equal(level, "bad");
  assert.equal(
    sentence,
    "Threads: 1 thread that should serve does not answer any more",
  );
  assert.deepEqual(findings, [{
    level: "warn",
    title: "Threads",
    detail: "3 of 4 serve; 2 ended so far",
  }]);
});
