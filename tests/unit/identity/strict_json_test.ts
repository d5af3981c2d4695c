import assert from "node:assert/strict";
import fc from "fast-check";
import {
  JsonSyntaxError,
  type JsonValue,
  parseStrictJson,
} from "../../../src/identity/strict_json.ts";

/** With objects in place of maps, for comparison. Names are kept as own properties. */
function plain(value: JsonValue): unknown {
  if (value instanceof Map) {
    const object: Record<string, unknown> = Object.create(null);
    for (const [name, member] of value) object[name] = plain(member);
    return object;
  }
  return Array.isArray(value) ? value.map(plain) : value;
}

function refusal(text: string): { line: number; expected: string } {
  try {
    parseStrictJson(text);
  } catch (error) {
    assert.ok(error instanceof JsonSyntaxError, String(error));
    return { line: error.line, expected: error.expected };
  }
  assert.fail(`took ${text}`);
}

Deno.test("parseStrictJson() reads what JSON.parse() reads, however it is indented", () => {
  fc.assert(fc.property(
    fc.json({ maxDepth: 6 }),
    fc.constantFrom("", " ", "\t", "\r\n"),
    (text, indent) => {
      // What JSON.stringify() drops of two equal names is not the subject here.
      const value: unknown = JSON.parse(text);
      const indented = ` ${JSON.stringify(value, null, indent)}\n`;
      assert.deepEqual(
        JSON.stringify(plain(parseStrictJson(indented))),
        JSON.stringify(value),
      );
    },
  ));
});

Deno.test("parseStrictJson() refuses every text that JSON.parse() refuses", () => {
  const pieces = fc.constantFrom(
    ...'{}[]:,"\\\n0-1.e '.split(""),
    "true",
    "null",
    '"a"',
    '"a":',
    "\\u0041",
    "\u0001",
    "\u00a0",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
      const text = parts.join("");
      let expected: unknown;
      try {
        expected = JSON.parse(text);
      } catch {
        return void refusal(text);
      }
      try {
        assert.equal(
          JSON.stringify(plain(parseStrictJson(text))),
          JSON.stringify(expected),
        );
      } catch (error) {
        if (!(error instanceof JsonSyntaxError)) throw error;
        assert.equal(error.expected, "each name of an object once");
      }
    }),
    { numRuns: 5000 },
  );
});

const REFUSED: readonly [why: string, text: string, message: string][] = [
  ["nothing", "", "line 1: expected a value"],
  ["blanks alone", " \n ", "line 2: expected a value"],
  ["a second value", "1\n2", "line 2: expected nothing more"],
  ["a comma at the end", "[1,\n]", "line 2: expected a value"],
  ["an open array", "[1", "line 1: expected a comma or ]"],
  ["an open object", '{"a":1\n', "line 2: expected a comma or }"],
  ["a name without quotes", "{\na:1}", "line 2: expected a name in quotes"],
  ["a name alone", '{"a"}', "line 1: expected a colon"],
  ["an open string", '["a]', "line 1: expected a whole string in quotes"],
  [
    "a line end in a string",
    '"a\nb"',
    "line 1: expected a whole string in quotes",
  ],
  ["a wrong escape", '"\\x41"', "line 1: expected a whole string in quotes"],
  ["an escape at the end", '"\\', "line 1: expected a whole string in quotes"],
  ["single quotes", "'a'", "line 1: expected a value"],
  ["a comment", "// a\n1", "line 1: expected a value"],
  ["a number with a leading zero", "01", "line 1: expected nothing more"],
  ["NaN", "NaN", "line 1: expected a value"],
  ["a blank that is none of JSON's", "\u00a01", "line 1: expected a value"],
];

for (const [why, text, message] of REFUSED) {
  Deno.test(`parseStrictJson() refuses ${why}, and says where`, () => {
    const { line, expected } = refusal(text);
    assert.equal(`line ${line}: expected ${expected}`, message);
  });
}

Deno.test("parseStrictJson() refuses a name that an object has twice, written differently too, and says in which line", () => {
  for (const again of ['"a"', '"\\u0061"']) {
    assert.deepEqual(refusal(`{"a": 1,\n"b": {"a": 2},\n${again}: 3}`), {
      line: 3,
      expected: "each name of an object once",
    });
  }
  assert.deepEqual(
    plain(parseStrictJson('[{"a":1},{"a":{"a":2}}]')),
    plain([new Map([["a", 1]]), new Map([["a", new Map([["a", 2]])]])]),
  );
});

Deno.test("parseStrictJson() takes __proto__ for a name like others", () => {
  const value = parseStrictJson('{"__proto__": {"id": 1}}');
  assert.ok(value instanceof Map);
  assert.deepEqual([...value.keys()], ["__proto__"]);
});

Deno.test("parseStrictJson() reads 16 levels below the first, refuses one more, and ends on millions", () => {
  const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
  parseStrictJson(nested(17));
  const expected = "at most 16 levels of nesting";
  assert.deepEqual(refusal(nested(18)), { line: 1, expected });
  assert.deepEqual(refusal(nested(2_000_000)), { line: 1, expected });
  assert.deepEqual(refusal('{"a":'.repeat(800_000)), { line: 1, expected });
});

Deno.test("parseStrictJson() reads a string of two million escapes", () => {
  const value = parseStrictJson(`"${"\\n".repeat(2_000_000)}"`);
  assert.equal(value, "\n".repeat(2_000_000));
});
