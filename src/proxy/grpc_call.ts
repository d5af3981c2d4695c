import type { FieldSection } from "../http/field_section.ts";
import { ascii, hasTokenAt } from "../http/octets.ts";
import type { RequestHead } from "../http/request_head.ts";

const CONTENT_TYPE = ascii("content-type");
const GRPC_TIMEOUT = ascii("grpc-timeout");

/** gRPC itself and gRPC-Web, with or without what the messages are written in. */
const MEDIA_TYPE = /^(application\/grpc(?:-web(?:-text)?)?)(?:[+; \t]|$)/i;

/** `TimeoutValue TimeoutUnit` of the gRPC protocol: at most eight digits. */
const TIMEOUT = /^(\d{1,8})([HMSmun])$/;

const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/**
 * The media type in which a request's errors are to be told, where it is a gRPC
 * call: `application/grpc`, or what gRPC-Web has in its place. Else undefined.
 */
export function grpcMediaType(head: RequestHead): string | undefined {
  if (head.method !== "POST") return undefined;
  const line = find(head.fields, CONTENT_TYPE);
  if (line < 0) return undefined;
  return MEDIA_TYPE.exec(head.fields.value(line))?.[1]?.toLowerCase();
}

/**
 * How long its client lets a gRPC call take, in milliseconds; Infinity where it
 * does not say, or not so that it can be understood.
 */
export function grpcTimeoutMs({ fields }: RequestHead): number {
  const line = find(fields, GRPC_TIMEOUT);
  const found = line < 0 ? null : TIMEOUT.exec(fields.value(line));
  return found === null ? Infinity : Number(found[1]) * UNIT_MS[found[2]!]!;
}

/** The first line with this name, or -1: it runs with every request, and makes no string. */
function find(fields: FieldSection, name: Uint8Array): number {
  const { bytes, count } = fields;
  for (let line = 0; line < count; line++) {
    const start = fields.lineStart(line);
    if (
      fields.nameEnd(line) - start === name.length &&
      hasTokenAt(bytes, start, name)
    ) return line;
  }
  return -1;
}
