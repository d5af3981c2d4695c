import { AccessRules } from "../../../src/identity/access_rules.ts";
import type { ClientIdentity } from "../../../src/identity/client_identity.ts";
import type { RuleForm } from "../../../src/identity/rule_grammar.ts";
import { parseRuleList } from "../../../src/identity/rule_list.ts";

/** A client with these names and no others. */
export function client(names: Partial<ClientIdentity> = {}): ClientIdentity {
  return {
    subject: "",
    issuer: "CN=Test Root",
    organizationalUnits: [],
    dnsNames: [],
    uris: [],
    emails: [],
    ipAddresses: [],
    serial: "01",
    notBefore: 0,
    notAfter: 1,
    fingerprint: "f".repeat(64),
    spki: "5".repeat(64),
    subjectHash: "0".repeat(16),
    ...names,
  };
}

/** Rules from the text of settings. Throws an Error where one is refused. */
export function rulesOf(
  texts: Readonly<Partial<Record<RuleForm, string>>>,
): AccessRules {
  return new AccessRules(
    Object.entries(texts).flatMap(([form, text]) => {
      const parsed = parseRuleList(text, form as RuleForm);
      if ("value" in parsed) return parsed.value;
      throw new Error(`Cannot parse ${text}: expected ${parsed.expected}`);
    }),
  );
}
