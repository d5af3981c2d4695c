import assert from "node:assert/strict";
import { Deadlines } from "../../../src/deadlines.ts";
import { type ErrorCode, SidecarError } from "../../../src/errors.ts";
import { adviceFor } from "../../../src/monitor/refusal_advice.ts";
import { statusReport } from "../../../src/monitor/status_model.ts";
import type { StatusReport } from "../../../src/monitor/status_report.ts";
import type { Watched } from "../../../src/monitor/watched.ts";
import { Samples } from "../../../src/observations/samples.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { NOW, root, watching } from "./watching.ts";

const clock = new ManualClock();

function report(
  changes: Partial<Watched> = {},
  { detailed = true, after = () => {} }: {
    detailed?: boolean;
    /** Called between the first look at the counts and the report. */
    after?: (watched: Watched) => void;
  } = {},
): StatusReport {
  const watched = watching(changes);
  const samples = new Samples({
    traffic: watched.observations.traffic,
    refused: () => watched.observations.journal.refused,
    deadlines: new Deadlines(clock),
    now: () => NOW,
  });
  after(watched);
  clock.advance(16_000);
  samples.end();
  return statusReport(watched, {
    samples,
    conditions: [{ name: "serving", ok: true, detail: "serving" }],
    detailed,
    now: NOW,
  });
}

Deno.test("statusReport() is JSON without loss", () => {
  const told = report();
  assert.deepEqual(JSON.parse(JSON.stringify(told)), told);
  assert.equal(told.version, "1.2.3");
  assert.equal(told.time, new Date(NOW).toISOString());
});

Deno.test("statusReport() is ready where every condition holds", () => {
  assert.equal(report().ready, true);
  const watched = watching();
  const conditions = [
    { name: "a", ok: true, detail: "" },
    { name: "b", ok: false, detail: "" },
  ];
  const samples = new Samples({
    traffic: watched.observations.traffic,
    refused: () => 0,
    deadlines: new Deadlines(clock),
    now: () => NOW,
  });
  const told = statusReport(watched, {
    samples,
    conditions,
    detailed: true,
    now: NOW,
  });
  samples.end();
  assert.equal(told.ready, false);
});

Deno.test("statusReport() tells a sidecar without material as such", () => {
  const told = report({ store: undefined, phase: "starting", followed: [] });
  assert.deepEqual(told.certificates, []);
  assert.equal(told.trustGeneration, 0);
  assert.deepEqual(told.source, { healthy: true });
});

Deno.test("statusReport() tells what failed first of several sources", () => {
  const lost = (since: number, code: ErrorCode) => ({
    differs: { since, error: new SidecarError(code, `${code} it is`) },
    health: {
      healthy: false,
      since,
      error: new SidecarError(code, `${code} it is`),
    },
  } as const);
  const told = report({
    followed: [
      lost(NOW, "PEERS_INVALID"),
      lost(NOW - 1000, "PEM_INVALID"),
      { differs: undefined, health: { healthy: true } },
    ],
  });
  const problem = {
    since: new Date(NOW - 1000).toISOString(),
    code: "PEM_INVALID",
    error: "PEM_INVALID it is",
  };
  assert.deepEqual(told.differs, problem);
  assert.deepEqual(told.source, { healthy: false, ...problem });
});

Deno.test("statusReport() tells quantiles in milliseconds, and none of a step without requests", () => {
  const busy = report({}, {
    after({ observations: { traffic } }) {
      traffic.begin();
      traffic.end({
        protocol: "h2",
        status: 503,
        fault: undefined,
        durationMs: 40,
        upstreamMs: -1,
        received: 0,
        sent: 0,
      });
    },
  });
  const [sample] = busy.traffic.samples;
  assert.equal(sample?.requests, 1);
  assert.equal(sample?.serverErrors, 1);
  assert.ok(sample!.p50Ms! > 25 && sample!.p50Ms! <= 50);
  assert.equal(busy.traffic.p50Ms, sample?.p50Ms);
  const [quiet] = report().traffic.samples;
  assert.deepEqual([quiet?.requests, quiet?.p50Ms, quiet?.p99Ms], [
    0,
    null,
    null,
  ]);
});

const REFUSED = {
  code: "ACCESS_NOT_ALLOWED",
  detail: "no rule allows it",
  address: "192.0.2.1",
} as const;

Deno.test("statusReport() says who was refused to those alone who may see it", () => {
  const leaf = root.issue({ commonName: "mallory" }).der;
  const after = ({ observations: { journal } }: Watched) =>
    journal.refuse({ ...REFUSED, leaf });
  const [seen] = report({}, { after }).refusals;
  assert.equal(seen?.subject, "CN=mallory");
  assert.equal(seen?.issuer, "CN=Test Root");
  assert.equal(seen?.address, "192.0.2.1");
  const hidden = JSON.stringify(report({}, { after, detailed: false }));
  assert.doesNotMatch(hidden, /mallory|192\.0\.2\.1|spki/);
});

Deno.test("statusReport() tells of a refusal whose certificate cannot be read, or is not there", () => {
  const told = report({}, {
    after({ observations: { journal } }) {
      journal.refuse(REFUSED);
      journal.refuse({ ...REFUSED, leaf: new Uint8Array([0x30, 0x03, 1]) });
    },
  });
  assert.equal(told.refusals.length, 2);
  for (const refusal of told.refusals) {
    assert.equal("subject" in refusal, false);
  }
});

Deno.test("statusReport() bounds texts, and shows nothing that cannot be printed", () => {
  const told = report({}, {
    after({ observations: { journal } }) {
      journal.reloaded({
        what: "TLS material",
        outcome: "PEM_INVALID",
        detail: `\x1b[31m\x00\u009b\n${"x".repeat(2000)}`,
      });
    },
  });
  const [{ detail } = { detail: "" }] = told.reloads;
  assert.ok(detail.length <= 512);
  assert.match(detail, /^\?\[31m\?\?\?x+…$/);
});

Deno.test("adviceFor() has something to say on every code, and names no one", () => {
  for (
    const code of ["LEAF_EXPIRED", "ACCESS_NOT_PINNED", "INTERNAL"] as const
  ) {
    assert.match(adviceFor(code), /^[A-Z].{10,}[^.]$/);
  }
  assert.match(adviceFor("ACCESS_PIN_MISMATCH"), /PEERS_FILE/);
});
