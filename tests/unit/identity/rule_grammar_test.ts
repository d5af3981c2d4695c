import assert from "node:assert/strict";
import {
  parseCriterion,
  type RuleForm,
} from "../../../src/identity/rule_grammar.ts";
import { RulePattern } from "../../../src/identity/rule_pattern.ts";

const HEX = "0123456789abcdef".repeat(4);

const PARTS = "have * and ** as whole labels or path segments only";
const TWICE = "have ** only once";
const NOTHING = "have more than wildcards";
const CONTROL = "have no control characters";
const EMPTY = "have no empty label beside a wildcard";
const HOST = "be a host name, in ASCII and without a dot at the end";
const URI = "be a URI, in ASCII and with its scheme";
const AUTHORITY = "have ** after the authority only";
const SPIFFE_ID = "be a SPIFFE ID, with wildcards in its path only";
const SPKI = "be sha256: and a SHA-256 in base64 or hex";

const REFUSED: Readonly<
  Record<RuleForm, readonly (readonly [text: string, expected: string])[]>
> = {
  cn: [
    ["web*", PARTS],
    ["*web.acme", PARTS],
    ["***", PARTS],
    ["**.acme.**", TWICE],
    ["*", NOTHING],
    ["**", NOTHING],
    ["*.*", NOTHING],
    ["a\0b", CONTROL],
    ["a\r\nb", CONTROL],
    ["a\u0085b", CONTROL],
    ["\x7f.*", CONTROL],
    ["*..acme", EMPTY],
    ["acme.*.", EMPTY],
  ],
  ou: [["Platform*", PARTS], ["*", NOTHING], ["a\tb", CONTROL]],
  dns: [
    ["w*.acme.example", PARTS],
    ["*", NOTHING],
    ["**.acme.**", TWICE],
    ["acme.example.", HOST],
    ["*.acme.example.", HOST],
    [".acme.example", HOST],
    ["acme..example", HOST],
    ["acme example", HOST],
    ["bücher.example", HOST],
    ["acme.example:443", HOST],
    ["https://acme.example", HOST],
    ["a@acme.example", HOST],
    ["acme\0.example", HOST],
    [`${"a".repeat(64)}.example`, HOST],
    [`${"a.".repeat(126)}ab`, HOST],
  ],
  uri: [
    ["spiffe://acme/web*", PARTS],
    ["https://*.acme.example/x", PARTS],
    ["https://*:443/x", PARTS],
    ["urn:acme:*", PARTS],
    ["*://acme/x", PARTS],
    ["**/x", URI],
    ["*/x", URI],
    ["//acme/x", URI],
    ["acme/x", URI],
    ["1a://acme/x", URI],
    ["https:", URI],
    ["https://acme/a b", URI],
    ["https://acme/ä", URI],
    ["https://acme/\0", URI],
    ["https://**", AUTHORITY],
    ["https://**/x", AUTHORITY],
    ["https://acme/**/x/**", TWICE],
  ],
  "spiffe-id": [
    ["spiffe://*", SPIFFE_ID],
    ["spiffe://**", SPIFFE_ID],
    ["spiffe://*/web", SPIFFE_ID],
    ["spiffe://acme/", SPIFFE_ID],
    ["spiffe://acme/*/", SPIFFE_ID],
    ["spiffe://acme//*", SPIFFE_ID],
    ["spiffe://acme/../*", SPIFFE_ID],
    ["spiffe://Acme/*", SPIFFE_ID],
    ["spiffe://acme/a?b", SPIFFE_ID],
    ["SPIFFE://acme/a", SPIFFE_ID],
    ["https://acme/a", SPIFFE_ID],
    ["spiffe://acme/a\n", SPIFFE_ID],
    ["acme", SPIFFE_ID],
    ["spiffe://acme/a*", PARTS],
    ["*/acme", SPIFFE_ID],
    ["spiffe:/*/acme/x", SPIFFE_ID],
    ["spiffe://acme/**/a/**", TWICE],
  ],
  spki: [
    ["", SPKI],
    [HEX, SPKI],
    [`sha256:${HEX}00`, SPKI],
    ["sha256:*", SPKI],
    ["*", SPKI],
  ],
};

for (const [form, cases] of Object.entries(REFUSED)) {
  Deno.test(`parseCriterion() says what it expects of a rule on ${form}`, () => {
    for (const [text, expected] of cases) {
      assert.deepEqual(
        parseCriterion(text, form as RuleForm),
        { expected },
        JSON.stringify(text),
      );
    }
  });
}

const EXACT: readonly (readonly [RuleForm, text: string, value: string])[] = [
  ["cn", "billing", "billing"],
  ["cn", "Jörg Müller, Ω", "Jörg Müller, Ω"],
  ["cn", "a..b.", "a..b."],
  ["ou", 'R&D "one"', 'R&D "one"'],
  ["dns", "API.Acme.Example", "api.acme.example"],
  ["dns", "_dns.xn--bcher-kva", "_dns.xn--bcher-kva"],
  ["dns", "a".repeat(63), "a".repeat(63)],
  ["uri", "https://Acme.example/A?b=c#d", "https://Acme.example/A?b=c#d"],
  ["uri", "urn:acme:web", "urn:acme:web"],
  ["uri", "https://acme//", "https://acme//"],
  ["spiffe-id", "spiffe://acme", "spiffe://acme"],
  ["spiffe-id", "spiffe://acme/ns/A", "spiffe://acme/ns/A"],
  ["spki", `sha256:${HEX.toUpperCase()}`, HEX],
];

Deno.test("parseCriterion() reads a rule without wildcards as the value it is compared with", () => {
  for (const [form, text, value] of EXACT) {
    assert.deepEqual(parseCriterion(text, form), { value });
  }
});

Deno.test("parseCriterion() reads a rule with wildcards as a pattern", () => {
  const patterns: readonly (readonly [RuleForm, string])[] = [
    ["cn", "*.acme"],
    ["ou", "Team A.**"],
    ["dns", "**.acme.example"],
    ["uri", "https://*/**"],
    ["uri", "https://*"],
    ["uri", "file:///*"],
    ["uri", "foo:/**"],
    ["spiffe-id", "spiffe://acme/*/**/web"],
  ];
  for (const [form, text] of patterns) {
    const parsed = parseCriterion(text, form);
    assert.ok("value" in parsed && parsed.value instanceof RulePattern, text);
  }
});
