import type { RuleForm } from "../identity/rule_grammar.ts";
import type { AccessRule } from "../identity/rule_list.ts";
import type { Config } from "./config.ts";

/** All rules of the ALLOW settings, in the settings' order. */
export function allowRules(config: Config): readonly AccessRule[] {
  return [
    ...config.allowCn,
    ...config.allowOu,
    ...config.allowDns,
    ...config.allowUri,
    ...config.allowSpiffeId,
    ...config.allowSpki,
  ];
}

/** The setting that has the rules of a form: `ALLOW_SPIFFE_ID` of `spiffe-id`. */
export function allowVariable(form: RuleForm): string {
  return `ALLOW_${form.toUpperCase().replace("-", "_")}`;
}
