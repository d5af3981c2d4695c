import type { Input } from "../http/input.ts";
import { ascii } from "../http/octets.ts";
import { Http2Error } from "./http2_error.ts";

/** What a client says first (RFC 9113 §3.4). */
export const PREFACE: Uint8Array = ascii("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/**
 * Takes the preface of a client (RFC 9113 §3.4), which a SETTINGS frame follows.
 * True when it is whole, false while more must come; throws `Http2Error` as
 * soon as it is another one.
 */
export function takePreface(input: Input): boolean {
  const octets = Math.min(PREFACE.length, input.available);
  for (let i = 0; i < octets; i++) {
    if (input.bytes[input.start + i] !== PREFACE[i]) {
      throw new Http2Error(
        "HTTP2_PROTOCOL",
        "Cannot begin an HTTP/2 connection: expected the client's preface",
      );
    }
  }
  if (octets < PREFACE.length) return false;
  input.start += octets;
  return true;
}
