import { APPLICATION_SETTINGS } from "./application_settings.ts";
import { FORWARDING_SETTINGS } from "./forwarding_settings.ts";
import { LISTENING_SETTINGS } from "./listening_settings.ts";
import { OPERATION_SETTINGS } from "./operation_settings.ts";
import { TRUST_SETTINGS } from "./trust_settings.ts";
import type { Setting } from "./setting.ts";

export type { Setting };

/**
 * Every setting there is, by the property of `Config` that it fills. Flags,
 * variables, the help text, README's table and the type of `Config` all come
 * from here, in this order.
 */
export const SETTINGS = {
  ...LISTENING_SETTINGS,
  ...APPLICATION_SETTINGS,
  ...TRUST_SETTINGS,
  ...FORWARDING_SETTINGS,
  ...OPERATION_SETTINGS,
};

/** The flag that mirrors a setting's variable: `UPSTREAM_URL` gives `--upstream-url`. */
export function flagOf(setting: { readonly variable: string }): string {
  return `--${setting.variable.toLowerCase().replaceAll("_", "-")}`;
}
