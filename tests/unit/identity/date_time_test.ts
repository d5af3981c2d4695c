import assert from "node:assert/strict";
import fc from "fast-check";
import { parseDateTime } from "../../../src/identity/date_time.ts";

const TAKEN: readonly [text: string, milliseconds: number][] = [
  ["1970-01-01T00:00:00Z", 0],
  // RFC 3339 §5.8
  ["1985-04-12T23:20:50.52Z", 482_196_050_520],
  ["1996-12-19T16:39:57-08:00", 851_042_397_000],
  ["1937-01-01T12:00:27.87+00:20", -1_041_337_172_130],
  ["2027-01-01T01:30:00+01:30", Date.UTC(2027, 0, 1)],
  ["2027-01-01T00:00:00-00:00", Date.UTC(2027, 0, 1)],
  ["2028-02-29T23:59:59.999999999Z", Date.UTC(2028, 1, 29, 23, 59, 59, 999)],
  ["2000-02-29T00:00:00Z", Date.UTC(2000, 1, 29)],
  ["0001-01-01T00:00:00Z", -62_135_596_800_000],
  ["9999-12-31T23:59:59Z", 253_402_300_799_000],
];

for (const [text, milliseconds] of TAKEN) {
  Deno.test(`parseDateTime() reads ${text}`, () => {
    assert.equal(parseDateTime(text), milliseconds);
  });
}

const REFUSED = [
  "",
  "2027",
  "2027-01-01",
  "2027-01-01T00:00:00",
  "2027-01-01T00:00Z",
  "2027-01-01 00:00:00Z",
  "2027-01-01t00:00:00Z",
  "2027-01-01T00:00:00z",
  "2027-01-01T00:00:00 Z",
  " 2027-01-01T00:00:00Z",
  "2027-01-01T00:00:00Z\n",
  "2027-1-1T00:00:00Z",
  "27-01-01T00:00:00Z",
  "+002027-01-01T00:00:00Z",
  "2027-00-01T00:00:00Z",
  "2027-13-01T00:00:00Z",
  "2027-01-00T00:00:00Z",
  "2027-04-31T00:00:00Z",
  "2027-02-29T00:00:00Z",
  "2100-02-29T00:00:00Z",
  "2027-01-01T24:00:00Z",
  "2027-01-01T00:60:00Z",
  "1990-12-31T23:59:60Z",
  "2027-01-01T00:00:00.Z",
  "2027-01-01T00:00:00,5Z",
  "2027-01-01T00:00:00.0000000001Z",
  "2027-01-01T00:00:00+0130",
  "2027-01-01T00:00:00+1:30",
  "2027-01-01T00:00:00+24:00",
  "2027-01-01T00:00:00+01:60",
  "2027-01-01T00:00:00+01:30Z",
  "٢٠٢٧-01-01T00:00:00Z",
];

for (const text of REFUSED) {
  Deno.test(`parseDateTime() refuses ${JSON.stringify(text)}`, () => {
    assert.equal(parseDateTime(text), undefined);
  });
}

Deno.test("parseDateTime() reads back what toISOString() writes, in any offset", () => {
  fc.assert(fc.property(
    fc.date({
      noInvalidDate: true,
      min: new Date("0001-01-02T00:00:00Z"),
      max: new Date("9999-12-30T00:00:00Z"),
    }),
    fc.integer({ min: 0, max: 23 }),
    fc.integer({ min: 0, max: 59 }),
    fc.boolean(),
    (date, hours, minutes, east) => {
      assert.equal(parseDateTime(date.toISOString()), date.getTime());
      const offsetMs = (east ? 1 : -1) * (60 * hours + minutes) * 60_000;
      const local = new Date(date.getTime() + offsetMs).toISOString();
      const digits = [hours, minutes].map((n) => String(n).padStart(2, "0"));
      assert.equal(
        parseDateTime(
          `${local.slice(0, -1)}${east ? "+" : "-"}${digits.join(":")}`,
        ),
        date.getTime(),
      );
    },
  ));
});
