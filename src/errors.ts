/**
 * Why something failed. The union is closed: a code is also the `code` field of
 * a log line and the label of a metric, so a new one is added here first.
 */
export type ErrorCode =
  // configuration
  | "CONFIG_INVALID"
  // TLS material (src/material)
  | "CERT_DIR_UNREADABLE"
  | "CERT_NOT_FOUND"
  | "KEY_NOT_FOUND"
  | "FILE_UNREADABLE"
  | "PEM_INVALID"
  | "CERT_INVALID"
  | "CERT_NOT_YET_VALID"
  | "CERT_EXPIRED"
  | "KEY_INVALID"
  | "KEY_MISMATCH"
  | "CA_INVALID"
  | "CA_EMPTY"
  | "CRL_INVALID"
  | "FILE_VANISHED"
  | "LOCKOUT"
  // other files that are followed
  | "PEERS_INVALID"
  | "SEAL_KEY_INVALID"
  // where TLS material comes from (src/material)
  | "SOURCE_NOT_BUILT"
  | "SOURCE_ENDED"
  | "SOURCE_FAILED"
  // the listener
  | "LISTEN_FAILED"
  // before and during the TLS handshake (src/net, src/tls)
  | HandshakeCode
  // the admission guard (src/tls)
  | AdmissionCode
  // the access rules (src/identity)
  | AccessCode
  // requests (src/http)
  | RequestCode
  // HTTP/2, whichever side broke it (src/http2)
  | Http2Code
  // the application behind us (src/upstream)
  | UpstreamCode
  | "CLIENT_GONE"
  // a tunnel in which nothing moved for too long (src/proxy)
  | "TUNNEL_IDLE"
  // a fault of ours
  | "INTERNAL";

/** Why a connection came to nothing before its client could be judged. */
export type HandshakeCode =
  /** It did not begin with the PROXY protocol header that was expected. */
  | "PROXY_HEADER_INVALID"
  | "HANDSHAKE_FAILED"
  | "HANDSHAKE_TIMEOUT"
  /** It took too long for others to be kept waiting (`MAX_HANDSHAKES`, `MAX_CONNECTIONS`). */
  | "TOO_MANY_HANDSHAKES"
  /** Its address has as many as it may (`MAX_CONNECTIONS_PER_ADDRESS`). */
  | "TOO_MANY_CONNECTIONS";

/** Why the admission guard turned a connection away after its handshake. */
export type AdmissionCode =
  | "UNAUTHORIZED"
  | "LEAF_MISSING"
  | "LEAF_MALFORMED"
  | "LEAF_VERSION"
  | "LEAF_IS_CA"
  | "LEAF_NOT_YET_VALID"
  | "LEAF_EXPIRED"
  | "LEAF_KEY_USAGE"
  | "LEAF_REVOKED"
  | "CRL_EXPIRED"
  | "PATH_NOT_FOUND"
  | "PATH_REFUSED";

/** Why a client whose certificate is good may not enter all the same. */
export type AccessCode =
  /** No rule lets it in. */
  | "ACCESS_NOT_ALLOWED"
  /** It is no pinned peer, and others are refused. */
  | "ACCESS_NOT_PINNED"
  /** It claims to be a pinned peer, with a key that is not that peer's. */
  | "ACCESS_PIN_MISMATCH";

/** Why a request was refused before it came near the application. */
export type RequestCode =
  | "REQUEST_LINE_INVALID"
  | "METHOD_NOT_ALLOWED"
  | "TARGET_INVALID"
  | "TARGET_TOO_LONG"
  | "VERSION_NOT_SUPPORTED"
  | "FIELD_INVALID"
  | "FIELDS_TOO_LARGE"
  | "HOST_INVALID"
  | "CONNECTION_FIELD_INVALID"
  | "CONTENT_LENGTH_INVALID"
  | "FRAMING_AMBIGUOUS"
  | "TRANSFER_ENCODING_UNSUPPORTED"
  | "CHUNK_INVALID"
  | "TRAILERS_INVALID"
  | "HEADER_TIMEOUT"
  | "BODY_TIMEOUT"
  | "BODY_INCOMPLETE"
  | "BODY_TOO_LARGE"
  /** A tunnel for a protocol that none is made for (RFC 8441). */
  | "PROTOCOL_UNSUPPORTED";

/** How a peer broke HTTP/2. Each has its error code of RFC 9113 §7 (src/http2/http2_error.ts). */
export type Http2Code =
  | "HTTP2_PROTOCOL"
  | "HTTP2_FLOW_CONTROL"
  | "HTTP2_STREAM_CLOSED"
  | "HTTP2_FRAME_SIZE"
  | "HTTP2_COMPRESSION"
  /** It broke no rule, but asks more of us than a client in earnest would. */
  | "HTTP2_FLOOD";

/** Why no whole answer came from the application. */
export type UpstreamCode =
  | "UPSTREAM_CONNECT_FAILED"
  | "UPSTREAM_TLS_FAILED"
  | "UPSTREAM_BUSY"
  | "UPSTREAM_TIMEOUT"
  | "UPSTREAM_CLOSED"
  | "UPSTREAM_RESPONSE_INVALID";

/**
 * An error whose message is meant for an operator. The message says what
 * failed, on what, and what was expected, without a full stop and without
 * anything secret: `Cannot parse MONITOR_PORT "80a": expected an integer from 0
 * to 65535`.
 */
export class SidecarError extends Error {
  override readonly name = "SidecarError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What stands after the colon of a message: to say it again of a better known subject. */
export function problemOf({ message }: SidecarError): string {
  return message.slice(message.indexOf(": ") + 1).trim();
}
