import { FieldKind } from "../http/field_name.ts";
import type { FieldSection } from "../http/field_section.ts";
import { isAlone } from "./request_id.ts";

/** Where a request stands in a trace (W3C Trace Context §3.2.2). */
export interface TraceParent {
  /** 32 lower-case hex digits, not all 0. */
  readonly traceId: string;
  /** Of the caller's span: 16 lower-case hex digits, not all 0. */
  readonly spanId: string;
  /** 0 to 255; the lowest bit says that the trace is sampled. */
  readonly flags: number;
}

const TRACEPARENT =
  /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
/** Of version 00, in octets; later ones may be longer. */
const OCTETS = 55;

/**
 * The `traceparent` that a request came with, undefined where there is none or
 * more than one, or where it is not valid (W3C Trace Context §3.2.2.3, §4.3).
 */
export function traceParent(fields: FieldSection): TraceParent | undefined {
  const line = fields.find(FieldKind.TRACEPARENT);
  if (line < 0 || !isAlone(fields, line)) return undefined;
  if (fields.valueEnd(line) - fields.valueStart(line) > 2 * OCTETS) {
    return undefined;
  }
  return parseTraceParent(fields.value(line));
}

/** Parses one value. */
export function parseTraceParent(value: string): TraceParent | undefined {
  const found = TRACEPARENT.exec(value);
  if (found === null) return undefined;
  const [, version, traceId = "", spanId = "", flags = ""] = found;
  if (version === "ff" || version === "00" && value.length !== OCTETS) {
    return undefined;
  }
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, flags: parseInt(flags, 16) };
}
