import {
  type Criterion,
  parseCriterion,
  type Parsed,
  type RuleForm,
} from "./rule_grammar.ts";

/** One rule of an ALLOW setting. */
export interface AccessRule {
  readonly form: RuleForm;
  /** As it stands in the setting, for people to find it there. */
  readonly text: string;
  readonly criterion: Criterion;
}

const MAX_RULES = 1024;
const MAX_RULE_CHARACTERS = 8192;

/**
 * How the text of an ALLOW setting becomes rules, and how they are shown: has the
 * shape of a setting's kind, which this part of the program doesn't know.
 */
export function ruleList(form: RuleForm) {
  return {
    placeholder: "RULES",
    parse: (text: string): Parsed<readonly AccessRule[]> =>
      parseRuleList(text, form),
    format: (rules: readonly AccessRule[]): string =>
      rules.map(({ text }) => text).join(", "),
  } as const;
}

/**
 * Reads rules between commas, at most 1024 of 8192 characters each. A comma within
 * a rule is written `\,`, a backslash `\\`; blanks around rules don't count. No
 * text is no rules, while an empty rule among others is a mistake: see
 * {@linkcode parseCriterion} for what a rule may be. Never throws.
 */
export function parseRuleList(
  text: string,
  form: RuleForm,
): Parsed<readonly AccessRule[]> {
  if (text === "") return { value: [] };
  const items = splitAtCommas(text);
  if (items.length > MAX_RULES) {
    return { expected: `at most ${MAX_RULES} rules` };
  }
  const rules: AccessRule[] = [];
  for (const [index, item] of items.entries()) {
    const parsed = parseRule(item.trim(), form);
    if ("expected" in parsed) {
      return { expected: `rule ${index + 1} to ${parsed.expected}` };
    }
    rules.push(parsed.value);
  }
  return { value: rules };
}

function parseRule(text: string, form: RuleForm): Parsed<AccessRule> {
  if (text === "") return { expected: "be more than blanks" };
  if (text.length > MAX_RULE_CHARACTERS) {
    return { expected: `have at most ${MAX_RULE_CHARACTERS} characters` };
  }
  if (!/^(?:[^\\]|\\[,\\])*$/.test(text)) {
    return { expected: "have a backslash before a comma or backslash only" };
  }
  const parsed = parseCriterion(text.replace(/\\([,\\])/g, "$1"), form);
  if ("expected" in parsed) return parsed;
  return { value: { form, text, criterion: parsed.value } };
}

/** The pieces between commas that no backslash precedes, still escaped. */
function splitAtCommas(text: string): readonly string[] {
  const pieces: string[] = [];
  let start = 0;
  for (let index = 0; index < text.length; index++) {
    if (text[index] === "\\") index++;
    else if (text[index] === ",") {
      pieces.push(text.slice(start, index));
      start = index + 1;
    }
  }
  pieces.push(text.slice(start));
  return pieces;
}
