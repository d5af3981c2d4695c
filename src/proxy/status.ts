import type {
  AccessCode,
  AdmissionCode,
  ErrorCode,
  RequestCode,
  UpstreamCode,
} from "../errors.ts";

/** The one place that turns an error into a status (RFC 9110 §15). */
const STATUS: Readonly<
  Record<AdmissionCode | AccessCode | RequestCode | UpstreamCode, number>
> = {
  UNAUTHORIZED: 401,
  LEAF_MISSING: 401,
  LEAF_MALFORMED: 401,
  LEAF_VERSION: 401,
  LEAF_IS_CA: 401,
  LEAF_NOT_YET_VALID: 401,
  LEAF_EXPIRED: 401,
  LEAF_KEY_USAGE: 401,
  LEAF_REVOKED: 401,
  CRL_EXPIRED: 401,
  PATH_NOT_FOUND: 401,
  PATH_REFUSED: 401,
  ACCESS_NOT_ALLOWED: 403,
  ACCESS_NOT_PINNED: 403,
  ACCESS_PIN_MISMATCH: 403,
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
  PROTOCOL_UNSUPPORTED: 501,
  BODY_TOO_LARGE: 413,
  UPSTREAM_CONNECT_FAILED: 502,
  UPSTREAM_TLS_FAILED: 502,
  UPSTREAM_BUSY: 503,
  UPSTREAM_TIMEOUT: 504,
  UPSTREAM_CLOSED: 502,
  UPSTREAM_RESPONSE_INVALID: 502,
};

/** The status that tells a client of an error; 500 for one that no client caused or can know. */
export function statusOf(code: ErrorCode): number {
  const statuses: Readonly<Partial<Record<ErrorCode, number>>> = STATUS;
  return statuses[code] ?? 500;
}
