import assert from "node:assert/strict";
import fc from "fast-check";
import { AccessRules } from "../../../src/identity/access_rules.ts";
import type { ClientIdentity } from "../../../src/identity/client_identity.ts";
import type { RuleForm } from "../../../src/identity/rule_grammar.ts";
import { parseRuleList } from "../../../src/identity/rule_list.ts";
import { client, rulesOf } from "./client_fixture.ts";

/** A client that has `value` as its name of that form. */
const WITH: Readonly<Record<RuleForm, (value: string) => ClientIdentity>> = {
  cn: (commonName) => client({ commonName }),
  ou: (value) => client({ organizationalUnits: ["other", value] }),
  dns: (value) => client({ dnsNames: ["other", value] }),
  uri: (value) => client({ uris: ["other:", value] }),
  "spiffe-id": (spiffeId) => client({ spiffeId }),
  spki: (spki) => client({ spki }),
};

const FORMS = Object.keys(WITH) as RuleForm[];

function matches(form: RuleForm, rule: string, value: string): boolean {
  return rulesOf({ [form]: rule }).match(WITH[form](value)) !== undefined;
}

const CASES: readonly (readonly [
  form: RuleForm,
  rule: string,
  matching: readonly string[],
  others: readonly string[],
])[] = [
  ["cn", "billing", ["billing"], ["Billing", "billing ", "billing\0", "bill"]],
  ["cn", "*.acme", ["a.acme", "a_-1.acme"], [
    "acme",
    ".acme",
    "a.b.acme",
    "a.acme.",
    "a.Acme",
    "*.acme",
    " .acme",
    "a b.acme",
    "ä.acme",
    "a\0.acme",
    "a\nb.acme",
    "root\0x.acme",
  ]],
  ["cn", "Jörg\\, Ω", ["Jörg, Ω"], ["Jo\u0308rg, Ω", "Jörg\\, Ω", "jörg, Ω"]],
  ["ou", "R&D.**", ["R&D.a", "R&D.a.b"], ["R&D", "R&D.", "R&D..a", "R&D.a\r"]],
  ["dns", "api.acme.example", ["api.acme.example", "API.ACME.example"], [
    "api.acme.example.",
    "api.acme.example\0",
    "x.api.acme.example",
    "*.acme.example",
  ]],
  ["dns", "*.Acme.example", ["a.acme.example", "A.aCME.example"], [
    "acme.example",
    ".acme.example",
    "a.b.acme.example",
    "*.acme.example",
    "a.acme.example.",
    "evil\0.acme.example",
    "a b.acme.example",
    `${"a".repeat(64)}.acme.example`,
    "a.acme.example.evil",
  ]],
  ["dns", "**.acme.example", ["a.acme.example", "a.b.acme.example"], [
    "acme.example",
    "a..acme.example",
    "*.acme.example",
    "a.*.acme.example",
    "evil-acme.example",
  ]],
  ["uri", "https://acme/x", ["https://acme/x"], [
    "https://acme/x/",
    "HTTPS://acme/x",
    "https://ACME/x",
    "https://acme/x?",
    "https://acme/x#",
  ]],
  ["uri", "https://acme/u/*", ["https://acme/u/a", "https://acme/u/a@b:c"], [
    "https://acme/u",
    "https://acme/u/",
    "https://acme/u/a/b",
    "https://acme/u/a/",
    "https://acme/u/.",
    "https://acme/u/..",
    "https://acme/u/%2e%2e",
    "https://acme/u/a%2Fb",
    "https://acme/u/a?b",
    "https://acme/u/a#b",
    "https://acme/u/a;b",
    "https://acme/u/a\\b",
    "https://acme/u/*",
    "https://acme/u/a b",
    "https://acme/u/a\0",
    "https://acme/u/a\n",
    "https://acme@evil/u/a",
    "http://acme/u/a",
  ]],
  ["uri", "https://*/u", ["https://acme/u", "https://a.b-c.example/u"], [
    "https:///u",
    "https://acme:443/u",
    "https://user@acme/u",
    "https://[::1]/u",
    "https://a/b/u",
    "https://../u",
    "https://a..b/u",
    "http://acme/u",
  ]],
  ["uri", "https://acme/**", ["https://acme/a", "https://acme/a/b/c"], [
    "https://acme",
    "https://acme/",
    "https://acme/a/",
    "https://acme/a//b",
    "https://acme/a/../b",
    "https://acme/a/b?c=/d",
    "https://acme.evil/a",
  ]],
  ["uri", "foo:/**", ["foo:/a/b"], ["foo://a/b", "foo:/", "foo:a", "foo:///a"]],
  ["uri", "foo:/*/b", ["foo:/a/b"], ["foo://b", "foo://a/b"]],
  ["uri", "file:///*", ["file:///a"], ["file://a/a", "file:/a", "file:////a"]],
  ["spiffe-id", "spiffe://acme", ["spiffe://acme"], ["spiffe://acme/a"]],
  ["spiffe-id", "spiffe://acme/ns/*/sa/web", ["spiffe://acme/ns/a/sa/web"], [
    "spiffe://acme/ns/a/b/sa/web",
    "spiffe://acme/ns/sa/web",
    "spiffe://evil/ns/a/sa/web",
    "spiffe://acme/ns/a/sa/Web",
  ]],
  ["spiffe-id", "spiffe://acme/**", ["spiffe://acme/a", "spiffe://acme/a/b"], [
    "spiffe://acme",
    "spiffe://acme.evil/a",
  ]],
  ["spki", `sha256:${"AB".repeat(32)}`, ["ab".repeat(32)], ["cd".repeat(32)]],
];

