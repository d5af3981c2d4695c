import assert from "node:assert/strict";
import fc from "fast-check";
import { DynamicTable } from "../../../src/http2/dynamic_table.ts";
import { latin1, octetsOf } from "../../support/octet_reader.ts";

type Entry = readonly [name: string, value: string, malformed: boolean];

function add(table: DynamicTable, [name, value, malformed]: Entry): void {
  const source = octetsOf(`<${name}: ${value}>`);
  const nameEnd = 1 + name.length;
  table.add(source, 1, nameEnd, nameEnd + 2, source.length - 1, malformed);
}

function entries(table: DynamicTable): Entry[] {
  const { octets } = table;
  return Array.from({ length: table.count }, (_, age) => {
    const slot = table.slot(age);
    return [
      latin1(octets.subarray(table.nameStart(slot), table.nameEnd(slot))),
      latin1(octets.subarray(table.nameEnd(slot), table.valueEnd(slot))),
      table.malformed(slot),
    ];
  });
}

/** The table as RFC 7541 §4 has it: the newest entry first, and no more than fits. */
function fitting(all: readonly Entry[], maxSize: number): Entry[] {
  let size = 0;
  return all.slice(
    0,
    all.findIndex(([name, value]) =>
      (size += name.length + value.length + 32) > maxSize
    ) >>> 0,
  );
}

const text = fc.string({
  unit: fc.constantFrom(..."abc"),
  maxLength: 150,
});
const step = fc.oneof(
  { weight: 9, arbitrary: fc.tuple(text, text, fc.boolean()) },
  { weight: 1, arbitrary: fc.nat(1000) },
);

Deno.test("DynamicTable holds the newest entries that fit, whatever is added and set", () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 120 }),
      fc.integer({ min: 0, max: 1000 }),
      (steps, bound) => {
        const table = new DynamicTable(bound);
        let expected: Entry[] = [];
        for (const next of steps) {
          if (typeof next === "number") {
            if (next > bound) continue;
            table.maxSize = next;
          } else {
            add(table, next);
            expected.unshift(next);
          }
          expected = fitting(expected, table.maxSize);
          assert.deepEqual(entries(table), expected);
          assert.ok(table.size <= table.maxSize);
          assert.ok(table.octets.length <= Math.max(bound, 0));
        }
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("DynamicTable is empty after an entry larger than all of it, RFC 7541 §4.4", () => {
  const table = new DynamicTable(100);
  add(table, ["a", "b", false]);
  add(table, ["a", "x".repeat(68), false]);
  assert.equal(table.count, 0);
  assert.equal(table.size, 0);
  add(table, ["a", "x".repeat(67), false]);
  assert.equal(table.count, 1);
  assert.equal(table.size, 100);
});

Deno.test("DynamicTable allocates nothing before the first entry", () => {
  assert.equal(new DynamicTable(4096).octets.length, 0);
});

Deno.test("DynamicTable takes no size that it was not made for", () => {
  for (const bound of [-1, 65_536, NaN]) {
    assert.throws(() => new DynamicTable(bound), RangeError);
  }
  const table = new DynamicTable(100);
  assert.throws(() => table.maxSize = 101, RangeError);
});
