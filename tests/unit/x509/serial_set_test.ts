import assert from "node:assert/strict";
import fc from "fast-check";
import { SerialSet } from "../../../src/x509/serial_set.ts";

/** Of serial numbers in hex. */
function setOf(...serialNumbers: readonly string[]): SerialSet {
  const packed = serialNumbers.flatMap((serialNumber) => {
    const octets = Uint8Array.fromHex(serialNumber);
    return [octets.length, ...octets];
  });
  return new SerialSet(Uint8Array.from(packed));
}

const serialNumber = fc.uint8Array({ minLength: 1, maxLength: 21 })
  .map((octets) => octets.toHex());

Deno.test("SerialSet has what was put in and nothing else", () => {
  fc.assert(fc.property(
    fc.array(serialNumber),
    fc.array(serialNumber),
    (members, asked) => {
      const set = setOf(...members);
      assert.equal(set.size, new Set(members).size);
      for (const member of members) assert.ok(set.has(member));
      for (const other of asked) {
        assert.equal(set.has(other), members.includes(other));
      }
    },
  ));
});

Deno.test("SerialSet without a member has none", () => {
  const empty = setOf();
  assert.equal(empty.size, 0);
  assert.equal(empty.has("00"), false);
});

Deno.test("SerialSet tells serial numbers apart that begin or end alike", () => {
  const set = setOf("01", "0102", "00ff");
  for (const other of ["0101", "02", "010200", "ff", "0001", "00"]) {
    assert.equal(set.has(other), false, other);
  }
});

Deno.test("SerialSet takes a serial number that stands twice for one", () => {
  assert.equal(setOf("01", "02", "01").size, 2);
});

Deno.test("SerialSet finds each of many serial numbers that follow each other", () => {
  const members = Array.from(
    { length: 5_000 },
    (_, index) => (index + 0x1000).toString(16),
  );
  const set = setOf(...members);
  assert.equal(set.size, 5_000);
  assert.ok(members.every((member) => set.has(member)));
  assert.equal(set.has("0fff"), false);
  assert.equal(set.has((0x1000 + 5_000).toString(16)), false);
});

Deno.test("SerialSet is not slow for serial numbers chosen to fall into one slot of an unseeded FNV-1a", () => {
  const members: string[] = [];
  const mask = 2 ** 16 - 1;
  const round = (hash: number, octet: number) =>
    Math.imul(hash ^ octet, 0x01000193) & mask;
  // The low 16 bits of the hash depend on themselves alone.
  const before = new Map<number, number>();
  for (let pair = 0; pair < 65_536; pair++) {
    const state = pair;
    for (let last = 0; last < 256; last++) {
      if (round(state, last) === 0) before.set(state, last);
    }
  }
  for (let n = 0; members.length < 20_000; n++) {
    const hex = `01${n.toString(16).padStart(8, "0")}`;
    const state = Uint8Array.fromHex(`06${hex}`).reduce(round, 0x811c9dc5);
    const last = before.get(state & mask);
    if (last !== undefined) {
      members.push(hex + last.toString(16).padStart(2, "0"));
    }
  }
  const start = performance.now();
  assert.equal(setOf(...members).size, 20_000);
  assert.ok(performance.now() - start < 300);
});

Deno.test("isCoveredBy() asks for each serial number in any of the others", () => {
  const set = setOf("01", "02");
  assert.equal(set.isCoveredBy([setOf("02", "01", "03")]), true);
  assert.equal(set.isCoveredBy([setOf("02"), setOf("01")]), true);
  assert.equal(set.isCoveredBy([setOf("02"), setOf("03")]), false);
  assert.equal(set.isCoveredBy([]), false);
  assert.equal(setOf().isCoveredBy([]), true);
});
