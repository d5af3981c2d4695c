import assert from "node:assert/strict";
import {
  counted,
  duration,
  standingAt,
  wholeDays,
} from "../../../src/commands/check_time.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

Deno.test("standingAt() warns from 30 days on, and more so from 7 days on", () => {
  const period = { begin: 0, end: 365 * DAY };
  for (
    const [left, standing] of [
      [30 * DAY, "valid"],
      [30 * DAY - 1, "soon"],
      [7 * DAY, "soon"],
      [7 * DAY - 1, "imminent"],
      [0, "imminent"],
      [-1, "expired"],
    ] as const
  ) {
    assert.equal(standingAt(period, 365 * DAY - left), standing, `${left}`);
  }
  assert.equal(standingAt(period, -1), "not yet valid");
  assert.equal(standingAt(period, 0), "valid");
});

Deno.test("standingAt() goes by parts of what lives for a short time", () => {
  const period = { begin: 0, end: 24 * HOUR };
  assert.equal(standingAt(period, 16 * HOUR), "valid");
  assert.equal(standingAt(period, 16 * HOUR + 1), "soon");
  assert.equal(standingAt(period, 22 * HOUR), "soon");
  assert.equal(standingAt(period, 22 * HOUR + 1), "imminent");
});

Deno.test("wholeDays() rounds down, on either side of now", () => {
  assert.equal(wholeDays(2 * DAY - 1), 1);
  assert.equal(wholeDays(0), 0);
  assert.equal(wholeDays(-1), -1);
});

Deno.test("duration() takes the largest unit of which there are two", () => {
  assert.equal(duration(2 * DAY), "2 days");
  assert.equal(duration(2 * DAY - 1), "47 hours");
  assert.equal(duration(2 * HOUR - 1), "119 minutes");
  assert.equal(duration(MINUTE), "1 minute");
  assert.equal(duration(0), "0 minutes");
  assert.equal(duration(-3 * DAY), "3 days");
});

Deno.test("counted() has the noun agree with its number", () => {
  assert.equal(counted(1, "key"), "1 key");
  assert.equal(counted(0, "entry", "entries"), "0 entries");
});
