import type { ClientIdentity } from "./client_identity.ts";
import { comparable, type RuleForm, segmentsOf } from "./rule_grammar.ts";
import type { AccessRule } from "./rule_list.ts";
import type { RulePattern } from "./rule_pattern.ts";

/** By which rule a client may enter. */
export interface RuleMatch {
  readonly by: RuleForm;
  /** The rule's text, as it stands in the setting. */
  readonly rule: string;
}

/** In the order in which they are asked. */
const FORMS: readonly RuleForm[] = [
  "cn",
  "ou",
  "dns",
  "uri",
  "spiffe-id",
  "spki",
];

/** The rules of one form, ready to be asked. */
interface FormRules {
  readonly form: RuleForm;
  /** The text of each rule without wildcards, by the value that it stands for. */
  readonly exact: ReadonlyMap<string, string>;
  readonly patterns: readonly (readonly [RulePattern, text: string])[];
}

/**
 * Which clients may enter: those that one rule, of any form, stands for. Values
 * are compared unescaped and whole, each by itself. Immutable.
 */
export class AccessRules {
  /** No rules at all. */
  static readonly NONE = new AccessRules([]);

  readonly #rules: readonly AccessRule[];
  readonly #byForm: readonly FormRules[];

  constructor(rules: readonly AccessRule[]) {
    this.#rules = [...rules];
    this.#byForm = FORMS.map((form) => prepare(form, rules))
      .filter(({ exact, patterns }) => exact.size + patterns.length > 0);
  }

  /** Whether there is no rule, so that nothing matches: what that means is for the caller to say. */
  get empty(): boolean {
    return this.#rules.length === 0;
  }

  /**
   * The rule that lets a client in, or undefined. Of several it is the first of
   * cn, ou, dns, uri, spiffe-id, spki for which one is found. Never throws.
   */
  match(identity: ClientIdentity): RuleMatch | undefined {
    for (const rules of this.#byForm) {
      for (const value of valuesOf(identity, rules.form)) {
        const rule = find(value, rules);
        if (rule !== undefined) return { by: rules.form, rule };
      }
    }
    return undefined;
  }

  /** The rules in the order given, for people to read. */
  describe(): readonly Pick<AccessRule, "form" | "text">[] {
    return this.#rules.map(({ form, text }) => ({ form, text }));
  }
}

function prepare(form: RuleForm, rules: readonly AccessRule[]): FormRules {
  const exact = new Map<string, string>();
  const patterns: [RulePattern, string][] = [];
  for (const { form: of, text, criterion } of rules) {
    if (of !== form) continue;
    if (typeof criterion === "string") exact.set(criterion, text);
    else patterns.push([criterion, text]);
  }
  return { form, exact, patterns };
}

function find(
  value: string,
  { form, exact, patterns }: FormRules,
): string | undefined {
  const compared = comparable(value, form);
  const rule = exact.get(compared);
  if (rule !== undefined || patterns.length === 0) return rule;
  const segments = segmentsOf(compared, form);
  return patterns.find(([pattern]) => pattern.matches(segments))?.[1];
}

function valuesOf(
  identity: ClientIdentity,
  form: RuleForm,
): readonly string[] {
  const { commonName, spiffeId } = identity;
  switch (form) {
    case "cn":
      return commonName === undefined ? [] : [commonName];
    case "ou":
      return identity.organizationalUnits;
    case "dns":
      return identity.dnsNames;
    case "uri":
      return identity.uris;
    case "spiffe-id":
      return spiffeId === undefined ? [] : [spiffeId];
    case "spki":
      return [identity.spki];
  }
}
