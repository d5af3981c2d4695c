import assert from "node:assert/strict";
import fc from "fast-check";
import { OctetWriter } from "../../../src/http/octet_writer.ts";
import { OctetWriters } from "../../../src/http/octet_writers.ts";
import { latin1, octetsOf } from "../../support/octet_reader.ts";

const text = fc.string({
  unit: fc.nat(255).map((octet) => String.fromCharCode(octet)),
  maxLength: 200,
});

Deno.test("OctetWriter puts together what is added, however it is added", () => {
  const parts = fc.array(fc.tuple(fc.constantFrom(0, 1, 2), text));
  fc.assert(fc.property(parts, fc.integer({ min: 1, max: 64 }), (all, size) => {
    const out = new OctetWriter(size);
    for (const [how, part] of all) {
      if (how === 0) out.addLatin1(part);
      else if (how === 1) out.add(octetsOf(part));
      else out.addRange(octetsOf(`<${part}>`), 1, 1 + part.length);
    }
    const expected = all.map(([, part]) => part).join("");
    assert.equal(latin1(out.octets), expected);
    assert.equal(out.length, expected.length);
    assert.ok(out.capacity >= out.length);
  }));
});

Deno.test("OctetWriter.clear() leaves nothing of before, and the memory", () => {
  const out = new OctetWriter(4);
  out.addLatin1("longer than that");
  const { capacity } = out;
  out.clear();
  assert.equal(out.octets.length, 0);
  out.addLatin1("x");
  assert.equal(latin1(out.octets), "x");
  assert.equal(out.capacity, capacity);
});

Deno.test("OctetWriters gives a writer again, emptied", () => {
  const writers = new OctetWriters();
  const writer = writers.take();
  writer.addLatin1("x");
  writers.give(writer);
  assert.equal(writers.take(), writer);
  assert.equal(writer.length, 0);
  assert.notEqual(writers.take(), writer, "it is taken");
});

Deno.test("OctetWriters keeps no writer that grew beyond 128 KiB", () => {
  const writers = new OctetWriters();
  const writer = writers.take();
  writer.add(new Uint8Array(128 * 1024 + 1));
  writers.give(writer);
  assert.notEqual(writers.take(), writer);
});

Deno.test("OctetWriters keeps at most 64 writers", () => {
  const writers = new OctetWriters();
  const taken = Array.from({ length: 65 }, () => writers.take());
  for (const writer of taken) writers.give(writer);
  const again = new Set(Array.from({ length: 65 }, () => writers.take()));
  assert.equal(taken.filter((writer) => again.has(writer)).length, 64);
});

Deno.test("OctetWriter writes numbers in network byte order", () => {
  const numbers = fc.array(fc.integer({ min: 0, max: 0xffff_ffff }));
  fc.assert(fc.property(numbers, (all) => {
    const out = new OctetWriter(1);
    const expected = new DataView(new ArrayBuffer(5 * all.length));
    for (const [index, value] of all.entries()) {
      out.addUint32(value);
      out.addOctet(value & 0xff);
      expected.setUint32(5 * index, value);
      expected.setUint8(5 * index + 4, value & 0xff);
    }
    assert.deepEqual(out.octets, new Uint8Array(expected.buffer));
  }));
});

Deno.test("OctetWriter.addLowerCase() changes letters alone", () => {
  const out = new OctetWriter(1);
  out.addLowerCase(octetsOf("<X-Fo_o`|~9Z>"), 1, 12);
  assert.equal(latin1(out.octets), "x-fo_o`|~9z");
});
