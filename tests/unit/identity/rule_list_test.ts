import assert from "node:assert/strict";
import type { Kind } from "../../../src/config/kinds.ts";
import {
  type AccessRule,
  parseRuleList,
  ruleList,
} from "../../../src/identity/rule_list.ts";

function valuesOf(text: string): unknown[] {
  const parsed = parseRuleList(text, "cn");
  assert.ok("value" in parsed, `${JSON.stringify(text)} is refused`);
  return parsed.value.map(({ criterion }) => criterion);
}

function refused(text: string): string {
  const parsed = parseRuleList(text, "cn");
  assert.ok("expected" in parsed, `${JSON.stringify(text)} is accepted`);
  return parsed.expected;
}

Deno.test("parseRuleList() reads no text as no rules", () => {
  assert.deepEqual(valuesOf(""), []);
});

Deno.test("parseRuleList() parts rules at commas, and drops blanks around them", () => {
  assert.deepEqual(valuesOf("a"), ["a"]);
  assert.deepEqual(valuesOf("a,b"), ["a", "b"]);
  assert.deepEqual(valuesOf("  a b ,\tc,\n  d\n"), ["a b", "c", "d"]);
});

Deno.test("parseRuleList() takes a comma or backslash after a backslash for itself", () => {
  assert.deepEqual(valuesOf("Acme\\, Inc.,b"), ["Acme, Inc.", "b"]);
  assert.deepEqual(valuesOf("a\\\\,b"), ["a\\", "b"]);
  assert.deepEqual(valuesOf("a\\\\\\,b"), ["a\\,b"]);
  assert.deepEqual(valuesOf("\\,"), [","]);
  assert.deepEqual(valuesOf("\\\\ "), ["\\"]);
});

Deno.test("parseRuleList() keeps each rule's form and its text as it was written", () => {
  const parsed = parseRuleList(" A.Example ,b\\,c", "ou");
  assert.ok("value" in parsed);
  assert.deepEqual(parsed.value, [
    { form: "ou", text: "A.Example", criterion: "A.Example" },
    { form: "ou", text: "b\\,c", criterion: "b,c" },
  ]);
});

Deno.test("parseRuleList() refuses an empty rule wherever it stands", () => {
  for (
    const [text, number] of [
      [" ", 1],
      [",", 1],
      [",a", 1],
      ["a,", 2],
      ["a,,b", 2],
      ["a, \t,b", 2],
      ["a,b,\n", 3],
    ] as const
  ) {
    assert.equal(refused(text), `rule ${number} to be more than blanks`);
  }
});

Deno.test("parseRuleList() refuses a backslash before anything else", () => {
  for (const text of ["a,b\\c", "a,\\", "a,b\\\\\\", "a,\\*", "a,b\\ "]) {
    assert.equal(
      refused(text),
      "rule 2 to have a backslash before a comma or backslash only",
      text,
    );
  }
});

Deno.test("parseRuleList() says which rule is wrong, and takes none of them", () => {
  assert.equal(refused("a,b,*"), "rule 3 to have more than wildcards");
});

Deno.test("parseRuleList() takes 1024 rules of 8192 characters, and no more", () => {
  assert.equal(valuesOf("a,".repeat(1023) + "a").length, 1024);
  assert.equal(refused("a,".repeat(1024) + "a"), "at most 1024 rules");
  assert.deepEqual(valuesOf("a".repeat(8192)), ["a".repeat(8192)]);
  assert.equal(
    refused("a".repeat(8193)),
    "rule 1 to have at most 8192 characters",
  );
});

Deno.test("ruleList() is a kind of setting that shows rules as they were written", () => {
  const kind: Kind<readonly AccessRule[]> = ruleList("dns");
  const parsed = kind.parse("*.Acme.example,b.example");
  assert.ok("value" in parsed);
  assert.equal(kind.format(parsed.value), "*.Acme.example, b.example");
  assert.deepEqual(kind.parse("b c"), {
    expected: "rule 1 to be a host name, in ASCII and without a dot at the end",
  });
});
