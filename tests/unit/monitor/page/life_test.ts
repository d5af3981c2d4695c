import assert from "node:assert/strict";
import { lifeOf } from "../../../../src/monitor/page/life.ts";
import type { CertificateReport } from "../../../../src/monitor/status_report.ts";
import { days, NOW, serverCertificate } from "./reports.ts";

/** The level of what began and ends so many days from now. */
function levelOf(
  role: CertificateReport["role"],
  [begin, end]: readonly [number, number],
): string {
  const of = { ...serverCertificate, role };
  return lifeOf({ ...of, notBefore: days(begin), notAfter: days(end) }, NOW)
    .level;
}

Deno.test("lifeOf() tells the share that is left and how long it lasts", () => {
  const { share, leftMs, early } = lifeOf(
    { ...serverCertificate, notBefore: days(-30), notAfter: days(60) },
    NOW,
  );
  assert.equal(share, 2 / 3);
  assert.equal(leftMs, 60 * 86_400_000);
  assert.equal(early, false);
});

Deno.test("lifeOf() judges what identifies us by its share, whether it lives for hours or years", () => {
  for (const role of ["server", "upstream"] as const) {
    for (const unit of [1 / 24, 1, 100]) {
      const at = (left: number) =>
        levelOf(role, [(left - 100) * unit, left * unit]);
      assert.deepEqual([31, 29, 11, 9].map(at), [
        ...["good", "warn", "warn", "bad"],
      ]);
    }
  }
});

Deno.test("lifeOf() finds a CA of years good until its last month", () => {
  const at = (left: number) => levelOf("ca", [left - 3650, left]);
  assert.deepEqual([31, 29, 4, 2].map(at), ["good", "warn", "warn", "bad"]);
});

Deno.test("lifeOf() judges a CA of a day by its share", () => {
  const at = (left: number) => levelOf("ca", [left - 1, left]);
  assert.deepEqual([0.5, 0.2, 0.05].map(at), ["good", "warn", "bad"]);
});

Deno.test("lifeOf() lets a CRL come near its end before it warns", () => {
  const at = (left: number) => levelOf("crl", [left - 100, left]);
  assert.deepEqual([11, 9, 3, 1].map(at), ["good", "warn", "warn", "bad"]);
});

Deno.test("lifeOf() finds bad what has ended or has not begun", () => {
  for (const role of ["server", "upstream", "ca", "crl"] as const) {
    assert.equal(levelOf(role, [-10, -1]), "bad");
    assert.equal(levelOf(role, [1, 100]), "bad");
    const early = { ...serverCertificate, role, notBefore: days(1) };
    assert.equal(lifeOf(early, NOW).early, true);
  }
});

Deno.test("lifeOf() goes by the time left where the begin is unknown", () => {
  const { notBefore: _, ...certificate } = serverCertificate;
  const at = (left: number) =>
    lifeOf({ ...certificate, notAfter: days(left) }, NOW);
  assert.equal(at(4).share, null);
  assert.deepEqual([4, 2, 0.4, -1].map((left) => at(left).level), [
    ...["good", "warn", "bad", "bad"],
  ]);
});

Deno.test("lifeOf() finds bad what it can't read", () => {
  for (const notAfter of ["", "tomorrow"]) {
    const { level, share } = lifeOf({ ...serverCertificate, notAfter }, NOW);
    assert.equal(level, "bad");
    assert.equal(share, null);
  }
});
