import { type ErrorCode, SidecarError } from "../errors.ts";
import { FieldKind } from "./field_name.ts";
import type { FieldSection } from "./field_section.ts";

/** How a message's body is delimited (RFC 9112 §6.3). */
export type Framing =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly octets: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "until-close" };

export const NO_BODY: Framing = { kind: "none" };
const CHUNKED: Framing = { kind: "chunked" };
const UNTIL_CLOSE: Framing = { kind: "until-close" };

/** The digits of the largest length that can be counted exactly. */
const MAX_LENGTH_DIGITS = 16;

/** The codes with which framing that cannot be trusted is refused. */
interface FramingFaults {
  readonly length: ErrorCode;
  readonly ambiguous: ErrorCode;
  readonly unsupported: ErrorCode;
}

const REQUEST_FAULTS: FramingFaults = {
  length: "CONTENT_LENGTH_INVALID",
  ambiguous: "FRAMING_AMBIGUOUS",
  unsupported: "TRANSFER_ENCODING_UNSUPPORTED",
};

const RESPONSE_FAULTS: FramingFaults = {
  length: "UPSTREAM_RESPONSE_INVALID",
  ambiguous: "UPSTREAM_RESPONSE_INVALID",
  unsupported: "UPSTREAM_RESPONSE_INVALID",
};

/**
 * The framing of a request. Stricter than RFC 9112 §6.3 has to be: whatever two
 * recipients could read in two ways is refused.
 */
export function requestFraming(fields: FieldSection, minor: number): Framing {
  return declaredFraming(fields, minor, REQUEST_FAULTS) ?? NO_BODY;
}

/** The framing of a final response to `method`. */
export function responseFraming(
  fields: FieldSection,
  minor: number,
  { method, status }: { method: string; status: number },
): Framing {
  const declared = declaredFraming(fields, minor, RESPONSE_FAULTS);
  if (method === "HEAD" || status === 204 || status === 304) return NO_BODY;
  return declared ?? UNTIL_CLOSE;
}

function declaredFraming(
  fields: FieldSection,
  minor: number,
  faults: FramingFaults,
): Framing | undefined {
  let length = -1;
  let coding: string | undefined;
  for (let line = 0; line < fields.count; line++) {
    const kind = fields.kind(line);
    if (kind === FieldKind.CONTENT_LENGTH) {
      if (length >= 0) throw invalidLength(faults.length);
      length = contentLength(fields, line, faults.length);
    } else if (kind === FieldKind.TRANSFER_ENCODING) {
      if (coding !== undefined || minor === 0) {
        throw ambiguous(faults.ambiguous);
      }
      coding = fields.value(line).toLowerCase();
    }
  }
  if (coding === undefined) {
    return length < 0
      ? undefined
      : length === 0
      ? NO_BODY
      : { kind: "length", octets: length };
  }
  if (length >= 0) throw ambiguous(faults.ambiguous);
  if (coding !== "chunked") {
    throw new SidecarError(
      faults.unsupported,
      "Cannot undo the Transfer-Encoding: expected chunked alone",
    );
  }
  return CHUNKED;
}

/** `1*DIGIT`, no larger than can be counted exactly (RFC 9110 §8.6). */
function contentLength(
  fields: FieldSection,
  line: number,
  fault: ErrorCode,
): number {
  const bytes = fields.bytes;
  const end = fields.valueEnd(line);
  let octets = 0;
  let i = fields.valueStart(line);
  // More digits are zeros before the number: some read those as octal.
  if (i === end || end - i > MAX_LENGTH_DIGITS) throw invalidLength(fault);
  for (; i < end; i++) {
    const digit = bytes[i]! - 0x30;
    if (digit < 0 || digit > 9) throw invalidLength(fault);
    octets = 10 * octets + digit;
    if (octets > Number.MAX_SAFE_INTEGER) throw invalidLength(fault);
  }
  return octets;
}

function invalidLength(code: ErrorCode): SidecarError {
  return new SidecarError(
    code,
    `Cannot parse Content-Length: expected one integer from 0 to ${Number.MAX_SAFE_INTEGER}`,
  );
}

function ambiguous(code: ErrorCode): SidecarError {
  return new SidecarError(
    code,
    "Cannot tell where the body ends: expected one Content-Length or, in " +
      "HTTP/1.1, one Transfer-Encoding",
  );
}