for (const [form, rule, matching, others] of CASES) {
  Deno.test(`the rule ${rule} on ${form} lets in whom it says, and no others`, () => {
    for (const value of matching) {
      assert.deepEqual(
        rulesOf({ [form]: rule }).match(WITH[form](value)),
        { by: form, rule },
        JSON.stringify(value),
      );
    }
    for (const value of others) {
      assert.equal(matches(form, rule, value), false, JSON.stringify(value));
    }
  });
}

Deno.test("a rule looks at the names of its own form alone", () => {
  const texts: Readonly<Record<RuleForm, string>> = {
    cn: "spiffe://acme/a",
    ou: "spiffe://acme/a",
    dns: "acme",
    uri: "spiffe://acme/a",
    "spiffe-id": "spiffe://acme/a",
    spki: `sha256:${"ab".repeat(32)}`,
  };
  for (const form of FORMS) {
    const rules = rulesOf({ [form]: texts[form] });
    for (const other of FORMS) {
      const value = form === "spki" ? "ab".repeat(32) : texts[form];
      const found = rules.match(WITH[other](value));
      assert.equal(found !== undefined, form === other, `${form}, ${other}`);
    }
  }
});

Deno.test("one rule is enough, and the first form that has one is named", () => {
  const rules = rulesOf({
    spki: `sha256:${"5".repeat(64)}`,
    ou: "a,b",
    cn: "c",
  });
  assert.deepEqual(
    rules.match(client({ commonName: "c", organizationalUnits: ["b"] })),
    { by: "cn", rule: "c" },
  );
  assert.deepEqual(rules.match(client({ organizationalUnits: ["x", "b"] })), {
    by: "ou",
    rule: "b",
  });
  assert.deepEqual(rules.match(client()), {
    by: "spki",
    rule: `sha256:${"5".repeat(64)}`,
  });
  assert.equal(rules.match(client({ spki: "6".repeat(64) })), undefined);
});

Deno.test("a client without names matches no rule on them", () => {
  const rules = rulesOf({
    cn: "a,*.a",
    ou: "a,*.a",
    dns: "a,*.a",
    uri: "a:b,a:/*",
    "spiffe-id": "spiffe://a,spiffe://a/**",
  });
  assert.equal(rules.match(client()), undefined);
  assert.equal(
    rules.match(client({ dnsNames: [""], uris: [""], commonName: "" })),
    undefined,
  );
});

