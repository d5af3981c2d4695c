import { FieldKind } from "./field_name.ts";
import type { FieldSection } from "./field_section.ts";
import type { OctetWriter } from "./octet_writer.ts";

const KINDS = Object.values(FieldKind);

/** Which kinds of fields are forwarded: 1 at the index of each. */
export type ForwardedKinds = Uint8Array;

/** All kinds but `dropped`. */
export function allKindsBut(
  ...dropped: (typeof KINDS)[number][]
): ForwardedKinds {
  const kinds = new Uint8Array(KINDS.length).fill(1);
  for (const kind of dropped) kinds[kind] = 0;
  return kinds;
}

/**
 * Appends the lines of a section that are forwarded, octet for octet. They
 * stand beside each other as a rule, and are copied in one go.
 */
export function spliceFields(
  out: OctetWriter,
  fields: FieldSection,
  forwarded: ForwardedKinds,
): void {
  let runStart = -1;
  for (let line = 0; line < fields.count; line++) {
    if (forwarded[fields.kind(line)] === 1) {
      if (runStart < 0) runStart = fields.lineStart(line);
    } else if (runStart >= 0) {
      out.addRange(fields.bytes, runStart, fields.lineStart(line));
      runStart = -1;
    }
  }
  if (runStart >= 0) out.addRange(fields.bytes, runStart, fields.end);
}
