import assert from "node:assert/strict";
import fc from "fast-check";
import {
  isMixed,
  isWildcard,
  RulePattern,
} from "../../../src/identity/rule_pattern.ts";

/** Segments between slashes; a wildcard stands for lower-case letters. */
function matches(pattern: string, value: string): boolean {
  const covers = (segment: string) => /^[a-z]+$/.test(segment);
  return new RulePattern(pattern.split("/"), covers).matches(value.split("/"));
}

const CASES: readonly (readonly [
  pattern: string,
  matching: readonly string[],
  others: readonly string[],
])[] = [
  ["a/b", ["a/b"], ["", "a", "b", "a/b/", "/a/b", "a/b/c", "A/b", "a/bb"]],
  ["a/*", ["a/b", "a/xyz"], ["a", "a/", "a/b/c", "a/B", "a/*", "b/a", "*/b"]],
  ["*/b", ["a/b"], ["/b", "b", "a/a/b", "a/b/", "a/c"]],
  ["a/*/c", ["a/b/c"], ["a/c", "a//c", "a/b/b/c", "a/b", "a/b/d"]],
  ["a/*/*", ["a/b/c"], ["a/b", "a/b/c/d", "a//b", "a/b/"]],
  ["a/**", ["a/b", "a/b/c", "a/b/c/d"], ["a", "a/", "a/b/", "a//b", "b/a"]],
  ["**/c", ["a/c", "a/b/c", "c/c"], ["c", "/c", "a//c", "a/c/", "a/b"]],
  ["a/**/c", ["a/b/c", "a/b/b/c", "a/c/c"], ["a/c", "a//c", "a/b/d", "b/b/c"]],
  ["a/**/c/*", ["a/b/c/d", "a/c/c/c"], ["a/c/d", "a/b/c", "a/b/c/D"]],
  ["*/**", ["a/b", "a/b/c"], ["a", "a/", "/a", "a/B", "B/a"]],
  ["a//**", ["a//b"], ["a/b", "a//", "a///b"]],
];

for (const [pattern, matching, others] of CASES) {
  Deno.test(`the pattern ${pattern} stands for whole values that fit, and no others`, () => {
    for (const value of matching) assert.ok(matches(pattern, value), value);
    for (const value of others) {
      assert.equal(matches(pattern, value), false, value);
    }
  });
}

Deno.test("a pattern asks of each covered segment where in the value it stands", () => {
  const asked: [string, number][] = [];
  const pattern = new RulePattern(["*", "b", "**", "d", "*"], (...call) => {
    asked.push(call);
    return true;
  });
  assert.ok(pattern.matches(["1", "b", "2", "3", "d", "4"]));
  assert.deepEqual(asked, [["1", 0], ["2", 2], ["3", 3], ["4", 5]]);
});

Deno.test("no wildcard stands for an empty segment, whatever else it may stand for", () => {
  const matches = (pattern: string[], segments: string[]) =>
    new RulePattern(pattern, () => true).matches(segments);
  assert.ok(matches(["a", "*"], ["a", " "]));
  assert.equal(matches(["a", "*"], ["a", ""]), false);
  assert.ok(matches(["a", "**"], ["a", "b", "c"]));
  assert.equal(matches(["a", "**"], ["a", "b", ""]), false);
  assert.equal(matches(["a", "**"], ["a", "", "c"]), false);
});

Deno.test("a pattern with a second ** can't be made", () => {
  assert.throws(() => matches("**/a/**", "a/a/a"), TypeError);
});

Deno.test("a wildcard is a whole segment", () => {
  for (const segment of ["*", "**"]) {
    assert.ok(isWildcard(segment));
    assert.equal(isMixed(segment), false);
  }
  for (const segment of ["***", "a*", "*a", "a*b", "**a", "* "]) {
    assert.equal(isWildcard(segment), false);
    assert.ok(isMixed(segment));
  }
  for (const segment of ["", "a"]) {
    assert.equal(isWildcard(segment) || isMixed(segment), false);
  }
});

/** What a pattern means, told by a regular expression. */
function expressionOf(segments: readonly string[]): RegExp {
  const parts = segments.map((segment) =>
    segment === "*"
      ? "[a-z]+"
      : segment === "**"
      ? "[a-z]+(?:/[a-z]+)*"
      : segment
  );
  return new RegExp(`^${parts.join("/")}$`);
}

const literal = fc.constantFrom("a", "b", "");
const segmentsOf = fc.record({
  before: fc.array(fc.oneof(literal, fc.constant("*")), { maxLength: 3 }),
  several: fc.subarray(["**"]),
  after: fc.array(fc.oneof(literal, fc.constant("*")), { maxLength: 3 }),
}).map(({ before, several, after }) => [...before, ...several, ...after])
  .filter((segments) => segments.length > 0);
const value = fc.array(fc.constantFrom("a", "b", "", "A"), {
  minLength: 1,
  maxLength: 7,
});

Deno.test("a pattern means what a regular expression would, whatever it is made of", () => {
  let matched = 0;
  fc.assert(
    fc.property(segmentsOf, value, (segments, parts) => {
      const text = parts.join("/");
      const expected = expressionOf(segments).test(text);
      matched += Number(expected);
      assert.equal(matches(segments.join("/"), text), expected);
    }),
    { numRuns: 3000 },
  );
  assert.ok(matched > 30, `only ${matched} values matched`);
});
