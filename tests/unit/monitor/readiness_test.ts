import assert from "node:assert/strict";
import { SidecarError } from "../../../src/errors.ts";
import {
  type ApplicationProbe,
  Readiness,
  rfc3339,
} from "../../../src/monitor/readiness.ts";
import type { Watched } from "../../../src/monitor/watched.ts";
import { HOUR, NOW, store, watching } from "./watching.ts";

interface Judging {
  readonly watched?: Partial<Watched>;
  readonly application?: ApplicationProbe;
  readonly now?: number;
}

/** The names of the conditions that do not hold. */
async function lacking(
  { watched, application, now = NOW }: Judging,
): Promise<string[]> {
  const readiness = new Readiness({
    watched: watching(watched),
    application,
    now: () => now,
  });
  const conditions = await readiness.conditions([]);
  return conditions.filter(({ ok }) => !ok).map(({ name }) => name);
}

function answering(ok: boolean): ApplicationProbe {
  return { ask: () => Promise.resolve({ ok, detail: "" }) };
}

function down(since: number): Partial<Watched> {
  const error = new SidecarError("SOURCE_FAILED", "gone");
  const health = { healthy: false, since, error } as const;
  return { followed: [{ differs: undefined, health }] };
}

const { notBefore, notAfter } = store.current.material.certificate;

for (
  const [what, judging, expected] of [
    ["lacks nothing where all is well", {}, []],
    [
      "lacks nothing with an application that is ready",
      { application: answering(true) },
      [],
    ],
    [
      "lacks an application that is not ready",
      { application: answering(false) },
      ["application"],
    ],
    ["lacks the start", { watched: { phase: "starting" } }, ["serving"]],
    ["lacks what drains", { watched: { phase: "draining" } }, ["serving"]],
    ["lacks what has stopped", { watched: { phase: "stopped" } }, ["serving"]],
    ["lacks material", { watched: { store: undefined } }, ["certificate"]],
    ["takes a certificate in its last moment", { now: notAfter }, []],
    ["lacks one after it", { now: notAfter + 1 }, ["certificate"]],
    ["takes one in its first moment", { now: notBefore }, []],
    ["lacks one before it", { now: notBefore - 1 }, ["certificate"]],
    ["trusts no clock that tells no time", { now: NaN }, ["certificate"]],
    ["bears with a source that was just lost", { watched: down(NOW) }, []],
    [
      "bears with one that was lost 5 minutes ago",
      { watched: down(NOW - HOUR / 12 + 1) },
      [],
    ],
    [
      "lacks one that was lost longer ago",
      { watched: down(NOW - HOUR / 12) },
      ["source"],
    ],
    [
      "says all that is lacking",
      {
        watched: { phase: "draining", store: undefined },
        application: answering(false),
      },
      ["serving", "certificate", "application"],
    ],
  ] satisfies [string, Judging, string[]][]
) {
  Deno.test(`Readiness ${what}`, async () => {
    assert.deepEqual(await lacking(judging), expected);
  });
}

Deno.test("Readiness hands the probe's header to the application", async () => {
  const asked: (readonly string[])[] = [];
  const readiness = new Readiness({
    watched: watching(),
    application: {
      ask(rawHeaders) {
        asked.push(rawHeaders);
        return Promise.resolve({ ok: true, detail: "" });
      },
    },
    now: () => NOW,
  });
  await readiness.conditions(["A", "b"]);
  assert.deepEqual(asked, [["A", "b"]]);
});

Deno.test("rfc3339() writes times that only certificates name", () => {
  assert.equal(rfc3339(0), "1970-01-01T00:00:00.000Z");
  assert.equal(rfc3339(1e18), "9999-12-31T23:59:59.999Z");
});