Deno.test("AccessRules.NONE is empty, and other rules are not", () => {
  assert.ok(AccessRules.NONE.empty);
  assert.equal(AccessRules.NONE.match(client({ commonName: "a" })), undefined);
  assert.deepEqual(AccessRules.NONE.describe(), []);
  assert.equal(rulesOf({ cn: "a" }).empty, false);
});

Deno.test("describe() lists the rules as they were written", () => {
  assert.deepEqual(rulesOf({ dns: "B.example, *.c", cn: "d\\,e" }).describe(), [
    { form: "dns", text: "B.example" },
    { form: "dns", text: "*.c" },
    { form: "cn", text: "d\\,e" },
  ]);
});

function text(characters: string): fc.Arbitrary<string> {
  return fc.string({
    unit: fc.constantFrom(...characters),
    minLength: 1,
    maxLength: 12,
  });
}

/** Two texts that often are nearly the same: one character is taken, put in or changed. */
const pair = fc.oneof(text("aAb-"), text("aAä.*/:\\,\0 \u0085-?#%s"))
  .chain((value) =>
    fc.tuple(
      fc.constant(value),
      fc.oneof(
        fc.constant(value),
        fc.tuple(fc.nat(value.length), fc.constantFrom("", "a", ".", "/", "\0"))
          .map(([at, put]) => value.slice(0, at) + put + value.slice(at + 1)),
        fc.string(),
      ),
    )
  );

Deno.test("a rule without wildcards matches nothing but itself, and none that parses ever throws", () => {
  const itself: Partial<Record<RuleForm, number>> = {};
  fc.assert(
    fc.property(
      fc.constantFrom(...FORMS),
      fc.constantFrom("", "a:", "spiffe://a/"),
      pair,
      (form, prefix, [text, value]) => {
        const rule = prefix + text;
        const escaped = rule.replace(/[\\,]/g, "\\$&");
        const parsed = parseRuleList(escaped, form);
        if ("expected" in parsed) return;
        const name = prefix + value;
        const match = new AccessRules(parsed.value).match(WITH[form](name));
        if (rule.includes("*")) return;
        const fold = (text: string) =>
          form === "dns" ? text.toLowerCase() : text;
        const same = fold(rule.trim()) === fold(name);
        assert.equal(match !== undefined, same);
        if (same) itself[form] = (itself[form] ?? 0) + 1;
      },
    ),
    { numRuns: 5000 },
  );
  for (const form of ["cn", "ou", "dns", "uri", "spiffe-id"] as const) {
    assert.ok((itself[form] ?? 0) > 5, `too few on ${form} matched themselves`);
  }
});

Deno.test("no value with a control character matches any rule", () => {
  const rule = fc.string({
    unit: fc.constantFrom("a", "b", ".", "/", "*", "**", ":"),
    minLength: 1,
    maxLength: 10,
  });
  const control = fc.constantFrom("\0", "\n", "\r", "\x1f", "\x7f", "\u0085");
  let asked = 0;
  fc.assert(
    fc.property(
      fc.constantFrom<RuleForm>("cn", "ou", "dns", "uri"),
      fc.constantFrom("", "a:/", "a://"),
      rule,
      control,
      fc.nat(12),
      (form, prefix, text, character, at) => {
        const parsed = parseRuleList(prefix + text, form);
        if ("expected" in parsed) return;
        const value = (prefix + text).replaceAll("*", "a");
        const rules = new AccessRules(parsed.value);
        if (rules.match(WITH[form](value)) === undefined) return;
        asked++;
        const name = value.slice(0, at) + character + value.slice(at);
        assert.equal(rules.match(WITH[form](name)), undefined);
      },
    ),
    { numRuns: 3000 },
  );
  assert.ok(asked > 300, `only ${asked} values matched before`);
});
