import type { FieldSection } from "./field_section.ts";

/** What a message without `Upgrade` asks for. */
export const NO_UPGRADES: readonly string[] = [];

/** `protocol-name [ "/" protocol-version ]`, both tokens. */
const PROTOCOL = /^[!#$%&'*+\-.^_`|~0-9a-z]+(\/[!#$%&'*+\-.^_`|~0-9a-z]+)?$/i;

/**
 * The protocols that the `Upgrade` fields of a message name, in their order (RFC
 * 9110 §7.8). None where one of them cannot be a protocol: the whole field means
 * nothing then.
 */
export function upgradesOf(fields: FieldSection): readonly string[] {
  const protocols: string[] = [];
  for (let line = 0; line < fields.count; line++) {
    if (fields.name(line) !== "upgrade") continue;
    for (const item of fields.value(line).split(",")) {
      const protocol = item.trim();
      if (protocol === "") continue;
      if (!PROTOCOL.test(protocol)) return NO_UPGRADES;
      protocols.push(protocol);
    }
  }
  return protocols;
}
