import { FieldKind } from "../http/field_name.ts";
import type { FieldSection } from "../http/field_section.ts";

/** Longer than any that is in use (a UUID has 36 characters), in octets. */
const MAX_OCTETS = 128;

/**
 * The `X-Request-Id` that a request came with, where it has one of 1 to 128
 * octets of visible ASCII. Otherwise undefined, and what there is of that field
 * is not forwarded: it would stand beside ours.
 */
export function givenRequestId(fields: FieldSection): string | undefined {
  const line = fields.find(FieldKind.REQUEST_ID);
  if (line < 0) return undefined;
  if (isAlone(fields, line) && isSane(fields, line)) return fields.value(line);
  dropFields(fields, FieldKind.REQUEST_ID);
  return undefined;
}

/** Keeps all fields of a kind from being forwarded. */
export function dropFields(fields: FieldSection, kind: number): void {
  for (let line = 0; line < fields.count; line++) {
    if (fields.kind(line) === kind) fields.setKind(line, FieldKind.HOP_BY_HOP);
  }
}

/** Whether no line after `line` is of its kind. */
export function isAlone(fields: FieldSection, line: number): boolean {
  const kind = fields.kind(line);
  for (let other = line + 1; other < fields.count; other++) {
    if (fields.kind(other) === kind) return false;
  }
  return true;
}

function isSane(fields: FieldSection, line: number): boolean {
  const start = fields.valueStart(line);
  const end = fields.valueEnd(line);
  if (start === end || end - start > MAX_OCTETS) return false;
  for (let i = start; i < end; i++) {
    const octet = fields.bytes[i]!;
    if (octet <= 0x20 || octet >= 0x7f) return false;
  }
  return true;
}

/**
 * Makes ids for requests that come without. They differ from those of any other
 * process, and tell in which order they were made; they are no secrets.
 */
export class RequestIds {
  readonly #prefix: string;
  #count = 0;

  constructor(random: Uint8Array = crypto.getRandomValues(new Uint8Array(8))) {
    this.#prefix = `${random.toHex()}-`;
  }

  next(): string {
    return this.#prefix + (++this.#count).toString(16).padStart(8, "0");
  }
}
