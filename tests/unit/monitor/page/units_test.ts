import assert from "node:assert/strict";
import {
  ago,
  count,
  counted,
  dateAndTime,
  latency,
  lengthOfTime,
  percentage,
  perSecond,
  timeOfDay,
} from "../../../../src/monitor/page/units.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

Deno.test("lengthOfTime() takes the units that suit the length", () => {
  const cases: [ms: number, text: string][] = [
    [0, "0 s"],
    [999, "0 s"],
    [59_999, "59 s"],
    [MINUTE, "1 min"],
    [HOUR - 1, "59 min"],
    [HOUR, "1 h"],
    [7 * HOUR + 12 * MINUTE, "7 h 12 min"],
    [10 * HOUR + 59 * MINUTE, "10 hours"],
    [DAY, "1 d"],
    [3 * DAY + 4 * HOUR, "3 d 4 h"],
    [10 * DAY - 1, "9 d 23 h"],
    [10 * DAY, "10 days"],
    [729 * DAY, "729 days"],
    [2150 * DAY, "5.8 years"],
  ];
  for (const [ms, text] of cases) assert.equal(lengthOfTime(ms), text);
});

Deno.test("lengthOfTime() never says that more is left than is", () => {
  assert.equal(lengthOfTime(2 * MINUTE - 1), "1 min");
  assert.equal(lengthOfTime(3 * 365.25 * DAY - 1), "2.9 years");
  assert.equal(lengthOfTime(-5 * DAY), "0 s");
});

Deno.test("latency() has two or three digits and a dash for nothing", () => {
  const cases: [ms: number | null, text: string][] = [
    [null, "–"],
    [0.4219, "0.42 ms"],
    [3.14, "3.1 ms"],
    [17.4, "17 ms"],
    [999, "999 ms"],
    [1_300, "1.3 s"],
    [12_600, "13 s"],
  ];
  for (const [ms, text] of cases) assert.equal(latency(ms), text);
});

Deno.test("numbers have their thousands apart and agree with their nouns", () => {
  assert.deepEqual([0, 999, 1_000, 1_234_567].map(count), [
    ...["0", "999", "1,000", "1,234,567"],
  ]);
  assert.equal(counted(1, "request"), "1 request");
  assert.equal(counted(0, "request"), "0 requests");
  assert.equal(counted(1_200, "request"), "1,200 requests");
});

Deno.test("perSecond() is whole from 10 on", () => {
  assert.deepEqual([0, 0.25, 9.96, 10, 12_345.6].map(perSecond), [
    ...["0", "0.3", "10.0", "10", "12,346"],
  ]);
});

Deno.test("percentage() does not hide what is small, nor divide by nothing", () => {
  assert.equal(percentage(0, 0), "0 %");
  assert.equal(percentage(1, 100_000), "<0.1 %");
  assert.equal(percentage(1, 40), "2.5 %");
  assert.equal(percentage(5, 7), "71 %");
  assert.equal(percentage(7, 7), "100 %");
});

Deno.test("times are shown in UTC as they stand", () => {
  const time = "2026-11-21T12:03:59.123Z";
  assert.equal(dateAndTime(time), "2026-11-21 12:03");
  assert.equal(timeOfDay(time), "12:03:59");
  assert.equal(ago("2026-11-21T12:00:00.000Z", time), "3 min ago");
});
