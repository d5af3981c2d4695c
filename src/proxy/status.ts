import type { ErrorCode, RequestCode, UpstreamCode } from "../errors.ts";

/** The one place that turns an error into a status (RFC 9110 §15). */
const STATUS: Readonly<Record<RequestCode | UpstreamCode, number>> = {
  REQUEST_LINE_INVALID: 400,
  METHOD_NOT_ALLOWED: 405,
  TARGET_INVALID: 400,
  TARGET_TOO_LONG: 414,
  VERSION_NOT_SUPPORTED: 505,
  FIELD_INVALID: 400,
  FIELDS_TOO_LARGE: 431,
  HOST_INVALID: 400,
  CONNECTION_FIELD_INVALID: 400,
  CONTENT_LENGTH_INVALID: 400,
  FRAMING_AMBIGUOUS: 400,
  TRANSFER_ENCODING_UNSUPPORTED: 501,
  CHUNK_INVALID: 400,
  TRAILERS_INVALID: 400,
  HEADER_TIMEOUT: 408,
  BODY_TIMEOUT: 408,
  BODY_INCOMPLETE: 400,
  UPSTREAM_CONNECT_FAILED: 502,
  UPSTREAM_TIMEOUT: 504,
  UPSTREAM_CLOSED: 502,
  UPSTREAM_RESPONSE_INVALID: 502,
};

/** The status that tells a client of an error; 500 for one that no client caused or can know. */
export function statusOf(code: ErrorCode): number {
  const statuses: Readonly<Partial<Record<ErrorCode, number>>> = STATUS;
  return statuses[code] ?? 500;
}
