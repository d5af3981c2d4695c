import { type ErrorCode, SidecarError } from "../errors.ts";
import { FieldKind } from "./field_name.ts";
import type { FieldSection } from "./field_section.ts";
import { ascii } from "./octets.ts";

/** What the `Connection` fields of a message ask for (RFC 9110 §7.6.1). */
export interface ConnectionOptions {
  readonly close: boolean;
  readonly keepAlive: boolean;
  /** The fields that it names, in lower case: hop-by-hop, in the trailers too. */
  readonly named: ReadonlySet<string>;
}

/** What no `Connection` at all asks for. */
export const NO_OPTIONS: ConnectionOptions = {
  close: false,
  keepAlive: false,
  named: new Set(),
};

const CLOSE = ascii("close");
const KEEP_ALIVE = ascii("keep-alive");

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;

/** Fields that a `Connection` may not take away: with them gone the message is another. */
const ESSENTIAL = new Set(["host", "content-length", "transfer-encoding"]);

/**
 * Reads all `Connection` fields, and marks the fields that they name as
 * hop-by-hop, so that they are not forwarded.
 *
 * Throws `SidecarError` with `fault` where an option is no token or names a
 * field that the message cannot do without.
 */
export function applyConnectionOptions(
  fields: FieldSection,
  fault: ErrorCode,
): ConnectionOptions {
  let close = false;
  let keepAlive = false;
  let named: Set<string> | undefined;
  for (let line = 0; line < fields.count; line++) {
    if (fields.kind(line) !== FieldKind.CONNECTION) continue;
    // One of these alone is what nearly every message says that says anything.
    if (fields.valueIs(line, KEEP_ALIVE)) {
      keepAlive = true;
      continue;
    }
    if (fields.valueIs(line, CLOSE)) {
      close = true;
      continue;
    }
    for (const element of fields.value(line).toLowerCase().split(",")) {
      const option = withoutBlanks(element);
      if (option === "close") close = true;
      else if (option === "keep-alive") keepAlive = true;
      else if (option !== "") (named ??= new Set()).add(option);
    }
  }
  if (named === undefined) {
    return { close, keepAlive, named: NO_OPTIONS.named };
  }
  for (const option of named) {
    if (!TOKEN.test(option) || ESSENTIAL.has(option)) {
      throw new SidecarError(
        fault,
        "Cannot obey the Connection field: expected tokens other than host, " +
          "content-length and transfer-encoding",
      );
    }
  }
  for (let line = 0; line < fields.count; line++) {
    // It names itself where a peer wants to hide that it is there.
    if (
      named.has(fields.name(line)) && fields.kind(line) !== FieldKind.CONNECTION
    ) {
      fields.setKind(line, FieldKind.HOP_BY_HOP);
    }
  }
  return { close, keepAlive, named };
}

/**
 * Without the blanks around it (RFC 9110 §5.6.3). By a loop: an expression that
 * looks for blanks before an end takes quadratic time where there are many.
 */
function withoutBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text, start)) start++;
  while (start < end && isBlank(text, end - 1)) end--;
  return text.slice(start, end);
}

function isBlank(text: string, at: number): boolean {
  const character = text[at];
  return character === " " || character === "\t";
}
